package io.penstock.net.event;

/**
 * Something that has been asked for and has not happened yet.
 *
 * <p>Answers to Traffic Server's {@code TSAction}, without its two traps: it never happens inside the call that asks for it, and asking
 * for the end of what has happened already is harmless.
 */
@FunctionalInterface
public interface Action {
    /**
     * Asks that it should not happen. Any thread; idempotent; never waits.
     *
     * @return true when it is now certain that it will not happen; false when it has started, has happened, or was cancelled
     *     before
     */
    boolean cancel();
}

package io.penstock.net.event;

/**
 * Something that has been asked for and has not happened yet.
 *
 * <p>Answers to Traffic Server's {@code TSAction}.
 */
@FunctionalInterface
public interface Action {
    /**
     * Asks that it should not happen. Any thread; idempotent.
     *
     * @return true when it is now certain that it will not happen; false when it has started, has happened, or was cancelled
     *     before
     */
    boolean cancel();
}

package io.penstock.proxy;

/** A handler's place at a hook or a route. */
@FunctionalInterface
public interface Registration extends AutoCloseable {
    /** Takes the handler away: calls that have begun go on, no more begin. Any thread; idempotent. */
    @Override
    void close();
}

package io.penstock.net;

import java.time.Duration;

/** One limit over all operations of a connection until it is lifted by {@link #close()}. Any thread. */
public interface Deadline extends AutoCloseable {
    /** The time left; negative when it has passed. */
    Duration remaining();

    /** Lifts the limit. Idempotent; does nothing when another deadline has replaced this one. */
    @Override
    void close();
}

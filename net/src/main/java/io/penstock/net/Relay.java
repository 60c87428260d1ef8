package io.penstock.net;

import io.penstock.net.internal.StreamRelay;
import java.util.function.Consumer;

/**
 * Two connections that are each other's other end: what comes from one goes to the other, both ways, until both have ended.
 *
 * <p>{@snippet :
 * Listener.open(loops, address, client -> Relay.between(client, connector.connect("origin.example", 7000)));
 * }
 *
 * <p>Each direction lives for itself. What was received before the relay began, or put back, goes first. What comes is passed on at once,
 * and no more is read than the other side takes. The end of one stream is passed on behind its last byte ({@link
 * Connection#shutdownOutput()}), while the other direction goes on; when both are done, both connections are closed. When a connection is
 * reset or fails, both are aborted at once, so that no peer takes what it has got for the whole. Where a side cannot receive behind its own
 * end, the relay ends rather than hangs: what has come is delivered, and both are closed. The same goes for the limits of the options.
 *
 * <p>Any two kinds of connection: TCP, UNIX, TLS, in-memory, taken over from HTTP on either side. They may belong to different loops. While
 * nothing comes, a relay holds no thread and no buffer.
 *
 * <p>Methods may be called from any thread. Answers to {@code io.Copy} in both directions on hijacked connections of Go, which loses what
 * was buffered, knows no limits, and costs two goroutines.
 */
public interface Relay {
    /** Starts a relay as {@link #between(Connection, Connection, RelayOptions)} does, with {@link RelayOptions#DEFAULT}. */
    static Relay between(Connection first, Connection second) {
        return between(first, second, RelayOptions.DEFAULT);
    }

    /**
     * Starts a relay, which owns both connections from then on: no scope answers for them, so whoever started it may return, and nobody else
     * can receive or send on them ({@code BUSY_READING}, {@code BUSY_WRITING}). Closing or aborting one of them aborts the relay. Their
     * timeouts and deadlines do not count any more. Nothing is passed on inside this call.
     *
     * @throws IllegalStateException when something is under way on one of them, or it was released; nothing has changed then
     * @throws IllegalArgumentException when they are the same
     */
    static Relay between(Connection first, Connection second, RelayOptions options) {
        return StreamRelay.start(first, second, options);
    }

    /** Bytes of the first connection that have left for the second, so far. */
    long there();

    /** Bytes of the second connection that have left for the first, so far. */
    long back();

    /** False as soon as it has ended. */
    boolean isOpen();

    /**
     * Waits until it has ended. A thread that is interrupted meanwhile aborts it, and stays interrupted.
     *
     * @throws IllegalStateException on the thread of a loop, which must not wait
     */
    RelayEnd join();

    /** Has its end told on a virtual thread of the first connection's loop, once; also when it has ended already. */
    void whenEnded(Consumer<RelayEnd> told);

    /** Ends both connections at once: their peers see a reset. Never waits. Idempotent. */
    void abort();
}

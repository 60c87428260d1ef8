package io.penstock.net;

import java.net.SocketAddress;
import java.time.Duration;

/**
 * A listening socket whose connections are each handled by a virtual thread of their own.
 *
 * <p>{@snippet :
 * try (var loops = Loops.open();
 *         var listener = Listener.open(loops, new InetSocketAddress("127.0.0.1", 7000), connection -> {
 *             while (connection.peek(1).hasRemaining()) connection.send(connection.receiveLine() + "\n");
 *         })) {
 *     listener.join();
 * }
 * }
 *
 * <p>Connections are spread over the loops in turn. Owned by whoever opened it; any thread.
 */
public interface Listener extends AutoCloseable {
    /** What to do with an accepted connection. */
    @FunctionalInterface
    interface Handler {
        /**
         * Handles one connection, start to end, on its own virtual thread of the connection's loop. When the handler returns
         * the connection is closed in order; when it throws, it is aborted, and the failure is logged unless it is a
         * {@link ConnectionException}.
         */
        void handle(Connection connection) throws Exception;
    }

    /**
     * Binds and listens.
     *
     * @param address a TCP address, port 0 for any free one, a {@link java.net.UnixDomainSocketAddress}, whose file must not exist
     *     and is removed at close, or an {@link AbstractUnixAddress}
     * @throws ConnectionException {@code ADDRESS} when it cannot be bound
     */
    static Listener open(Loops loops, SocketAddress address, Handler handler) throws ConnectionException {
        return open(loops, address, Timeouts.DEFAULT, handler);
    }

    /** As {@link #open(Loops, SocketAddress, Handler)}, with the timeouts that accepted connections start with. */
    static Listener open(Loops loops, SocketAddress address, Timeouts timeouts, Handler handler)
            throws ConnectionException {
        return open(loops, address, ListenerOptions.DEFAULT.withTimeouts(timeouts), handler);
    }

    /**
     * As {@link #open(Loops, SocketAddress, Handler)}, with options. With TLS the handler gets connections that are secured already;
     * a client whose handshake fails is seen in the log and in {@link #tlsFailures()} only. One that speaks HTTP in clear is told so, by a
     * plain 400.
     *
     * @throws IllegalArgumentException when the options are not possible here
     */
    static Listener open(Loops loops, SocketAddress address, ListenerOptions options, Handler handler)
            throws ConnectionException {
        return io.penstock.net.internal.NettyListener.open(loops, address, options, handler);
    }

    /** As {@link #adopt(Loops, int, ListenerOptions, Handler)}, with the usual options. */
    static Listener adopt(Loops loops, int descriptor, Handler handler) throws ConnectionException {
        return adopt(loops, descriptor, ListenerOptions.DEFAULT, handler);
    }

    /**
     * Accepts on a socket, TCP or UNIX, that was made to listen elsewhere, by whoever started this process or ran before it: clients who
     * have connected meanwhile are accepted first.
     *
     * <p>The listener owns the socket as a {@linkplain Connection#adopt(int, AdoptOptions) connection} does. The file of a UNIX socket is
     * left to whoever made it. The backlog of the options is of no meaning.
     *
     * @throws ConnectionException {@code INVALID_DESCRIPTOR}, {@code NOT_A_SOCKET}, {@code NOT_A_STREAM}, {@code NOT_LISTENING},
     *     {@code ALREADY_ADOPTED}; the descriptor is as it was, and still the caller's
     * @throws UnsupportedOperationException when the loops do not run on epoll
     * @throws IllegalArgumentException when the options are not possible here
     */
    static Listener adopt(Loops loops, int descriptor, ListenerOptions options, Handler handler)
            throws ConnectionException {
        return io.penstock.net.internal.NettyListener.adopt(loops, descriptor, options, handler);
    }

    /** The bound address, with the real port. */
    SocketAddress address();

    /**
     * Secures connections that are accepted from now on with other options, such as a renewed certificate; those that are open go on as they
     * are. Prepares them first, so not on a loop itself.
     *
     * @throws IllegalStateException when the listener was opened without TLS
     * @throws IllegalArgumentException when the options are not possible here; nothing has changed
     */
    void tls(TlsServer renewed);

    /**
     * Stops accepting and lets the connections that are open go on. Idempotent. On epoll a client whose connection the kernel has completed is
     * still accepted; to one that is about to get in {@link #drain} gives a little time, and this does not. With other transports those who
     * come at the last moment may be reset.
     */
    @Override
    void close();

    /**
     * Stops accepting and gives the descriptor to the caller, who may have another process accept on it: clients who have connected and were
     * not accepted stay in its queue, and nobody is turned away. Connections that are open go on.
     *
     * @return a listening socket; it does not block, is not inherited by programs that this one starts, and its file, if it is a UNIX
     *     socket, stays
     * @throws ConnectionException {@code CLOSED} when it has been closed or detached before
     * @throws UnsupportedOperationException when the loops do not run on epoll
     */
    int detach() throws ConnectionException;

    /** Waits until the listener is closed. */
    void join() throws InterruptedException;

    /** The number of accepted connections that are still open. */
    int connections();

    /** How many clients could not be secured, each of which is in the log; 0 without TLS. */
    long tlsFailures();

    /**
     * Closes and waits until every accepted connection has ended, at most for the grace period; whether they have. Where the grace is half a
     * second or more, clients who are about to get in have a fifth of it to do so, 200 ms at most.
     */
    boolean drain(Duration grace);
}

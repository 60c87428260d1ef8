package io.penstock.http;

import io.penstock.http.internal.ConnectionServer;
import io.penstock.http.internal.ListeningServer;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loops;
import io.penstock.net.TlsServer;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/**
 * An HTTP/1.1 server on one address, or on one {@linkplain #serve connection}.
 *
 * <p>{@snippet :
 * try (var loops = Loops.open();
 *         var server = HttpServer.listen(loops, new InetSocketAddress(8080), exchange -> exchange.respond(200, "hello\n"))) {
 *     server.join();
 * }
 * }
 *
 * <p>Each connection is served by a virtual thread of its loop, one exchange after the other, so pipelined requests are answered
 * in order; while somebody has it who has taken it over and whose handler has returned, it takes none. Owned by whoever opened it; all methods from any thread.
 */
public interface HttpServer extends AutoCloseable {
    /** Listens with {@link HttpServerOptions#DEFAULT}. */
    static HttpServer listen(Loops loops, SocketAddress address, Handler handler) throws ConnectionException {
        return listen(loops, address, HttpServerOptions.DEFAULT, handler);
    }

    /**
     * Binds and listens.
     *
     * @param address a TCP address, port 0 for any free one, or a {@link java.net.UnixDomainSocketAddress}
     * @throws ConnectionException {@code ADDRESS} when it cannot be bound
     */
    static HttpServer listen(Loops loops, SocketAddress address, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        return ListeningServer.listen(loops, address, options, handler);
    }

    /** As {@link #adopt(Loops, int, HttpServerOptions, Handler)}, with {@link HttpServerOptions#DEFAULT}. */
    static HttpServer adopt(Loops loops, int descriptor, Handler handler) throws ConnectionException {
        return adopt(loops, descriptor, HttpServerOptions.DEFAULT, handler);
    }

    /**
     * Serves on a listening socket that was opened elsewhere, such as by {@linkplain io.penstock.net.Systemd systemd}, and owns it from then
     * on; see {@link io.penstock.net.Listener#adopt(Loops, int, io.penstock.net.ListenerOptions, io.penstock.net.Listener.Handler)}, also for
     * what can speak against it.
     *
     * <p>{@snippet :
     * HttpServer.adopt(loops, Systemd.socket("http").orElseThrow(), exchange -> exchange.respond(200, "hello\n"));
     * }
     *
     * @throws ConnectionException when it is none; the descriptor is as it was, and still the caller's
     * @throws UnsupportedOperationException when the loops do not run on epoll
     */
    static HttpServer adopt(Loops loops, int descriptor, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        return ListeningServer.adopt(loops, descriptor, options, handler);
    }

    /** As {@link #serve(Connection, HttpServerOptions, Handler)}, with {@link HttpServerOptions#DEFAULT}. */
    static HttpServer serve(Connection connection, Handler handler) throws ConnectionException {
        return serve(connection, HttpServerOptions.DEFAULT, handler);
    }

    /**
     * Serves on one connection, whoever has opened it: it was dialled, accepted, adopted, taken over, or is one end of a pair. The roles of
     * the two sides are free, and whoever is the peer may have {@link ClientExchange#on} for the other one.
     *
     * <p>{@snippet :
     * Upgraded agent = client.upgrade("https://hub.example.com/agents", "reverse-http");
     * try (HttpServer server = HttpServer.serve(agent.connection(), exchange -> exchange.respond(200, "here\n"))) {
     *     server.join(); // the hub asks, until it ends the connection
     * }
     * }
     *
     * <p>The connection is the server's from then on, as one that a listener has accepted: its object is dead for the caller, it belongs to no
     * pool and to no scope of the caller's, has the timeouts in the options, and ends with its last exchange. This does not wait for the
     * first request. {@link #join()} returns, and {@link #connections()} is 0, when the connection has ended; {@link #address()} is its local
     * one. With TLS in the options it is secured first.
     *
     * @throws ConnectionException {@code BUSY_READING} or {@code BUSY_WRITING} when another thread is at it; it is still the caller's then
     * @throws IllegalStateException when it has ended
     */
    static HttpServer serve(Connection connection, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        return ConnectionServer.serve(connection, options, handler);
    }

    /** The bound address, with the real port. */
    SocketAddress address();

    /** Secures connections from now on with other options, such as a renewed certificate: see {@link io.penstock.net.Listener#tls}. */
    void tls(TlsServer renewed);

    /** The number of client connections that are open. */
    int connections();

    /** The number of connections that are in an exchange, or reading its head. */
    int busy();

    /** The number of connections that somebody has {@linkplain Exchange#takeOver taken over} and that are open; they are busy as well. */
    int takenOver();

    /** Those connections, with who has them: the longest first. Whoever asks looks at all connections of the server. */
    List<TakenOver> takeOvers();

    /** How many clients could not be secured: they do not speak TLS, or not the same, or one side does not trust the other. */
    long tlsFailures();

    /** Waits until the server is closed. */
    void join() throws InterruptedException;

    /**
     * Stops without losing a request: accepts no more connections, tells whoever wants to know by {@link Exchange#onShutdown}, answers what
     * is under way with {@code Connection: close}, closes idle connections once they have been quiet for a moment, waits for all others,
     * those that were taken over included, and aborts what is left after the grace period, which it logs. A thread that is interrupted
     * meanwhile does not wait for its end, and stays interrupted.
     *
     * @return whether everything ended by itself
     */
    boolean drain(Duration grace);

    /** How many connections {@link #drain} has aborted. */
    int aborted();

    /** Stops: drains with a grace of one second. Idempotent. */
    @Override
    default void close() {
        drain(Duration.ofSeconds(1));
    }
}

package io.penstock.http;

import io.penstock.http.internal.ListeningServer;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loops;
import io.penstock.net.TlsServer;
import java.net.SocketAddress;
import java.time.Duration;

/**
 * An HTTP/1.1 server on one address.
 *
 * <p>{@snippet :
 * try (var loops = Loops.open();
 *         var server = HttpServer.listen(loops, new InetSocketAddress(8080), exchange -> exchange.respond(200, "hello\n"))) {
 *     server.join();
 * }
 * }
 *
 * <p>Each connection is served by a virtual thread of its loop, one exchange after the other, so pipelined requests are answered
 * in order. Owned by whoever opened it; all methods from any thread.
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

    /** Waits until the server is closed. */
    void join() throws InterruptedException;

    /**
     * Stops without losing a request: accepts no more connections, answers what is under way with {@code Connection: close},
     * closes idle connections once they have been quiet for a moment, and aborts what is left after the grace period.
     *
     * @return whether everything ended by itself
     */
    boolean drain(Duration grace);

    /** Stops: drains with a grace of one second. Idempotent. */
    @Override
    default void close() {
        drain(Duration.ofSeconds(1));
    }
}

package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import io.penstock.net.internal.StreamConnection;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A server: a listener whose connections speak HTTP. */
public final class ListeningServer implements HttpServer {
    /** How long a draining server goes on listening to idle clients: their next request may be on its way. */
    private static final Duration LAST_CALL = Duration.ofMillis(200);

    private final HttpServerOptions options;
    private final HeadLimits limits;
    private final Timeouts idleTimeouts;
    private final Timeouts bodyTimeouts;
    private final Handler handler;
    private final Listener listener;
    private final Set<ServerConnection> open = ConcurrentHashMap.newKeySet();
    private volatile boolean draining;
    private volatile boolean closingIdle;

    private ListeningServer(Loops loops, SocketAddress address, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        this.options = options;
        this.limits = new HeadLimits(options.requestLine(), options.headerSection(), options.headerCount());
        Timeouts write = Timeouts.DEFAULT.withWrite(options.writeTimeout());
        this.idleTimeouts = write.withRead(options.idleTimeout());
        this.bodyTimeouts = write.withRead(options.bodyTimeout());
        this.handler = handler;
        this.listener = Listener.open(loops, address, idleTimeouts, this::serve);
    }

    public static HttpServer listen(Loops loops, SocketAddress address, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        return new ListeningServer(loops, address, options, handler);
    }

    private void serve(Connection accepted) throws Exception {
        var connection = new ServerConnection(this, (StreamConnection) accepted);
        open.add(connection);
        try {
            connection.serve();
        } finally {
            open.remove(connection);
        }
    }

    @Override
    public SocketAddress address() {
        return listener.address();
    }

    @Override
    public int connections() {
        return listener.connections();
    }

    @Override
    public int busy() {
        int busy = 0;
        for (ServerConnection connection : open) {
            if (!connection.isIdle()) busy++;
        }
        return busy;
    }

    @Override
    public void join() throws InterruptedException {
        listener.join();
    }

    @Override
    public boolean drain(Duration grace) {
        long end = System.nanoTime() + grace.toNanos();
        draining = true;
        if (listener.drain(grace.compareTo(LAST_CALL) < 0 ? grace : LAST_CALL)) return true;
        closingIdle = true;
        open.forEach(ServerConnection::endIfIdle);
        if (listener.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())))) return true;
        open.forEach(ServerConnection::abort);
        return false;
    }

    boolean isDraining() {
        return draining;
    }

    /** Whether connections without a request are to end. */
    boolean isClosingIdle() {
        return closingIdle;
    }

    HttpServerOptions options() {
        return options;
    }

    HeadLimits limits() {
        return limits;
    }

    Timeouts idleTimeouts() {
        return idleTimeouts;
    }

    Timeouts bodyTimeouts() {
        return bodyTimeouts;
    }

    Handler handler() {
        return handler;
    }
}

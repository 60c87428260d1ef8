package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Scope;
import io.penstock.net.TlsServer;
import io.penstock.net.internal.StreamConnection;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A service for one connection, however it came to be. */
public final class ConnectionServer extends ServiceServer {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionServer.class);

    private final StreamConnection connection;
    private final SocketAddress address;
    private volatile boolean insecure;
    private final CountDownLatch ended = new CountDownLatch(1);

    private ConnectionServer(HttpService service, StreamConnection connection) {
        super(service);
        this.connection = connection;
        this.address = connection.localAddress();
    }

    public static HttpServer serve(Connection given, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        StreamConnection stream = StreamConnection.of(given);
        if (!given.isOpen()) throw new IllegalStateException(given + " has ended: nobody can be served on it");
        StreamConnection mine = stream.passOn(new Throwable("the connection was given to a server"));
        mine.transfer(Scope.PROCESS); // whatever becomes of the scope of whoever has given it
        var server = new ConnectionServer(new HttpService(options, handler), mine);
        mine.loop().spawn("http on connection " + mine.id(), server::run);
        return server;
    }

    private void run() throws Exception {
        boolean secured = false;
        try {
            TlsServer tls = service.options().tls();
            if (tls != null) connection.startTls(tls);
            secured = true;
        } catch (ConnectionException e) {
            LOG.debug("{} could not be secured", connection, e);
            insecure = e.phase() == ConnectionException.Phase.TLS;
            if (!insecure) connection.abort(); // or else it ends by itself, behind an alert
        } catch (Throwable e) {
            connection.abort();
            throw e;
        } finally {
            if (!secured) ended.countDown();
        }
        if (secured) service.serve(connection, ended::countDown);
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public void tls(TlsServer renewed) {
        // for connections from now on, of which there are none
    }

    @Override
    public int connections() {
        return (int) ended.getCount();
    }

    @Override
    public long tlsFailures() {
        return insecure ? 1 : 0;
    }

    @Override
    public void join() throws InterruptedException {
        ended.await();
    }

    @Override
    public boolean drain(Duration grace) {
        return service.drain(grace, this::hasEndedWithin);
    }

    private boolean hasEndedWithin(Duration time) {
        try {
            return ended.await(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

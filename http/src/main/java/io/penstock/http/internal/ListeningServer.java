package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.TlsServer;
import java.net.SocketAddress;
import java.time.Duration;

/** A service behind a listener. */
public final class ListeningServer extends ServiceServer {
    private final Listener listener;

    private ListeningServer(HttpService service, Listener listener) {
        super(service);
        this.listener = listener;
    }

    public static HttpServer listen(Loops loops, SocketAddress address, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        var service = new HttpService(options, handler);
        return new ListeningServer(service, Listener.open(loops, address, accepting(service, options), service::serve));
    }

    public static HttpServer adopt(Loops loops, int descriptor, HttpServerOptions options, Handler handler)
            throws ConnectionException {
        var service = new HttpService(options, handler);
        return new ListeningServer(
                service, Listener.adopt(loops, descriptor, accepting(service, options), service::serve));
    }

    private static ListenerOptions accepting(HttpService service, HttpServerOptions options) {
        var accepting = ListenerOptions.DEFAULT.withTimeouts(service.idleTimeouts());
        TlsServer tls = options.tls();
        return tls == null ? accepting : accepting.withTls(tls);
    }

    @Override
    public SocketAddress address() {
        return listener.address();
    }

    @Override
    public void tls(TlsServer renewed) {
        listener.tls(renewed);
    }

    @Override
    public int connections() {
        return listener.connections();
    }

    @Override
    public long tlsFailures() {
        return listener.tlsFailures();
    }

    @Override
    public void join() throws InterruptedException {
        listener.join();
    }

    @Override
    public boolean drain(Duration grace) {
        return service.drain(grace, listener::drain);
    }
}

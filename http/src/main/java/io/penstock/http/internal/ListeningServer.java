package io.penstock.http.internal;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakenOver;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loops;
import io.penstock.net.TlsServer;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;

/** A service behind a listener. */
public final class ListeningServer implements HttpServer {
    private final HttpService service;
    private final Listener listener;

    private ListeningServer(HttpService service, Listener listener) {
        this.service = service;
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
    public int busy() {
        return service.busy();
    }

    @Override
    public int takenOver() {
        return service.takenOver();
    }

    @Override
    public List<TakenOver> takeOvers() {
        return service.takeOvers();
    }

    @Override
    public long tlsFailures() {
        return listener.tlsFailures();
    }

    @Override
    public int aborted() {
        return service.aborted();
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

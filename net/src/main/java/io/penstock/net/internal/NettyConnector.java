package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.ProxyHeader;
import io.penstock.net.Resolver;
import io.penstock.net.Resolver.Service;
import io.penstock.net.ServiceAddress;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.Via;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Dials: the race for a socket, then whoever is on the way, then the peer. */
public final class NettyConnector implements Connector {
    private static final Timeouts ONLY_THE_LIMIT = Timeouts.of(Duration.ZERO, Duration.ZERO, Duration.ZERO);

    private final NettyLoops owner;
    private final ConnectorOptions options;
    private final Resolver resolver;

    private NettyConnector(NettyLoops owner, ConnectorOptions options) {
        this.owner = owner;
        this.options = options;
        Resolver chosen = options.resolver();
        this.resolver = chosen != null ? chosen : owner.resolver();
    }

    public static NettyConnector of(Loops loops, ConnectorOptions options) {
        var owner = (NettyLoops) loops;
        options.socketOptions().keySet().forEach(owner.sockets()::requireOption);
        return new NettyConnector(owner, options);
    }

    @Override
    public Loops loops() {
        return owner;
    }

    @Override
    public Timeouts timeouts() {
        return options.timeouts();
    }

    NettyLoops owner() {
        return owner;
    }

    ConnectorOptions options() {
        return options;
    }

    Resolver resolver() {
        return resolver;
    }

    Experience experience() {
        return owner.experience();
    }

    @Override
    public Connection connect(Endpoint endpoint) throws ConnectionException {
        return connect(endpoint, timeouts().connect());
    }

    /** Connects within another limit than that of the options. */
    Connection connect(Endpoint endpoint, Duration within) throws ConnectionException {
        return connect(endpoint, Limit.in(within), _ -> {});
    }

    /**
     * Connects as {@link #connect(Endpoint)} does, for somebody who has waited before.
     *
     * @param opened takes all that are opened on the way, even if they come to nothing
     */
    Connection connect(Endpoint endpoint, Limit limit, Consumer<StreamConnection> opened) throws ConnectionException {
        SocketAddress address = endpoint.address();
        if (owner.isAnyLoopItself()) {
            throw new IllegalStateException(
                    "dialling " + endpoint.address() + " would block an event loop; spawn a thread for it");
        }
        StreamConnection connected = address instanceof ServiceAddress service
                ? connectToService(endpoint, service, limit, opened)
                : open(endpoint, limit, opened);
        connected.joinScope();
        return connected;
    }

    /** Its places share the time that is left. */
    private StreamConnection connectToService(
            Endpoint endpoint, ServiceAddress service, Limit limit, Consumer<StreamConnection> opened)
            throws ConnectionException {
        List<Service> places = within(limit, service, () -> resolver.services(service.name()));
        var failures = new ArrayList<ConnectionException>();
        for (int i = 0; i < places.size(); i++) {
            Service place = places.get(i);
            try {
                Endpoint there = endpoint.withAddress(
                        Endpoint.of(place.host(), place.port()).address());
                return open(there, limit.share(places.size() - i), opened);
            } catch (ConnectionException e) {
                if (e.reason() == Reason.INTERRUPTED) throw e;
                failures.add(e);
            } catch (IllegalArgumentException e) {
                failures.add(ConnectionException.of(
                        Reason.UNRESOLVED, Phase.RESOLVE, service, "one of its places is none: " + place, e));
            }
        }
        throw Failures.ofAll(failures, service, "places");
    }

    /** The address, or for a name the first of its addresses, found as for {@link #connect}; for what has no connection to make. */
    public SocketAddress resolved(SocketAddress address) throws ConnectionException {
        if (!(address instanceof InetSocketAddress named && named.isUnresolved())) return address;
        Limit limit = Limit.in(timeouts().connect());
        List<InetAddress> found = within(limit, address, () -> resolver.resolve(named.getHostString()));
        return new InetSocketAddress(found.getFirst(), named.getPort());
    }

    /** What waits by itself knows nothing of the limit: a thread of its own waits. */
    private <T> T within(Limit limit, SocketAddress peer, Callable<T> work) throws ConnectionException {
        var done = new CompletableFuture<T>();
        Thread worker = owner.here().spawn("dial " + peer, () -> {
            try {
                done.complete(work.call());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        try {
            return limit.isNever() ? done.get() : done.get(limit.left().toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw limit.passed(Phase.RESOLVE, peer, "it was not found");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, Phase.RESOLVE, peer);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectionException failure) throw failure;
            throw ConnectionException.of(Reason.FAILED, Phase.RESOLVE, peer, "the resolver failed: " + e.getCause(), e);
        } finally {
            worker.interrupt();
        }
    }

    private StreamConnection open(Endpoint endpoint, Limit limit, Consumer<StreamConnection> opened)
            throws ConnectionException {
        SocketAddress proxy = endpoint.via().firstHop();
        SocketAddress target = proxy != null ? proxy : endpoint.address();
        if (owner.here().eventLoop().isShuttingDown()) {
            throw ConnectionException.of(Reason.CLOSED, Phase.CONNECT, target, "the loops have been closed", null);
        }
        StreamConnection connection = new Race(this, target, endpoint.local(), limit).run();
        opened.accept(connection);
        try {
            setUp(connection, endpoint, limit);
            return connection;
        } catch (Throwable e) {
            boolean endsByItself = e instanceof ConnectionException failure && failure.phase() == Phase.TLS;
            if (connection.isOpen() || !endsByItself) connection.abort(); // or else it is on its way behind an alert
            throw e;
        }
    }

    /** What is said before the caller may speak: to the proxy, about the client, and in the TLS handshake. */
    private void setUp(StreamConnection connection, Endpoint endpoint, Limit limit) throws ConnectionException {
        if (endpoint.via() instanceof Via.Direct && endpoint.proxyHeader() == null && endpoint.tls() == null) return;
        connection.timeouts(ONLY_THE_LIMIT);
        var deadline = limit.isNever() ? null : connection.deadline(limit.left());
        passProxy(connection, endpoint, limit);
        ProxyHeader header = endpoint.proxyHeader();
        if (header != null) step(Phase.PROXY, connection, limit, () -> connection.send(ProxyProtocol.encode(header)));
        TlsClient tls = endpoint.tls();
        if (tls != null) secure(connection, tls, nameOf(endpoint.address()), limit);
        if (deadline != null) deadline.close();
        connection.timeouts(timeouts());
    }

    private static void passProxy(StreamConnection connection, Endpoint endpoint, Limit limit)
            throws ConnectionException {
        switch (endpoint.via()) {
            case Via.Direct _ -> {}
            case Via.Socks5 socks -> {
                var target = (InetSocketAddress) endpoint.address();
                step(Phase.PROXY, connection, limit, () -> new Socks5(connection).connect(target, socks.credentials()));
            }
            case Via.HttpConnect http -> {
                var target = (InetSocketAddress) endpoint.address();
                TlsClient tls = http.tls();
                if (tls != null) secure(connection, tls, nameOf(http.proxy()), limit);
                step(
                        Phase.PROXY,
                        connection,
                        limit,
                        () -> new HttpTunnel(connection).connect(target, http.credentials()));
            }
        }
    }

    private static void secure(StreamConnection connection, TlsClient tls, String host, Limit limit)
            throws ConnectionException {
        TlsHandshake.client(connection, tls, host, limit.at());
    }

    /** Whom the certificate must be for; not the name of an address, which anybody may have given it. */
    private static String nameOf(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) return "localhost";
        return inet.isUnresolved() ? inet.getHostString() : inet.getAddress().getHostAddress();
    }

    /** A part of the dialling on the connection itself. */
    @FunctionalInterface
    private interface Step {
        void run() throws ConnectionException;
    }

    /** Tells failures as those of the phase: they are not of reading or writing to whoever dials. */
    private static void step(Phase phase, StreamConnection connection, Limit limit, Step step)
            throws ConnectionException {
        try {
            step.run();
        } catch (ConnectionException e) {
            if (e.phase() == phase) throw e;
            SocketAddress peer = connection.remoteAddress();
            if (e.reason() == Reason.TIMEOUT) throw limit.passed(phase, peer, "no answer");
            throw ConnectionException.of(e.reason(), phase, peer, e.text(), e);
        }
    }
}

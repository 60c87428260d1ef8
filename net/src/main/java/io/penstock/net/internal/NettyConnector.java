package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Timeouts;
import java.net.SocketAddress;
import java.time.Duration;

/** Dials: the race for a socket, then whoever is on the way, then the peer. */
public final class NettyConnector implements Connector {
    private final NettyLoops owner;
    private final ConnectorOptions options;
    private final Resolver resolver;
    private final Experience experience = new Experience(System::nanoTime);

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
        return experience;
    }

    @Override
    public Connection connect(Endpoint endpoint) throws ConnectionException {
        return connect(endpoint, timeouts().connect());
    }

    /** Connects within another limit than that of the options. */
    Connection connect(Endpoint endpoint, Duration within) throws ConnectionException {
        SocketAddress address = endpoint.address();
        if (owner.isAnyLoopItself()) {
            throw new IllegalStateException(
                    "dialling " + address + " would block an event loop; spawn a thread for it");
        }
        StreamConnection connected = open(endpoint, Limit.in(within));
        connected.joinScope();
        return connected;
    }

    private StreamConnection open(Endpoint endpoint, Limit limit) throws ConnectionException {
        SocketAddress proxy = endpoint.via().firstHop();
        SocketAddress target = proxy != null ? proxy : endpoint.address();
        if (owner.here().eventLoop().isShuttingDown()) {
            throw ConnectionException.of(Reason.CLOSED, Phase.CONNECT, target, "the loops have been closed", null);
        }
        return new Race(this, target, endpoint.local(), limit).run();
    }
}

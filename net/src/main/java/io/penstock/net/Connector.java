package io.penstock.net;

import java.net.SocketAddress;

/**
 * Dials connections.
 *
 * <p>Immutable and shared freely. The connection is owned by the caller and belongs to the caller's {@link Loop}, or to the
 * next of the given loops when the calling thread has none. {@code connect} parks the calling thread.
 */
public interface Connector {
    static Connector of(Loops loops) {
        return of(loops, Timeouts.DEFAULT);
    }

    /** A connector whose connections start with these timeouts, and whose dialling is bounded by their {@code connect}. */
    static Connector of(Loops loops, Timeouts timeouts) {
        return io.penstock.net.internal.NettyConnector.of(loops, timeouts);
    }

    /**
     * Connects to an address: TCP, or {@link java.net.UnixDomainSocketAddress}. An unresolved {@link java.net.InetSocketAddress}
     * is resolved first, and all its addresses are tried in order under the one timeout.
     *
     * @throws ConnectionException with the failure of the last address tried
     */
    default Connection connect(SocketAddress address) throws ConnectionException {
        return connect(Endpoint.of(address));
    }

    /** Connects to an endpoint as {@link #connect(SocketAddress)} does to an address. */
    Connection connect(Endpoint endpoint) throws ConnectionException;

    /** Resolves the name and connects to the first of its addresses that answers, all under the one connect timeout. */
    default Connection connect(String host, int port) throws ConnectionException {
        return connect(java.net.InetSocketAddress.createUnresolved(host, port));
    }

    Loops loops();

    Timeouts timeouts();
}

package io.penstock.net;

import java.net.SocketAddress;
import javax.net.SocketFactory;

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
        return of(loops, ConnectorOptions.DEFAULT.withTimeouts(timeouts));
    }

    /** @throws UnsupportedOperationException when the loops' transport does not know one of the socket options */
    static Connector of(Loops loops, ConnectorOptions options) {
        return io.penstock.net.internal.NettyConnector.of(loops, options);
    }

    /** Connects to an address as {@link #connect(Endpoint)} does to an endpoint. */
    default Connection connect(SocketAddress address) throws ConnectionException {
        return connect(Endpoint.of(address));
    }

    /**
     * Connects to an endpoint: finds its addresses, tries every one of them until one answers (Happy Eyeballs, RFC 8305), asks the
     * proxy on the way, sends the PROXY header, and secures the connection; all within the one connect timeout.
     *
     * <p>An address that does not answer does not hold up the others: the next is tried beside it after the
     * {@linkplain ConnectorOptions#attemptDelay() attempt delay}, or at once when it fails; the families take turns. What has failed in the
     * last minute is tried last.
     *
     * @throws ConnectionException saying in its {@code phase()} how far it came; after several addresses, with the failure of the
     *     last and the addresses and failures of all in its text; {@code ADDRESS} when the local address cannot be used;
     *     {@code INTERRUPTED} when the thread was interrupted. Nothing is left open
     */
    Connection connect(Endpoint endpoint) throws ConnectionException;

    /** Connects to a host, a name or an address, as {@link #connect(Endpoint)} does to an endpoint. */
    default Connection connect(String host, int port) throws ConnectionException {
        return connect(Endpoint.of(host, port));
    }

    /**
     * Connects to the first place of a service that answers, in the order of its SRV records (RFC 2782), which share the one connect
     * timeout.
     *
     * @param name such as {@code _redis._tcp.example.com}
     */
    default Connection connectService(String name) throws ConnectionException {
        return connect(Endpoint.ofService(name));
    }

    /** Sockets that this connector dials, for libraries that want a factory. See {@link LoopSocketFactory}. */
    default SocketFactory socketFactory() {
        return new LoopSocketFactory(this);
    }

    Loops loops();

    Timeouts timeouts();
}

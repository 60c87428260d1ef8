package io.penstock.net;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection leads, and as whom: everything that makes two connections different from each other.
 *
 * <p>It is the key of a {@link Pool}: a connection is handed out again only to somebody who asks for an equal endpoint, so one that
 * was opened without verifying its peer, from another local address or on behalf of another user never is.
 *
 * <p>{@snippet :
 * Endpoint mail = Endpoint.of("mail.example.com", 465).withTls(TlsClient.DEFAULT).withTag("outgoing");
 * }
 *
 * <p>Answers to the arguments of OpenResty's {@code connect}, whose pools know the address only.
 *
 * @param address TCP (resolved or not) or UNIX
 * @param local where it comes from: an address, port 0 for any; null for the operating system's choice
 * @param via how it gets there: directly or through a proxy
 * @param proxyHeader what is told to the peer about a client behind us before anything else; null for nothing
 * @param tls how it is secured; null for not at all
 * @param tag tells apart what must not be shared although all the rest is equal, such as the user that is logged in
 */
public record Endpoint(
        SocketAddress address,
        @Nullable InetSocketAddress local,
        Via via,
        @Nullable ProxyHeader proxyHeader,
        @Nullable TlsClient tls,
        String tag) {
    public static Endpoint of(SocketAddress address) {
        return new Endpoint(address, null, Via.DIRECT, null, null, "");
    }

    /** An endpoint whose host, a name or an address, is resolved when it is dialled. */
    public static Endpoint of(String host, int port) {
        return of(InetSocketAddress.createUnresolved(host, port));
    }

    public Endpoint withLocal(InetSocketAddress from) {
        return new Endpoint(address, from, via, proxyHeader, tls, tag);
    }

    public Endpoint withVia(Via way) {
        return new Endpoint(address, local, way, proxyHeader, tls, tag);
    }

    public Endpoint withProxyHeader(ProxyHeader header) {
        return new Endpoint(address, local, via, header, tls, tag);
    }

    public Endpoint withTls(TlsClient options) {
        return new Endpoint(address, local, via, proxyHeader, options, tag);
    }

    public Endpoint withTag(String name) {
        return new Endpoint(address, local, via, proxyHeader, tls, name);
    }
}

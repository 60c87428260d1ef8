package io.penstock.net;

import java.net.Inet4Address;
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
 * <p>What cannot be dialled is refused at once, with {@link IllegalArgumentException}: a host that is neither a name nor an address,
 * or that has the port in it, a port that is none, a local address of another family than the remote one.
 *
 * @param address TCP (resolved or not), UNIX by path or by {@linkplain AbstractUnixAddress abstract name}, or a {@link ServiceAddress};
 *     a host that is an address as text becomes that address
 * @param local where it comes from: an address, port 0 for any; with a name, its addresses of this family only are tried; null for
 *     the operating system's choice
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
    public Endpoint {
        address = canonical(address);
        boolean inet = address instanceof InetSocketAddress || address instanceof ServiceAddress;
        if (!inet && !(via instanceof Via.Direct)) {
            throw new IllegalArgumentException("a proxy connects to hosts and ports, not to " + address);
        }
        if (local != null) requireUsable(local, via instanceof Via.Direct ? address : via.firstHop());
        if (tls != null && tls.serverName() == null) tls = pinned(tls, address);
    }

    private static SocketAddress canonical(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) return address;
        if (inet.isUnresolved()) return Host.at(inet.getHostString(), inet.getPort());
        Host.requirePort(inet.getPort());
        return inet;
    }

    private static void requireUsable(InetSocketAddress local, @Nullable SocketAddress remote) {
        if (local.isUnresolved()) {
            throw new IllegalArgumentException("the local address must be an address, not the name " + local);
        }
        if (remote instanceof InetSocketAddress to) {
            boolean known = !to.isUnresolved() && !local.getAddress().isAnyLocalAddress();
            if (known && (local.getAddress() instanceof Inet4Address) != (to.getAddress() instanceof Inet4Address)) {
                throw new IllegalArgumentException(
                        "the local address " + local + " and " + to + " are of different families: IPv4 and IPv6");
            }
        } else if (!(remote instanceof ServiceAddress)) {
            throw new IllegalArgumentException("a UNIX socket has no local address to choose: " + local);
        }
    }

    /** Resolved addresses are equal whatever their names; whose certificate is asked for must tell them apart. */
    private static TlsClient pinned(TlsClient tls, SocketAddress address) {
        return switch (address) {
            case ServiceAddress service -> tls.withServerName(service.domain());
            case InetSocketAddress inet when !inet.isUnresolved() -> tls.withServerName(inet.getHostString());
            default -> tls;
        };
    }

    public static Endpoint of(SocketAddress address) {
        return new Endpoint(address, null, Via.DIRECT, null, null, "");
    }

    /**
     * An endpoint whose host is resolved when it is dialled.
     *
     * @param host a name, an IPv4 address, or an IPv6 address with or without brackets
     * @param port 1 to 65535
     */
    public static Endpoint of(String host, int port) {
        return of(Host.at(host, port));
    }

    /** A service whose places are told by SRV records, such as {@code _redis._tcp.example.com}. */
    public static Endpoint ofService(String name) {
        return of(ServiceAddress.of(name));
    }

    /** A UNIX socket by its name in the abstract namespace of Linux. */
    public static Endpoint ofAbstract(String name) {
        return of(AbstractUnixAddress.of(name));
    }

    /** The same way to another place. */
    public Endpoint withAddress(SocketAddress place) {
        return new Endpoint(place, local, via, proxyHeader, tls, tag);
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

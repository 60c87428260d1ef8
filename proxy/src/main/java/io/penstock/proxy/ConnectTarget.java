package io.penstock.proxy;

import io.penstock.net.Endpoint;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Locale;

/**
 * Where CONNECT may lead to: hosts and a port.
 *
 * @param host a name, {@code *.example.com} for all below it, {@code *} for any, or an IP address without brackets; in lower case
 * @param port 1 to 65535; 0 for any
 */
public record ConnectTarget(String host, int port) {
    private static final String ANY = "*";

    public ConnectTarget {
        host = withoutRoot(host.toLowerCase(Locale.ROOT));
        String name = host.startsWith("*.") ? host.substring(2) : host;
        if (!name.equals(ANY)) {
            if (name.contains(ANY))
                throw new IllegalArgumentException("* stands alone, or before the first dot: '" + host + "'");
            Endpoint.of(name, 1); // throws when it is no host
        }
        if (port < 0 || port > 65535) throw new IllegalArgumentException("a port is 1 to 65535, or * for any");
    }

    /**
     * Reads {@code host:port}, where the host may be {@code *.example.com} or {@code *}, and the port {@code *}.
     *
     * @throws IllegalArgumentException when it is no such text; the message says why
     */
    public static ConnectTarget of(String text) {
        if (text.contains("://")) throw new IllegalArgumentException("write it without a scheme, as host:port");
        int colon = text.lastIndexOf(':');
        if (colon < 0 || colon < text.lastIndexOf(']')) {
            throw new IllegalArgumentException("the port is missing; :* is any port");
        }
        String host = text.substring(0, colon);
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        if (host.indexOf(':') >= 0 && !brackets) {
            throw new IllegalArgumentException("an IPv6 address needs brackets: [" + host + "]:port");
        }
        return new ConnectTarget(
                brackets ? host.substring(1, host.length() - 1) : host, port(text.substring(colon + 1)));
    }

    private static int port(String text) {
        if (text.equals(ANY)) return 0;
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) == 0) {
            throw new IllegalArgumentException("'" + text + "' is not a port, 1 to 65535, and not * for any");
        }
        return Integer.parseInt(text);
    }

    /** Whether a client may ask for it. */
    boolean covers(InetSocketAddress asked) {
        if (port != 0 && port != asked.getPort()) return false;
        if (host.equals(ANY)) return true;
        if (!asked.isUnresolved()) return isAddress(asked.getAddress());
        String name = nameOf(asked);
        return host.startsWith("*.")
                ? name.endsWith(host.substring(1)) && name.length() > host.length() - 1
                : name.equals(host);
    }

    /** Whether it is this very address that is written here: then it may be one of the inside. */
    boolean names(InetSocketAddress asked) {
        return !asked.isUnresolved() && isAddress(asked.getAddress()) && covers(asked);
    }

    private boolean isAddress(InetAddress asked) {
        var written = (InetSocketAddress)
                (host.startsWith("*")
                        ? InetSocketAddress.createUnresolved(host, 1)
                        : Endpoint.of(host, 1).address());
        return !written.isUnresolved() && written.getAddress().equals(asked);
    }

    private static String nameOf(InetSocketAddress asked) {
        return withoutRoot(asked.getHostString().toLowerCase(Locale.ROOT));
    }

    /** {@code example.com.} is {@code example.com}. */
    private static String withoutRoot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + (port == 0 ? ANY : port);
    }
}

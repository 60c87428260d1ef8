package io.penstock.server.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/**
 * Where to listen or what to dial: TCP by host and port, or a UNIX socket by its path. Names are resolved by whoever uses the
 * address, not here.
 */
public sealed interface Address extends Place {
    /**
     * A TCP address.
     *
     * @param host a name or an IP address without brackets; empty for every address of this machine
     * @param port 0 to 65535; 0 takes any free one when listening
     */
    record Tcp(String host, int port) implements Address {
        /** Whether only this machine can reach it: a loopback IP address or {@code localhost}. */
        @Override
        public boolean local() {
            return isLocalhost() || (isNumeric() && literal().isLoopbackAddress());
        }

        @Override
        public SocketAddress toSocketAddress() {
            if (host.isEmpty()) {
                return new InetSocketAddress(port);
            }
            if (isLocalhost()) {
                return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            }
            return isNumeric()
                    ? new InetSocketAddress(literal(), port)
                    : InetSocketAddress.createUnresolved(host, port);
        }

        private boolean isLocalhost() {
            return host.equalsIgnoreCase("localhost");
        }

        private boolean isNumeric() {
            return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
        }

        private InetAddress literal() {
            return InetAddress.ofLiteral(host);
        }

        @Override
        public String toString() {
            return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
        }
    }

    /** A UNIX stream socket. */
    record Unix(Path path) implements Address {
        @Override
        public boolean local() {
            return true;
        }

        @Override
        public SocketAddress toSocketAddress() {
            return UnixDomainSocketAddress.of(path);
        }

        @Override
        public String toString() {
            return "unix:" + path;
        }
    }

    /** Whether only this machine can reach it. */
    boolean local();

    /** For the net module; unresolved when the host is a name other than {@code localhost}. */
    SocketAddress toSocketAddress();

    /**
     * Reads {@code host:port}, {@code :port}, {@code [v6]:port} or {@code unix:/path}.
     *
     * @throws IllegalArgumentException when it is none of these; the message says why
     */
    static Address of(String text) {
        if (text.startsWith("unix:")) {
            Path path = Path.of(text.substring("unix:".length()));
            if (!path.isAbsolute()) {
                throw new IllegalArgumentException("the path of a UNIX socket must be absolute");
            }
            return new Unix(path);
        }
        if (text.contains("://")) {
            throw new IllegalArgumentException(
                    "write host:port, without " + text.substring(0, text.indexOf("://") + 3));
        }
        int colon = text.lastIndexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("the port is missing");
        }
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
            InetAddress.ofLiteral(host); // throws when it is not an IP address
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("an IPv6 address needs brackets: [" + host + "]:port");
        } else if (host.chars().anyMatch(c -> !(Character.isLetterOrDigit(c) || c == '.' || c == '-' || c == '_'))) {
            throw new IllegalArgumentException("'" + host + "' is not a host name");
        }
        Tcp address = new Tcp(host, port(text.substring(colon + 1)));
        if (address.isNumeric() && !host.isEmpty()) {
            InetAddress.ofLiteral(host); // throws for 300.1.1.1 here, and not at the first connection
        }
        return address;
    }

    /** A socket address as it would be written in a configuration. */
    static Address of(SocketAddress address) {
        return switch (address) {
            case InetSocketAddress tcp ->
                new Tcp(
                        tcp.isUnresolved()
                                ? tcp.getHostString()
                                : tcp.getAddress().getHostAddress(),
                        tcp.getPort());
            case UnixDomainSocketAddress unix -> new Unix(unix.getPath());
            default -> throw new IllegalArgumentException("neither TCP nor UNIX: " + address);
        };
    }

    private static int port(String text) {
        if (text.isEmpty() || text.length() > 5 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("'" + text + "' is not a port");
        }
        int port = Integer.parseInt(text);
        if (port > 65_535) {
            throw new IllegalArgumentException("ports end at 65535");
        }
        return port;
    }
}

package io.penstock.net;

import java.net.IDN;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The rules for the text of a host, so that a mistake is told at once and not by a name server. */
final class Host {
    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_LABEL = 63;

    private Host() {}

    /**
     * Where a host is dialled: a literal address is one from the start, so that all ways to write it are equal.
     *
     * @param host a name, an IPv4 address, or an IPv6 address with or without brackets
     * @param port 1 to 65535
     */
    static InetSocketAddress at(String host, int port) {
        requirePort(port);
        InetAddress literal = literal(host);
        if (literal != null) return new InetSocketAddress(literal, port);
        requireName(host);
        return InetSocketAddress.createUnresolved(host, port);
    }

    static void requirePort(int port) {
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
        }
    }

    /** The address that the text is, or null when it is none. */
    private static @Nullable InetAddress literal(String host) {
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        String text = brackets ? host.substring(1, host.length() - 1) : host;
        if (!text.contains(":") && (brackets || !text.matches("[0-9.]+"))) return null;
        try {
            InetAddress address = InetAddress.ofLiteral(text);
            // "1" and "127.1" are addresses to C, and mistakes to everybody else
            return text.contains(":") || address.getHostAddress().equals(text) ? address : null;
        } catch (IllegalArgumentException e) {
            return null; // what it is instead is said by requireName
        }
    }

    static void requireName(String host) {
        if (host.isEmpty()) throw new IllegalArgumentException("there is no host");
        if (host.matches("(?i)unix:.*")) {
            throw invalid(host, "use a UnixDomainSocketAddress for the path of a UNIX socket");
        }
        if (host.matches("\\[.*]:\\d+|[^:]*:\\d+")) {
            throw invalid(host, "the port is an argument of its own and must not be in the host");
        }
        if (host.matches("\\d[\\d.]*")) throw invalid(host, "an IPv4 address has four numbers from 0 to 255");
        if (host.chars().anyMatch(each -> each <= ' ' || "/\\@?#[]:%\u007f".indexOf(each) >= 0)) {
            throw invalid(host, "a host is a name or an address, without a scheme, a path or blanks");
        }
        String ascii = ascii(host);
        String name = ascii.endsWith(".") ? ascii.substring(0, ascii.length() - 1) : ascii;
        if (name.length() > LONGEST_NAME) throw invalid(host, "a name has at most " + LONGEST_NAME + " bytes");
        for (String label : name.split("\\.", -1)) {
            if (label.isEmpty() || label.length() > LONGEST_LABEL) {
                throw invalid(host, "the parts of a name have 1 to " + LONGEST_LABEL + " bytes");
            }
        }
    }

    private static String ascii(String host) {
        if (host.chars().allMatch(each -> each < 128)) return host;
        try {
            return IDN.toASCII(host);
        } catch (IllegalArgumentException e) {
            throw invalid(host, "it cannot be written as an international name: " + e.getMessage());
        }
    }

    private static IllegalArgumentException invalid(String host, String why) {
        return new IllegalArgumentException("invalid host \"" + host + "\": " + why);
    }
}

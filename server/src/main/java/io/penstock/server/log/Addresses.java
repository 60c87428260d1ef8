package io.penstock.server.log;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;

/** Writes socket addresses as they are written in the configuration; never looks up a name. */
final class Addresses {
    private Addresses() {}

    static void append(@Nullable SocketAddress address, StringBuilder out) {
        switch (address) {
            case null -> out.append('-');
            case InetSocketAddress tcp -> appendTcp(tcp, out);
            case UnixDomainSocketAddress unix -> out.append("unix:").append(unix.getPath());
            default -> out.append(address);
        }
    }

    private static void appendTcp(InetSocketAddress tcp, StringBuilder out) {
        InetAddress ip = tcp.getAddress();
        String host = ip == null ? tcp.getHostString() : ip.getHostAddress();
        if (host.indexOf(':') >= 0) {
            out.append('[').append(host).append(']');
        } else {
            out.append(host);
        }
        out.append(':').append(tcp.getPort());
    }
}

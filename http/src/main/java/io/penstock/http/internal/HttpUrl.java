package io.penstock.http.internal;

import io.penstock.net.ServiceAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** An {@code http://} or {@code https://} URL as people write it: what is wrong with it, and where it leads. */
public final class HttpUrl {
    private HttpUrl() {}

    /** @throws IllegalArgumentException when nothing can be asked for with it; the text says what to write instead */
    public static void require(String url) {
        String problem = problem(url);
        if (problem != null) throw new IllegalArgumentException(problem + ": '" + ByteClass.printable(url) + "'");
    }

    private static @Nullable String problem(String url) {
        String scheme = url.substring(0, Math.max(0, url.indexOf("://"))).toLowerCase(Locale.ROOT);
        switch (scheme) {
            case "http", "https" -> {}
            case "" -> {
                return "a URL begins with http:// or https://, and a path alone needs an Endpoint beside it";
            }
            case "ws", "wss" -> {
                return "a URL begins with http:// or https:// here, and WebSocket.connect takes " + scheme + "://";
            }
            default -> {
                return "a URL begins with http:// or https://, not with " + scheme + "://";
            }
        }
        if (url.indexOf('#') >= 0) return "what follows # is never sent, and does not belong into the URL of a request";
        for (int i = 0; i < url.length(); i++) {
            if (!ByteClass.isTarget(url.substring(i, i + 1)))
                return "'" + url.charAt(i) + "' has to be encoded" + encoded(url, i);
        }
        int start = scheme.length() + 3;
        int end = start;
        while (end < url.length() && url.charAt(end) != '/' && url.charAt(end) != '?') end++;
        String authority = url.substring(start, end);
        if (authority.indexOf('@') >= 0) {
            return "a user and a password do not belong into the URL of a request, but into its Authorization";
        }
        return RequestTarget.isAuthority(authority, false)
                ? null
                : "a URL needs a host, and a port of 1 to 65535 if any";
    }

    private static String encoded(String url, int at) {
        if (Character.isSurrogate(url.charAt(at))) return "";
        byte[] bytes = url.substring(at, at + 1).getBytes(StandardCharsets.UTF_8);
        return ", as %" + HexFormat.ofDelimiter("%").withUpperCase().formatHex(bytes);
    }

    /** The host and port, of which the port may be left out, as an address that is resolved when it is dialled. */
    public static SocketAddress address(String authority, int usual) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon > authority.lastIndexOf(']');
        String host = hasPort ? authority.substring(0, colon) : authority;
        String port = hasPort ? authority.substring(colon + 1) : "";
        if (host.startsWith("[")) host = host.substring(1, host.length() - 1);
        return InetSocketAddress.createUnresolved(host, port.isEmpty() ? usual : Integer.parseInt(port));
    }

    /** What stands in {@code Host} for whoever is at that address; a socket that has no name is this machine's. */
    public static String host(SocketAddress address, int usual) {
        if (address instanceof ServiceAddress service) return service.domain();
        if (!(address instanceof InetSocketAddress inet)) return "localhost";
        String host = inet.getHostString();
        if (host.indexOf(':') >= 0) host = "[" + host + "]";
        return inet.getPort() == usual ? host : host + ":" + inet.getPort();
    }
}

package io.penstock.proxy;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.internal.Trusted;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * What a proxy changes in the heads it passes on: fields that concern one hop only go, fields that tell the way come.
 *
 * <p>Source: RFC 9110 §7.6, RFC 7239.
 */
final class ForwardedHeads {
    private static final Trusted FIELDS = Trusted.instance();

    private static final String X_FORWARDED = "X-Forwarded-";

    private final boolean trust;
    private final String via10;
    private final String via11;

    /** The fields of a client's request that an origin does not get. */
    private final Predicate<String> dropped;

    ForwardedHeads(ProxyOptions options) {
        trust = options.trustForwarded();
        via10 = "1.0 " + options.name();
        via11 = "1.1 " + options.name();
        dropped = trust ? ForwardedHeads::isForThisProxy : name -> isForThisProxy(name) || isForwarded(name);
    }

    /**
     * The head for the origin: a copy, since hooks and the log still want the client's. A client that names no host, as HTTP/1.0 lets
     * it, wants the one that the origin has.
     *
     * @param upgrade what the origin is offered to go on with; empty for nothing
     */
    RequestHead request(RequestHead head, Session session, SocketAddress origin, String upgrade) {
        Headers headers = head.headers().copyWithout(dropped);
        if (head.headers().contains(HeaderNames.CONNECTION)) dropNamed(head.headers(), headers);
        boolean plain = head.target().startsWith("/");
        String authority = head.authority();
        String host = authority == null ? "" : authority;
        if (host.isEmpty()) {
            headers.set(HeaderNames.HOST, nameOf(origin));
        } else if (!plain) {
            headers.set(HeaderNames.HOST, host);
        }
        int forwards = LastHop.forwardsLeft(head);
        if (forwards > 0) headers.set(LastHop.MAX_FORWARDS, Integer.toString(forwards - 1));
        addVia(headers, head.version());
        addForwarded(headers, session.forwarded(), host);
        offer(upgrade, headers);
        // what is offered stands alone in Connection, as some origins expect it
        if (upgrade.isEmpty() && head.headers().containsToken(HeaderNames.TE, "trailers"))
            FIELDS.add(headers, HeaderNames.TE, "trailers");
        RequestHead forwarded = head.withHeaders(headers);
        return plain || head.target().equals("*") ? forwarded : forwarded.withTarget(originForm(head));
    }

    /** The head for a plugin that is the client's server: as the client has sent it, but for what concerns one hop. */
    RequestHead ownRequest(RequestHead head, String upgrade) {
        Headers headers = head.headers().copyWithout(ForwardedHeads::isOneHop);
        if (head.headers().contains(HeaderNames.CONNECTION)) dropNamed(head.headers(), headers);
        FIELDS.add(headers, HeaderNames.CONNECTION, "close"); // one exchange is all that there will be
        offer(upgrade, headers);
        return head.withHeaders(headers);
    }

    private static void offer(String upgrade, Headers headers) {
        if (upgrade.isEmpty()) return;
        FIELDS.add(headers, HeaderNames.CONNECTION, "Upgrade");
        FIELDS.add(headers, HeaderNames.UPGRADE, upgrade);
    }

    /**
     * The head of such a plugin's answer. What a 101 goes on with, and what a 426 asks for, is said anew: it holds for the next hop too.
     * Source: RFC 9110 §15.5.22.
     */
    void ownResponse(ResponseHead head) {
        Headers headers = head.headers();
        boolean named = head.status() == 101 || head.status() == 426;
        String upgrade = named ? String.join(", ", headers.all(HeaderNames.UPGRADE)) : "";
        if (headers.contains(HeaderNames.CONNECTION)) dropNamed(headers.copy(), headers);
        headers.removeIf(ForwardedHeads::isOneHop);
        offer(upgrade, headers);
    }

    void response(ResponseHead head) {
        ownResponse(head);
        head.headers().remove(HeaderNames.PROXY_AUTHENTICATE); // an origin is no proxy of this client's
        addVia(head.headers(), head.version());
    }

    private static String nameOf(SocketAddress origin) {
        if (!(origin instanceof InetSocketAddress inet)) return "localhost";
        String host = inet.getHostString();
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
    }

    private static String originForm(RequestHead head) {
        String query = head.query();
        String path = head.path().isEmpty() ? "/" : head.path();
        return query == null ? path : path + "?" + query;
    }

    private static boolean isOneHop(String name) {
        return switch (name.length()) {
            case 2 -> name.equalsIgnoreCase("TE");
            case 7 -> name.equalsIgnoreCase("Upgrade");
            case 10 -> name.equalsIgnoreCase("Connection") || name.equalsIgnoreCase("Keep-Alive");
            case 16 -> name.equalsIgnoreCase("Proxy-Connection");
            case 17 -> name.equalsIgnoreCase("Transfer-Encoding");
            default -> false;
        };
    }

    /** With the credentials that a plugin may have asked the client for: no origin is to have them. Source: RFC 9110 §11.7.2. */
    private static boolean isForThisProxy(String name) {
        return isOneHop(name) || name.length() == 19 && name.equalsIgnoreCase(HeaderNames.PROXY_AUTHORIZATION);
    }

    /** All of {@code X-Forwarded-*}: origins believe more of them than are set here. */
    private static boolean isForwarded(String name) {
        return name.regionMatches(true, 0, X_FORWARDED, 0, X_FORWARDED.length())
                || name.equalsIgnoreCase(HeaderNames.FORWARDED);
    }

    /** Removes the fields that {@code Connection} names, but not what routing and framing rest on. */
    private static void dropNamed(Headers said, Headers headers) {
        for (String line : said.all(HeaderNames.CONNECTION)) {
            for (String token : line.split(",")) {
                String name = token.strip().toLowerCase(Locale.ROOT);
                if (!name.isEmpty() && !name.equals("host") && !name.equals("content-length")) headers.remove(name);
            }
        }
    }

    private void addVia(Headers headers, HttpVersion version) {
        String received = version == HttpVersion.HTTP_1_0 ? via10 : via11;
        append(headers, HeaderNames.VIA, received);
    }

    private void addForwarded(Headers headers, Client client, String host) {
        append(headers, HeaderNames.FORWARDED, client.element(host));
        append(headers, HeaderNames.X_FORWARDED_FOR, client.address());
        if (!host.isEmpty() && (!trust || !headers.contains(HeaderNames.X_FORWARDED_HOST)))
            FIELDS.add(headers, HeaderNames.X_FORWARDED_HOST, host);
        if (!trust || !headers.contains(HeaderNames.X_FORWARDED_PROTO))
            FIELDS.add(headers, HeaderNames.X_FORWARDED_PROTO, client.scheme());
    }

    /** Adds to a list: behind what is there, in one field. */
    private static void append(Headers headers, String name, String value) {
        if (headers.contains(name)) {
            headers.set(name, String.join(", ", headers.all(name)) + ", " + value);
        } else {
            FIELDS.add(headers, name, value);
        }
    }

    /** A client as origins are told of it. On the thread of its session only. */
    static final class Client {
        private final String address;
        private final String node;
        private final String scheme;
        private String host = "";
        private String element;

        private Client(String address, String node, String scheme) {
            this.address = address;
            this.node = node;
            this.scheme = scheme;
            this.element = "for=" + node + ";proto=" + scheme;
        }

        static Client of(SocketAddress peer, boolean secured) {
            String scheme = secured ? "https" : "http";
            InetAddress address = peer instanceof InetSocketAddress inet ? inet.getAddress() : null;
            if (address == null) return new Client("unknown", "unknown", scheme);
            String text = address.getHostAddress();
            return new Client(text, text.indexOf(':') < 0 ? text : "\"[" + text + "]\"", scheme);
        }

        /** What the client speaks to us. */
        String scheme() {
            return scheme;
        }

        String address() {
            return address;
        }

        /** The element of {@code Forwarded}; most requests of a client are for the same host. */
        String element(String requested) {
            if (!requested.equals(host)) {
                host = requested;
                element = "for=" + node + ";host=\""
                        + requested.replace("\\", "").replace("\"", "") + "\";proto=" + scheme;
            }
            return element;
        }
    }
}

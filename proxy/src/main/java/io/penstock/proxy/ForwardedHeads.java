package io.penstock.proxy;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Locale;

/**
 * What a proxy changes in the heads it passes on: fields that concern one hop only go, fields that tell the way come.
 *
 * <p>Source: RFC 9110 §7.6, RFC 7239.
 */
final class ForwardedHeads {
    private static final String[] ONE_HOP = {
        HeaderNames.CONNECTION, "Keep-Alive", "Proxy-Connection", "TE", HeaderNames.TRANSFER_ENCODING, "Upgrade"
    };

    private final String via;
    private final boolean trust;

    ForwardedHeads(ProxyOptions options) {
        this.via = options.name();
        this.trust = options.trustForwarded();
    }

    /** The head for the origin: a copy, since hooks and the log still want the client's. */
    RequestHead request(RequestHead head, SocketAddress client) {
        Headers headers = head.headers().copy();
        dropOneHop(headers);
        String host = head.authority();
        if (host != null && !head.target().startsWith("/")) headers.set(HeaderNames.HOST, host);
        addVia(headers, head.version());
        addForwarded(headers, client, host == null ? "" : host);
        RequestHead forwarded = head.withHeaders(headers);
        return head.target().startsWith("/") || head.target().equals("*")
                ? forwarded
                : forwarded.withTarget(originForm(head));
    }

    void response(ResponseHead head) {
        Headers headers = head.headers();
        dropOneHop(headers);
        addVia(headers, head.version());
    }

    private static String originForm(RequestHead head) {
        String query = head.query();
        String path = head.path().isEmpty() ? "/" : head.path();
        return query == null ? path : path + "?" + query;
    }

    private static void dropOneHop(Headers headers) {
        if (headers.contains(HeaderNames.CONNECTION)) {
            for (String line : headers.all(HeaderNames.CONNECTION)) {
                for (String token : line.split(",")) {
                    String name = token.strip().toLowerCase(Locale.ROOT);
                    // a client must not strip what routing and framing rest on
                    if (!name.isEmpty() && !name.equals("host") && !name.equals("content-length")) headers.remove(name);
                }
            }
        }
        for (String name : ONE_HOP) headers.remove(name);
    }

    private void addVia(Headers headers, HttpVersion version) {
        String received = (version == HttpVersion.HTTP_1_0 ? "1.0 " : "1.1 ") + via;
        String before = headers.first(HeaderNames.VIA);
        headers.set(
                HeaderNames.VIA,
                before == null ? received : String.join(", ", headers.all(HeaderNames.VIA)) + ", " + received);
    }

    private void addForwarded(Headers headers, SocketAddress client, String host) {
        InetAddress address = client instanceof InetSocketAddress inet ? inet.getAddress() : null;
        String text = address == null ? "unknown" : address.getHostAddress();
        boolean v6 = text.indexOf(':') >= 0;
        String element = "for=" + (v6 ? "\"[" + text + "]\"" : text)
                + (host.isEmpty() ? "" : ";host=\"" + host.replace("\"", "") + "\"") + ";proto=http";
        put(headers, "Forwarded", element);
        put(headers, "X-Forwarded-For", text);
        if (!trust || !headers.contains("X-Forwarded-Host")) headers.set("X-Forwarded-Host", host);
        if (!trust || !headers.contains("X-Forwarded-Proto")) headers.set("X-Forwarded-Proto", "http");
    }

    private void put(Headers headers, String name, String value) {
        if (trust && headers.contains(name)) {
            headers.set(name, String.join(", ", headers.all(name)) + ", " + value);
        } else {
            headers.set(name, value);
        }
    }
}

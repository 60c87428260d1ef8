package io.penstock.http.websocket.internal;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.penstock.http.Exchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Answers a client that wants to open a WebSocket. Source: RFC 6455 §4.2. */
public final class ServerHandshake {
    static final String KEY = "Sec-WebSocket-Key";
    static final String ACCEPT = "Sec-WebSocket-Accept";
    static final String VERSION = "Sec-WebSocket-Version";
    static final String PROTOCOL = "Sec-WebSocket-Protocol";
    static final String THIS_VERSION = "13";

    /** Why there will be no WebSocket: what the client is answered instead. */
    private record Refusal(int status, Headers headers, String text) {}

    public static Optional<WebSocket> accept(Exchange exchange, WebSocketOptions options) throws ConnectionException {
        RequestHead request = exchange.request();
        Refusal refusal = refusal(request, options.origins());
        if (refusal == null && exchange.body().length() != 0) {
            refusal = new Refusal(400, Headers.of(), "a request that opens a WebSocket has no body");
        }
        if (refusal != null) {
            refusal.headers.set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
            exchange.respond(refusal.status, refusal.headers, (refusal.text + "\n").getBytes(StandardCharsets.UTF_8));
            return Optional.empty();
        }
        Agreement agreement = agreement(request.headers(), options);
        var answer =
                Headers.of(ACCEPT, acceptance(String.valueOf(request.headers().first(KEY))));
        if (agreement.protocol() != null) answer.add(PROTOCOL, agreement.protocol());
        if (agreement.deflate() != null)
            answer.add(Extension.HEADER, agreement.deflate().answer().toString());
        return Optional.of(StreamWebSocket.on(exchange.upgrade("websocket", answer), options, agreement, false));
    }

    private static @Nullable Refusal refusal(RequestHead request, Set<String> origins) {
        Headers headers = request.headers();
        if (!request.method().equals("GET")) {
            return new Refusal(405, Headers.of("Allow", "GET"), "a WebSocket is opened by GET");
        }
        if (!request.offers("websocket")) {
            return new Refusal(
                    426,
                    Headers.of(HeaderNames.UPGRADE, "websocket", HeaderNames.CONNECTION, "Upgrade"),
                    "here is a WebSocket, and nothing else");
        }
        if (!THIS_VERSION.equals(only(headers, VERSION))) {
            return new Refusal(
                    426,
                    Headers.of(
                            VERSION, THIS_VERSION, HeaderNames.UPGRADE, "websocket", HeaderNames.CONNECTION, "Upgrade"),
                    "this is version 13 of the WebSocket protocol");
        }
        if (!isKey(only(headers, KEY))) {
            return new Refusal(400, Headers.of(), "there is to be one Sec-WebSocket-Key, of 16 bytes in Base64");
        }
        if (!isWelcome(headers.first("Origin"), request.authority(), origins)) {
            return new Refusal(403, Headers.of(), "pages of this origin may not open a WebSocket here");
        }
        return null;
    }

    private static @Nullable String only(Headers headers, String name) {
        List<String> values = headers.all(name);
        return values.size() == 1 ? values.getFirst() : null;
    }

    private static boolean isKey(@Nullable String value) {
        try {
            return value != null && value.length() == 24 && Base64.getDecoder().decode(value).length == 16;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /** Whether it is no page that asks, or one that may. */
    private static boolean isWelcome(@Nullable String origin, @Nullable String host, Set<String> origins) {
        if (origin == null || origins.contains("*") || origins.contains(origin)) return true;
        int scheme = origin.indexOf("://");
        return scheme > 0 && origin.substring(scheme + 3).equalsIgnoreCase(host);
    }

    private static Agreement agreement(Headers asked, WebSocketOptions options) {
        String protocol = null;
        for (String each : options.protocols()) {
            if (protocol == null && asked.containsToken(PROTOCOL, each)) protocol = each;
        }
        List<Extension> offers = Extension.parse(asked.all(Extension.HEADER));
        return new Agreement(protocol, offers == null ? null : Deflate.accept(offers, options.compression()));
    }

    /** What proves that the key was read by somebody who knows what it is for. */
    static String acceptance(String key) {
        try {
            byte[] both = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(ISO_8859_1);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(both));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-1", e);
        }
    }

    private ServerHandshake() {}
}

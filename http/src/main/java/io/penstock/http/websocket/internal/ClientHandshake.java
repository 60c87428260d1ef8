package io.penstock.http.websocket.internal;

import io.penstock.http.Headers;
import io.penstock.http.HttpClient;
import io.penstock.http.RefusedException;
import io.penstock.http.RequestHead;
import io.penstock.http.Upgraded;
import io.penstock.http.internal.ByteClass;
import io.penstock.http.websocket.Compression;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks a server for a WebSocket. Source: RFC 6455 §4.1. */
public final class ClientHandshake {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final byte[] NOTHING = {};

    /** How the upgrade is asked for, its request having all that it needs. */
    private interface Asking {
        Upgraded with(RequestHead request) throws ConnectionException, RefusedException;
    }

    public static WebSocket connect(HttpClient http, String url, Headers headers, WebSocketOptions options)
            throws ConnectionException, RefusedException {
        if (!url.regionMatches(true, 0, "ws://", 0, 5) && !url.regionMatches(true, 0, "wss://", 0, 6)) {
            throw new IllegalArgumentException("not a ws:// or wss:// URL: " + ByteClass.printable(url));
        }
        RequestHead request = RequestHead.of("GET", "http" + url.substring(2), headers.copy());
        return open(request, options, asked -> http.withStrictUpgrades().upgrade(asked, "websocket", NOTHING));
    }

    public static WebSocket connect(HttpClient http, Endpoint endpoint, RequestHead request, WebSocketOptions options)
            throws ConnectionException, RefusedException {
        RequestHead copy = request.withHeaders(request.headers().copy());
        return open(copy, options, asked -> http.withStrictUpgrades().upgrade(endpoint, asked, "websocket", NOTHING));
    }

    private static WebSocket open(RequestHead request, WebSocketOptions options, Asking asking)
            throws ConnectionException, RefusedException {
        var random = new byte[16];
        RANDOM.nextBytes(random);
        String key = Base64.getEncoder().encodeToString(random);
        Headers asked = request.headers();
        asked.set(ServerHandshake.VERSION, ServerHandshake.THIS_VERSION);
        asked.set(ServerHandshake.KEY, key);
        if (!options.protocols().isEmpty()) {
            asked.set(ServerHandshake.PROTOCOL, String.join(", ", options.protocols()));
        }
        if (options.compression() != Compression.NONE) {
            asked.set(Extension.HEADER, Deflate.offer(options.compression()).toString());
        }
        Upgraded upgraded = asking.with(request);
        Connection connection = upgraded.connection();
        boolean opened = false;
        try {
            Agreement agreement = agreement(connection, upgraded.head().headers(), key, options);
            WebSocket socket = StreamWebSocket.on(connection, options, agreement, true);
            opened = true;
            return socket;
        } finally {
            if (!opened) connection.abort();
        }
    }

    /** What the server has agreed to, if it is one that knows what it was asked. */
    private static Agreement agreement(Connection connection, Headers answer, String key, WebSocketOptions options)
            throws ConnectionException {
        if (!ServerHandshake.acceptance(key).equals(answer.first(ServerHandshake.ACCEPT))) {
            throw malformed(
                    connection, "the server has switched to something else than the WebSocket that it was asked for");
        }
        String protocol = answer.first(ServerHandshake.PROTOCOL);
        if (protocol != null && !options.protocols().contains(protocol)) {
            throw malformed(connection, "the server has chosen a sub-protocol that was not offered");
        }
        return new Agreement(protocol, deflate(connection, answer, options));
    }

    private static @Nullable Deflate deflate(Connection connection, Headers answer, WebSocketOptions options)
            throws ConnectionException {
        List<Extension> agreed = Extension.parse(answer.all(Extension.HEADER));
        if (agreed != null && agreed.isEmpty()) return null;
        boolean asked = options.compression() != Compression.NONE;
        Deflate deflate = asked && agreed != null && agreed.size() == 1 ? Deflate.agreed(agreed.getFirst()) : null;
        if (deflate == null) throw malformed(connection, "the server has chosen an extension that was not offered");
        return deflate;
    }

    private static ConnectionException malformed(Connection connection, String text) {
        return ConnectionException.of(Reason.MALFORMED, Phase.READ, connection.remoteAddress(), text, null);
    }

    private ClientHandshake() {}
}

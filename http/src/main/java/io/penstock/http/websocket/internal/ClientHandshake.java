package io.penstock.http.websocket.internal;

import io.penstock.http.ClientExchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.internal.ByteClass;
import io.penstock.http.websocket.Compression;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.TlsClient;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks a server for a WebSocket. Source: RFC 6455 §4.1. */
public final class ClientHandshake {
    private static final SecureRandom RANDOM = new SecureRandom();

    /** How much of an answer that is no WebSocket is shown. */
    private static final int SHOWN = 200;

    /** A URL, taken apart. */
    private record Place(Endpoint endpoint, String authority, String target) {
        static Place of(String url) {
            URI uri;
            try {
                uri = new URI(url);
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException("not a ws:// or wss:// URL: " + ByteClass.printable(url), e);
            }
            boolean secure = "wss".equalsIgnoreCase(uri.getScheme());
            boolean known = secure || "ws".equalsIgnoreCase(uri.getScheme());
            if (!known || uri.getHost() == null || uri.getRawFragment() != null || uri.getRawUserInfo() != null) {
                throw new IllegalArgumentException("not a ws:// or wss:// URL: " + ByteClass.printable(url));
            }
            int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
            Endpoint endpoint = Endpoint.of(uri.getHost(), port);
            String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            return new Place(
                    secure ? endpoint.withTls(TlsClient.DEFAULT) : endpoint,
                    uri.getPort() >= 0 ? uri.getHost() + ":" + port : uri.getHost(),
                    uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery());
        }
    }

    public static WebSocket connect(Connector connector, String url, Headers headers, WebSocketOptions options)
            throws ConnectionException {
        Place place = Place.of(url);
        Headers asked = Headers.of(HeaderNames.HOST, place.authority);
        asked.addAll(headers.copyWithout(HeaderNames.HOST::equalsIgnoreCase));
        var request = RequestHead.of("GET", place.target, asked);
        return on(connector.connect(place.endpoint), request, options);
    }

    /** Opens one over a connection, which is aborted when that fails. */
    public static WebSocket on(Connection connection, RequestHead request, WebSocketOptions options)
            throws ConnectionException {
        boolean opened = false;
        try {
            var key = new byte[16];
            RANDOM.nextBytes(key);
            String sent = Base64.getEncoder().encodeToString(key);
            try (var exchange = ClientExchange.on(connection)) {
                exchange.send(question(request, sent, options), ClientExchange.NO_BODY);
                ResponseHead answer = exchange.receiveHead();
                if (answer.status() != 101) throw refused(connection, answer, exchange);
                Agreement agreement = agreement(connection, answer.headers(), sent, options);
                WebSocket socket = StreamWebSocket.on(exchange.takeOver(), options, agreement, true);
                opened = true;
                return socket;
            }
        } finally {
            if (!opened) connection.abort();
        }
    }

    private static RequestHead question(RequestHead request, String key, WebSocketOptions options) {
        Headers asked = request.headers().copy();
        asked.set(HeaderNames.UPGRADE, "websocket");
        asked.set(ServerHandshake.VERSION, ServerHandshake.THIS_VERSION);
        asked.set(ServerHandshake.KEY, key);
        if (!options.protocols().isEmpty()) {
            asked.set(ServerHandshake.PROTOCOL, String.join(", ", options.protocols()));
        }
        if (options.compression() != Compression.NONE) {
            asked.set(Extension.HEADER, Deflate.offer(options.compression()).toString());
        }
        return request.withHeaders(asked);
    }

    /** What the server has agreed to, if it is one that knows what it was asked. */
    private static Agreement agreement(Connection connection, Headers answer, String key, WebSocketOptions options)
            throws ConnectionException {
        if (!answer.containsToken(HeaderNames.UPGRADE, "websocket")
                || !answer.containsToken(HeaderNames.CONNECTION, "upgrade")
                || !ServerHandshake.acceptance(key).equals(answer.first(ServerHandshake.ACCEPT))) {
            throw malformed(
                    connection, "the server has switched to something else than the WebSocket that was asked for");
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

    private static ConnectionException refused(Connection connection, ResponseHead answer, ClientExchange exchange) {
        String words = "";
        try {
            words = ": " + new String(exchange.body().receiveAny(SHOWN), StandardCharsets.ISO_8859_1).strip();
        } catch (ConnectionException _) {
            // it says no more
        }
        return ConnectionException.of(
                Reason.REFUSED,
                Phase.CONNECT,
                connection.remoteAddress(),
                "the server has answered " + answer.status() + " " + answer.reason() + " instead of opening a WebSocket"
                        + ByteClass.printable(words),
                null);
    }

    private static ConnectionException malformed(Connection connection, String text) {
        return ConnectionException.of(Reason.MALFORMED, Phase.CONNECT, connection.remoteAddress(), text, null);
    }

    private ClientHandshake() {}
}

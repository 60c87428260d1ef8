package io.penstock.http.websocket;

import io.penstock.http.internal.ByteClass;
import io.penstock.net.internal.Durations;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * What a {@link WebSocket} agrees to, and its bounds.
 *
 * @param protocols the sub-protocols that are spoken, best first. A server takes the first that the client has offered, and none if there is
 *     none; a client offers them all
 * @param origins whose pages may open one, besides those of the server's own host, such as {@code https://example.com}; {@code *} for all.
 *     Clients that are no browsers tell no origin, and may. For servers
 * @param compression whether messages are compressed
 * @param messageLimit the most bytes of a message that is received as a whole, and of what a compressed one becomes; a longer one is
 *     answered by closing with {@link CloseCode#TOO_BIG}
 * @param keepAlive after how much silence of the peer it is sent a ping, by whoever receives; after as much silence again, receiving fails
 *     with {@code TIMEOUT}. {@link Duration#ZERO} for never
 * @param closeTimeout how long {@link WebSocket#close} waits for the peer to close as well
 */
public record WebSocketOptions(
        List<String> protocols,
        Set<String> origins,
        Compression compression,
        int messageLimit,
        Duration keepAlive,
        Duration closeTimeout) {
    /** No sub-protocol, pages of the same host only, no compression, 1 MiB, a ping after 30 s, 5 s to close. */
    public static final WebSocketOptions DEFAULT = new WebSocketOptions(
            List.of(), Set.of(), Compression.NONE, 1024 * 1024, Duration.ofSeconds(30), Duration.ofSeconds(5));

    public WebSocketOptions {
        protocols = List.copyOf(protocols);
        origins = Set.copyOf(origins);
        for (String protocol : protocols) {
            if (!ByteClass.isToken(protocol)) {
                throw new IllegalArgumentException("not a sub-protocol: '" + ByteClass.printable(protocol) + "'");
            }
        }
        if (messageLimit < 1 || messageLimit > 1 << 30) {
            throw new IllegalArgumentException("a message may have 1 byte to 1 GiB, not " + messageLimit);
        }
        if (keepAlive.isNegative() || !closeTimeout.isPositive()) {
            throw new IllegalArgumentException(
                    "a keep-alive must be 0 (none) or more, and there is some time to close: "
                            + Durations.text(keepAlive) + ", " + Durations.text(closeTimeout));
        }
    }

    public WebSocketOptions withProtocols(String... names) {
        return new WebSocketOptions(List.of(names), origins, compression, messageLimit, keepAlive, closeTimeout);
    }

    public WebSocketOptions withOrigins(String... allowed) {
        return new WebSocketOptions(protocols, Set.of(allowed), compression, messageLimit, keepAlive, closeTimeout);
    }

    public WebSocketOptions withCompression(Compression which) {
        return new WebSocketOptions(protocols, origins, which, messageLimit, keepAlive, closeTimeout);
    }

    public WebSocketOptions withMessageLimit(int bytes) {
        return new WebSocketOptions(protocols, origins, compression, bytes, keepAlive, closeTimeout);
    }

    /** The same with other timeouts: the silence before a ping, and how long the peer may take to close. */
    public WebSocketOptions withTimeouts(Duration silence, Duration closing) {
        return new WebSocketOptions(protocols, origins, compression, messageLimit, silence, closing);
    }
}

package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.Compression;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How both sides compress: {@code permessage-deflate}, as agreed on. Source: RFC 7692 §7.1.
 *
 * @param serverKeeps whether the server's messages may look back into those before
 * @param clientKeeps whether the client's may
 * @param serverBits how far back the server's look, as the power of 2
 * @param clientBits how far back the client's do
 */
record Deflate(boolean serverKeeps, boolean clientKeeps, int serverBits, int clientBits) {
    static final String NAME = "permessage-deflate";

    private static final String SERVER_ALONE = "server_no_context_takeover";
    private static final String CLIENT_ALONE = "client_no_context_takeover";
    private static final String SERVER_BITS = "server_max_window_bits";
    private static final String CLIENT_BITS = "client_max_window_bits";
    private static final int MOST_BITS = 15;

    /** What a server makes of the first offer that it understands; null for none. */
    static @Nullable Deflate accept(List<Extension> offers, Compression wanted) {
        if (wanted == Compression.NONE) return null;
        for (Extension offer : offers) {
            Deflate offered = of(offer, true);
            if (offered == null) continue;
            boolean keeps = wanted == Compression.ACROSS;
            // that a client can have a smaller window does not mean that it should
            return new Deflate(
                    offered.serverKeeps && keeps, offered.clientKeeps && keeps, offered.serverBits, MOST_BITS);
        }
        return null;
    }

    /** What a client offers. */
    static Extension offer(Compression wanted) {
        var parameters = new LinkedHashMap<String, String>();
        if (wanted == Compression.EACH) {
            parameters.put(SERVER_ALONE, "");
            parameters.put(CLIENT_ALONE, "");
        }
        parameters.put(CLIENT_BITS, "");
        return new Extension(NAME, parameters);
    }

    /** What a server has answered to an offer; null when that is nonsense. */
    static @Nullable Deflate agreed(Extension answer) {
        return of(answer, false);
    }

    private static @Nullable Deflate of(Extension extension, boolean offer) {
        if (!extension.name().equals(NAME)) return null;
        Map<String, String> parameters = extension.parameters();
        for (Map.Entry<String, String> each : parameters.entrySet()) {
            boolean fine = switch (each.getKey()) {
                case SERVER_ALONE, CLIENT_ALONE -> each.getValue().isEmpty();
                case SERVER_BITS -> isBits(each.getValue());
                case CLIENT_BITS ->
                    isBits(each.getValue()) || offer && each.getValue().isEmpty();
                default -> false;
            };
            if (!fine) return null;
        }
        return new Deflate(
                !parameters.containsKey(SERVER_ALONE),
                !parameters.containsKey(CLIENT_ALONE),
                bits(parameters.get(SERVER_BITS)),
                bits(parameters.get(CLIENT_BITS)));
    }

    private static boolean isBits(String value) {
        return value.matches("[89]|1[0-5]");
    }

    private static int bits(@Nullable String value) {
        return value == null || value.isEmpty() ? MOST_BITS : Integer.parseInt(value);
    }

    /** What a server answers. */
    Extension answer() {
        var parameters = new LinkedHashMap<String, String>();
        if (!serverKeeps) parameters.put(SERVER_ALONE, "");
        if (!clientKeeps) parameters.put(CLIENT_ALONE, "");
        if (serverBits < MOST_BITS) parameters.put(SERVER_BITS, Integer.toString(serverBits));
        return new Extension(NAME, parameters);
    }

    /** What compresses the messages of this side. */
    Deflation deflation(boolean client) {
        return client ? new Deflation(clientKeeps, clientBits) : new Deflation(serverKeeps, serverBits);
    }

    /** Whether the messages of the other side look back into those before. */
    boolean peerKeeps(boolean client) {
        return client ? serverKeeps : clientKeeps;
    }
}

package io.penstock.http.websocket.internal;

import org.jspecify.annotations.Nullable;

/**
 * What a handshake has agreed on.
 *
 * @param protocol null for none
 * @param deflate how messages are compressed; null when they are not
 */
record Agreement(@Nullable String protocol, @Nullable Deflate deflate) {
    static final Agreement PLAIN = new Agreement(null, null);
}

package io.penstock.http.websocket;

/**
 * Whether messages are compressed where the peer can do it too. The extension is {@code permessage-deflate}, RFC 7692.
 *
 * <p>Short messages, to which it would do more harm than good, are sent as they are.
 */
public enum Compression {
    /** Never. */
    NONE,
    /** Each message by itself, and the peer is asked to do so: nothing is kept between messages. */
    EACH,
    /**
     * With what the messages before have in common with it: smaller, for peers that send the same words again and again. Costs up to
     * 300 KB of memory for each WebSocket as long as it is open.
     */
    ACROSS
}

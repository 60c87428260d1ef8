package io.penstock.http.websocket;

import java.util.Arrays;

/**
 * What a {@link WebSocket} receives: a text, bytes, or the end.
 *
 * <p>{@snippet :
 * switch (socket.receive()) {
 *     case Message.Text(String text) -> socket.send(text.toUpperCase(Locale.ROOT));
 *     case Message.Binary(byte[] bytes) -> socket.send(bytes);
 *     case Message.Close(int code, String reason) -> log.info("the client has left: {} {}", code, reason);
 * }
 * }
 */
public sealed interface Message {
    /** A whole text message. */
    record Text(String text) implements Message {}

    /**
     * A whole binary message.
     *
     * @param bytes the receiver's to keep and change
     */
    record Binary(byte[] bytes) implements Message {
        @Override
        public boolean equals(Object other) {
            return other instanceof Binary(byte[] others) && Arrays.equals(bytes, others);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return "Binary[" + bytes.length + " bytes]";
        }
    }

    /**
     * The peer has closed: no message will follow, however often one is asked for.
     *
     * @param code why, one of {@link CloseCode} or the peer's own; {@link CloseCode#NONE} when it gave none
     * @param reason the peer's words, at most 123 bytes of UTF-8; often empty
     */
    record Close(int code, String reason) implements Message {}
}

package io.penstock.http.websocket;

import io.penstock.net.Input;

/**
 * A message as an {@link Input}, to be received while it comes, however long it is: its end is the end of the message.
 *
 * <p>It lasts until the next message is asked for, or the WebSocket is closed; what was left of it is dropped then, and it is {@code CLOSED}.
 * When the peer leaves in its middle, receiving fails with {@code EOF}.
 */
public interface MessageInput extends Input {
    /** Whether it is text; it is checked as it comes, and is never anything but UTF-8. */
    boolean isText();
}

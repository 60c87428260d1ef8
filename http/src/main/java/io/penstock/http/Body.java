package io.penstock.http;

import io.penstock.net.Input;

/**
 * The body of a message as an {@link Input}: it ends where the message says, never before and never behind.
 *
 * <p>When the peer leaves before that end, receiving fails with {@code EOF}; when the framing is broken, with {@code MALFORMED}.
 * The body belongs to its exchange and ends with it. Source: RFC 9112 §6 and §7.
 */
public interface Body extends Input {
    /** The number of bytes in the whole body where its head says, 0 when it has none; -1 when only its end will tell. */
    long length();

    /** The bytes of it that have been received so far, without framing. */
    long received();

    /** Whether its last byte, and the trailers, have been received; whether they have been consumed, {@link #buffered()} tells. */
    boolean isComplete();

    /** The trailer fields; empty until the body is complete. Those that could change the message's meaning are left out. */
    Headers trailers();
}

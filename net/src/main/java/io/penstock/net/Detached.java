package io.penstock.net;

import java.nio.ByteBuffer;

/**
 * A socket that is nobody's but the caller's, as a {@linkplain Connection#detach() detached} connection leaves it: the descriptor, and what was
 * received from it already.
 *
 * <p>Whoever has this has to close the descriptor, be it by {@linkplain Connection#adopt(Detached) adopting} it and closing that. Immutable.
 *
 * @param descriptor of a socket; it does not block and is not inherited by programs that this one starts
 * @param unread what comes before everything that is still to be read from the descriptor; copied
 */
public record Detached(int descriptor, ByteBuffer unread) {
    public Detached {
        unread = ByteBuffer.allocate(unread.remaining())
                .put(unread.duplicate())
                .flip()
                .asReadOnlyBuffer();
    }

    /** A descriptor from which nothing was received, such as that of a {@linkplain Listener#detach() listener}. */
    public static Detached of(int descriptor) {
        return new Detached(descriptor, ByteBuffer.allocate(0));
    }

    /** Those bytes, in a buffer of the caller's own. */
    public ByteBuffer unread() {
        return unread.duplicate();
    }
}

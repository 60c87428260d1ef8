package io.penstock.net;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * How to adopt a connected descriptor as a {@link Connection}. Immutable.
 *
 * @param loop which loop the connection belongs to; null for that of the calling thread, or else the next one of any loops that are open
 * @param timeouts what it starts with
 * @param unread what was received from it before, and is to be received from the connection first; copied
 * @param standardStreams whether descriptor 0, 1 or 2 may be meant. Such a number is not closed when it is adopted but leads to
 *     {@code /dev/null} from then on
 */
public record AdoptOptions(@Nullable Loop loop, Timeouts timeouts, ByteBuffer unread, boolean standardStreams) {
    /** The usual loop and {@link Timeouts#DEFAULT}, nothing received before, no standard streams. */
    public static final AdoptOptions DEFAULT = new AdoptOptions(null, Timeouts.DEFAULT, ByteBuffer.allocate(0), false);

    public AdoptOptions {
        unread = ByteBuffer.allocate(unread.remaining())
                .put(unread.duplicate())
                .flip()
                .asReadOnlyBuffer();
    }

    /** Those bytes, in a buffer of the caller's own. */
    public ByteBuffer unread() {
        return unread.duplicate();
    }

    public AdoptOptions withLoop(Loop home) {
        return new AdoptOptions(home, timeouts, unread, standardStreams);
    }

    public AdoptOptions withTimeouts(Timeouts limits) {
        return new AdoptOptions(loop, limits, unread, standardStreams);
    }

    public AdoptOptions withUnread(ByteBuffer bytes) {
        return new AdoptOptions(loop, timeouts, bytes, standardStreams);
    }

    public AdoptOptions withStandardStreams(boolean allowed) {
        return new AdoptOptions(loop, timeouts, unread, allowed);
    }
}

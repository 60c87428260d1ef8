package io.penstock.http.websocket.internal;

import java.util.Arrays;
import java.util.zip.Deflater;
import org.jspecify.annotations.Nullable;

/**
 * Compresses messages. The sender's.
 *
 * <p>A peer with a smaller window than zlib's is served by never looking back farther than it can: from one piece of that size to the next
 * nothing is remembered. Source: RFC 7692 §7.2.1.
 */
final class Deflation {
    /** Shorter messages grow, or hardly shrink. */
    private static final int WORTH = 64;

    /** Ends every piece that is flushed, and is left out at the end of a message: {@code 00 00 FF FF}. */
    private static final int TAIL = 4;

    /** How far back zlib looks. */
    private static final int WIDEST = 1 << 15;

    private static final byte[] EMPTY_BLOCK = {0};

    private final boolean keeps;
    private final int window;
    private @Nullable Deflater deflater;

    /** What the last piece has become. */
    private byte[] out = new byte[256];

    private int size;

    /**
     * @param keeps whether a message may look back into those before
     * @param windowBits how far back, as the power of 2: 8 to 15
     */
    Deflation(boolean keeps, int windowBits) {
        this.keeps = keeps;
        this.window = 1 << windowBits;
    }

    boolean isWorth(int length) {
        return length >= WORTH;
    }

    /** A whole message, compressed. */
    byte[] whole(byte[] bytes) {
        deflate(bytes, bytes.length);
        byte[] message = Arrays.copyOf(out, size - TAIL);
        done();
        return message;
    }

    /** A piece of a message, compressed so that the peer can make all of it out at once. */
    byte[] piece(byte[] bytes, int length) {
        deflate(bytes, length);
        return Arrays.copyOf(out, size);
    }

    /** What ends a message that was sent in pieces. */
    byte[] end() {
        done();
        return EMPTY_BLOCK;
    }

    private void deflate(byte[] bytes, int length) {
        Deflater zlib = deflater;
        if (zlib == null) deflater = zlib = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
        size = 0;
        if (window == WIDEST) {
            zlib.setInput(bytes, 0, length);
            flush(zlib, Deflater.SYNC_FLUSH);
            return;
        }
        for (int from = 0; from < length; from += window) {
            zlib.setInput(bytes, from, Math.min(window, length - from));
            flush(zlib, Deflater.FULL_FLUSH);
        }
    }

    private void flush(Deflater zlib, int how) {
        for (boolean more = true; more; ) {
            if (out.length - size < 64) out = Arrays.copyOf(out, 2 * out.length);
            int room = out.length - size;
            int count = zlib.deflate(out, size, room, how);
            size += count;
            more = count == room;
        }
    }

    private void done() {
        if (out.length > 4096) out = new byte[256];
        if (!keeps) close();
    }

    /** Gives the memory back, which is not on the heap. */
    void close() {
        Deflater zlib = deflater;
        deflater = null;
        if (zlib != null) zlib.end();
    }
}

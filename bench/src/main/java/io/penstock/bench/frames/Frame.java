package io.penstock.bench.frames;

import java.nio.ByteBuffer;

/** What goes there and back: the length of what follows in 4 bytes, a number in 8, and a filling; 64 bytes in all. */
final class Frame {
    static final int HEADER = 4;
    static final int SIZE = 64;
    static final int BODY = SIZE - HEADER;
    static final int MOST = 1 << 20;
    static final byte[] FILLING = new byte[BODY - Long.BYTES];

    /** How many different numbers there are in what the far end sends by itself. */
    static final int NUMBERS = 1024;

    private Frame() {}

    /** A frame as a user of Penstock would make one who has no encoder. */
    static byte[] of(long number) {
        return ByteBuffer.allocate(SIZE)
                .putInt(BODY)
                .putLong(number)
                .put(FILLING)
                .array();
    }
}

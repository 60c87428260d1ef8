package io.penstock.testkit;

import java.nio.ByteBuffer;

/** An endless stream in which every byte depends on its position, so that no piece can be lost, doubled or moved unnoticed. */
final class Stream {
    private long position;

    /** The next bytes. */
    byte[] next(int count) {
        var bytes = new byte[count];
        for (int i = 0; i < count; i++) bytes[i] = at(position + i);
        position += count;
        return bytes;
    }

    /** Fails unless these are the next bytes. */
    void check(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            byte got = bytes.get();
            if (got != at(position))
                throw new AssertionError("byte " + position + " is " + got + ", not " + at(position));
            position++;
        }
    }

    void check(byte[] bytes) {
        check(ByteBuffer.wrap(bytes));
    }

    /** How many bytes have been taken or checked. */
    long position() {
        return position;
    }

    private static byte at(long position) {
        return (byte) (position * 31 + (position >>> 8) * 7 + (position >>> 16));
    }
}

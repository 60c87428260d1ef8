package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Two bytes at a fixed distance, looked for eight places at a time: the first and the last one of a delimiter hardly ever meet but in a
 * delimiter, while the first alone may end every line.
 *
 * <p>A word of places and the word behind the distance, each {@code xor}ed with its byte, have a zero in common where both match. One loop for
 * arrays and one for direct buffers: the compiler makes one for both half as fast.
 */
record TwoBytes(byte first, byte last, int distance) {
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    /** The first place at or behind {@code from} and before {@code to}; -1 when there is none. The chunk reaches as far as the last byte. */
    int in(ByteBuf chunk, int from, int to) {
        if (to <= from) return -1;
        int place;
        if (chunk.hasArray()) {
            place = in(chunk.array(), chunk.arrayOffset() + from, chunk.arrayOffset() + to) - chunk.arrayOffset();
        } else {
            ByteBuffer bytes = chunk.nioBuffer(from, to - from + distance);
            place = in(bytes.order(ByteOrder.LITTLE_ENDIAN), to - from) + from;
        }
        return place == to ? -1 : place;
    }

    private int in(byte[] bytes, int from, int to) {
        long firsts = (first & 0xff) * ONES;
        long lasts = (last & 0xff) * ONES;
        int at = from;
        for (; at <= to - 8; at += 8) {
            long both = ((long) WORDS.get(bytes, at) ^ firsts) | ((long) WORDS.get(bytes, at + distance) ^ lasts);
            long zeros = (both - ONES) & ~both & HIGH_BITS;
            if (zeros != 0) return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
        }
        while (at < to && (bytes[at] != first || bytes[at + distance] != last)) at++;
        return at;
    }

    private int in(ByteBuffer bytes, int to) {
        long firsts = (first & 0xff) * ONES;
        long lasts = (last & 0xff) * ONES;
        int at = 0;
        for (; at <= to - 8; at += 8) {
            long both = (bytes.getLong(at) ^ firsts) | (bytes.getLong(at + distance) ^ lasts);
            long zeros = (both - ONES) & ~both & HIGH_BITS;
            if (zeros != 0) return at + (Long.numberOfTrailingZeros(zeros) >>> 3);
        }
        while (at < to && (bytes.get(at) != first || bytes.get(at + distance) != last)) at++;
        return at;
    }
}

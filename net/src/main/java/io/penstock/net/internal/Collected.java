package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/** Bytes collected from chunk after chunk; grows by doubling and costs nothing while empty. */
record Collected(byte[] array, int size) {
    static final Collected EMPTY = new Collected(new byte[0], 0);

    /** Consumes {@code count} bytes of the chunk. */
    Collected plus(ByteBuf chunk, int count) {
        if (count == 0) return this;
        byte[] room = array.length - size >= count
                ? array
                : Arrays.copyOf(
                        array,
                        size == 0
                                ? count
                                : Math.max(size + count, (int) Math.min(Integer.MAX_VALUE - 8L, array.length * 2L)));
        chunk.readBytes(room, size, count);
        return new Collected(room, size + count);
    }

    byte[] bytes() {
        return size == array.length ? array : Arrays.copyOf(array, size);
    }

    byte[] withoutCarriageReturn() {
        return size > 0 && array[size - 1] == '\r' ? Arrays.copyOf(array, size - 1) : bytes();
    }
}

package io.penstock.http.websocket.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/** What clients hide their payloads behind. Masking twice is not masking. Source: RFC 6455 §5.3. */
final class Mask {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final SecureRandom RANDOM = new SecureRandom();

    /** How many keys are drawn at once. */
    private static final int STOCK = 16;

    private final byte[] drawn = new byte[4 * STOCK];
    private int used = drawn.length;

    /** A key that nobody can foretell. */
    int next() {
        if (used == drawn.length) {
            RANDOM.nextBytes(drawn);
            used = 0;
        }
        int key = 0;
        for (int end = used + 4; used < end; used++) key = key << 8 | drawn[used] & 0xff;
        return key;
    }

    /** Masks a part of a payload in its array. {@code passed} bytes of the payload stand before it. */
    static void apply(int key, long passed, byte[] bytes, int from, int to) {
        int turned = Integer.rotateLeft(key, 8 * (int) (passed & 3));
        long wide = (long) turned << 32 | turned & 0xffff_ffffL;
        int at = from;
        for (; to - at >= 8; at += 8) LONG.set(bytes, at, (long) LONG.get(bytes, at) ^ wide);
        for (int shift = 24; at < to; at++, shift = shift - 8 & 31) bytes[at] ^= (byte) (turned >>> shift);
    }
}

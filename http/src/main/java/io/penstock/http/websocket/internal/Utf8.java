package io.penstock.http.websocket.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Checks text that comes in pieces, which may be cut within a character. Source: RFC 3629 §4. */
final class Utf8 {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN)
            .withInvokeExactBehavior();
    private static final long NOT_ASCII = 0x8080_8080_8080_8080L;

    /** How many bytes the character under way still needs; of the next one, the bounds. */
    private int missing;

    private int lowest;
    private int highest;

    /** Takes the next bytes of the text; false when it is none. */
    boolean accepts(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (missing == 0) {
                while (to - at >= 8 && ((long) LONG.get(bytes, at) & NOT_ASCII) == 0) at += 8;
                if (at == to) return true;
            }
            int next = bytes[at++] & 0xff;
            if (missing > 0) {
                if (next < lowest || next > highest) return false;
                missing--;
                lowest = 0x80;
                highest = 0xbf;
            } else if (next >= 0x80 && !begins(next)) {
                return false;
            }
        }
        return true;
    }

    /** The first byte of a character of several; false when it is none. The shortest form only, no surrogates, no more than 10FFFF. */
    private boolean begins(int first) {
        if (first < 0xc2 || first > 0xf4) return false;
        missing = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        return true;
    }

    /** Whether the text may end here; begins the next one. */
    boolean isComplete() {
        boolean complete = missing == 0;
        missing = 0;
        return complete;
    }
}

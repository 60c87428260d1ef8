package io.penstock.net;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The form of the field in which a packet says its length: big endian, which is network order, unless the name says otherwise.
 *
 * <p>Each letter of Swoole's {@code package_length_type} is one of them. Those of the host's byte order are little endian here, whatever the
 * host; so are the machines that peers run on.
 */
public enum LengthType {
    /** Letter {@code c}. */
    INT8(1, true, ByteOrder.BIG_ENDIAN, "c"),
    /** Letter {@code C}. */
    UINT8(1, false, ByteOrder.BIG_ENDIAN, "C"),
    /** Letter {@code n}. */
    UINT16(2, false, ByteOrder.BIG_ENDIAN, "n"),
    /** Letters {@code v} and {@code S}. */
    UINT16_LE(2, false, ByteOrder.LITTLE_ENDIAN, "vS"),
    /** Letter {@code s}. */
    INT16_LE(2, true, ByteOrder.LITTLE_ENDIAN, "s"),
    /** The three bytes of HTTP/2 and TLS; Swoole has no letter for it. */
    UINT24(3, false, ByteOrder.BIG_ENDIAN, ""),
    /** The three bytes of MySQL; Swoole has no letter for it. */
    UINT24_LE(3, false, ByteOrder.LITTLE_ENDIAN, ""),
    /** Letter {@code N}. */
    UINT32(4, false, ByteOrder.BIG_ENDIAN, "N"),
    /** Letters {@code V} and {@code L}. */
    UINT32_LE(4, false, ByteOrder.LITTLE_ENDIAN, "VL"),
    /** Letter {@code l}. */
    INT32_LE(4, true, ByteOrder.LITTLE_ENDIAN, "l"),
    /** Letter {@code J}; from 2^63 on it is a violation. */
    UINT64(8, false, ByteOrder.BIG_ENDIAN, "J"),
    /** Letters {@code P} and {@code Q}; from 2^63 on it is a violation. */
    UINT64_LE(8, false, ByteOrder.LITTLE_ENDIAN, "PQ"),
    /** Letter {@code q}. */
    INT64_LE(8, true, ByteOrder.LITTLE_ENDIAN, "q");

    private final int size;
    private final boolean signed;
    private final ByteOrder order;
    private final String letters;

    LengthType(int size, boolean signed, ByteOrder order, String letters) {
        this.size = size;
        this.signed = signed;
        this.order = order;
        this.letters = letters;
    }

    /**
     * The type that a letter of PHP's {@code pack} stands for.
     *
     * @throws IllegalArgumentException when it is none of the fourteen with a fixed size
     */
    public static LengthType ofLetter(char letter) {
        for (LengthType type : values()) {
            if (type.letters.indexOf(letter) >= 0) return type;
        }
        throw new IllegalArgumentException(
                "no length type has the letter '" + letter + "': it is one of cCsSnvlLNVqQJP");
    }

    /** How many bytes the field has: 1, 2, 3, 4 or 8. */
    public int size() {
        return size;
    }

    /** Whether it has a sign; lengths below zero are violations. */
    public boolean isSigned() {
        return signed;
    }

    /** The order of its bytes. */
    public ByteOrder order() {
        return order;
    }

    /** Writes a length at that place. */
    ByteBuffer put(ByteBuffer into, int at, long length) {
        long most = Long.MAX_VALUE >>> (64 - 8 * size - (signed || size == 8 ? 0 : 1));
        if (length < 0 || length > most) {
            throw new IllegalArgumentException(
                    "a length of " + length + " does not fit into " + this + ", which has room for " + most);
        }
        for (int i = 0; i < size; i++) {
            int shift = 8 * (order == ByteOrder.BIG_ENDIAN ? size - 1 - i : i);
            into.put(at + i, (byte) (length >>> shift));
        }
        return into;
    }
}

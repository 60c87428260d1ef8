package io.penstock.net;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * How a stream of bytes is cut into packets: the same definition for {@link Input#framed} and for every client that has packets handed
 * to it. Immutable.
 *
 * <p>{@snippet :
 * var framing = Framing.lengthField(LengthType.UINT32).withBodyOffset(4);    // four bytes of length, then as many of body
 * for (byte[] packet : List.of(first, second)) {
 *     connection.send(framing.head(packet.length), ByteBuffer.wrap(packet));
 * }
 * }
 *
 * <p>One kind at a time: a stream that is cut by length and by delimiter at once is cut by a {@linkplain #of function}. A packet has at most
 * {@link #MAX_PACKET} bytes unless another limit is given, all of its bytes counted; one more is a violation, known before it is received
 * where the packet says its length.
 *
 * <p>Answers to the options {@code open_eof_*}, {@code open_length_check}, {@code package_*} and {@code open_mqtt_protocol} of Swoole.
 */
public sealed interface Framing {
    /** The most bytes of a packet, unless the framing says otherwise. */
    int MAX_PACKET = 2 * 1024 * 1024;

    /** The most bytes that a {@link Measure} is shown: within them it has to know. */
    int MAX_HEAD = 8 * 1024;

    /** No packets: whatever has come, as it came. */
    static None none() {
        return new None();
    }

    /** Packets that say their length in a field; it is at their beginning and counts all of their bytes, unless told otherwise. */
    static LengthField lengthField(LengthType type) {
        return new LengthField(type, 0, 0, MAX_PACKET);
    }

    /** Packets that end with these characters, in UTF-8. */
    static Delimiter delimiter(String delimiter) {
        return delimiter(delimiter.getBytes(StandardCharsets.UTF_8));
    }

    /** Packets that end with these bytes, which are a part of them unless told otherwise. One that has nothing else is a packet too. */
    static Delimiter delimiter(byte[] delimiter) {
        return new Delimiter(ByteBuffer.wrap(delimiter), Delimiter.Mode.INCLUSIVE, MAX_PACKET);
    }

    /** Lines: what comes up to a LF; that, and a CR directly before it, are not a part of the packet. */
    static Line line() {
        return new Line(MAX_PACKET);
    }

    /** The control packets of MQTT, versions 3.1 to 5: a byte, the length of the rest in one to four bytes, and the rest. */
    static Mqtt mqtt() {
        return new Mqtt(MAX_PACKET);
    }

    /** Packets whose length a function finds out. */
    static Measured of(Measure measure) {
        return new Measured(measure, MAX_PACKET);
    }

    /** Finds out how long a packet is from its beginning. A function of these bytes and of nothing else; it must not block. */
    @FunctionalInterface
    interface Measure {
        /**
         * @param beginning what has come of the packet, and of what follows it; at most {@link Framing#MAX_HEAD} bytes; read-only, and valid
         *     during the call only
         * @return how many bytes the whole packet has, those at its beginning included; 0 when more bytes are needed to know; less
         *     when no packet begins like this
         */
        long measure(ByteBuffer beginning);
    }

    /** As {@link Framing#none()} says. */
    record None() implements Framing {}

    /**
     * Packets that say their length: {@code bodyOffset} and the value of the field together are the number of all their bytes.
     *
     * <p>So with a body offset of 0 the field counts the whole packet, itself included; where it counts the bytes behind the head, the
     * body offset is the size of the head. A sum of 0, a negative value, or a sum above the maximum is a violation.
     *
     * @param offset where in the packet the field begins; 0 to 65535
     * @param bodyOffset what to add to the value; 0 to 65535
     * @param maxPacket the most bytes of a packet, its head included
     */
    record LengthField(LengthType type, int offset, int bodyOffset, int maxPacket) implements Framing {
        private static final int MAX_OFFSET = 65_535;

        public LengthField {
            requireMost(maxPacket);
            requireOffset(offset);
            requireOffset(bodyOffset);
        }

        private static void requireOffset(int bytes) {
            if (bytes < 0 || bytes > MAX_OFFSET) {
                throw new IllegalArgumentException("an offset is 0 to " + MAX_OFFSET + ", not " + bytes);
            }
        }

        public LengthField withOffset(int bytes) {
            return new LengthField(type, bytes, bodyOffset, maxPacket);
        }

        public LengthField withBodyOffset(int bytes) {
            return new LengthField(type, offset, bytes, maxPacket);
        }

        public LengthField withMaxPacket(int bytes) {
            return new LengthField(type, offset, bodyOffset, bytes);
        }

        /**
         * The head of a packet to be sent: it ends behind the length field or at the body offset, whichever is farther, and is zero but
         * for the length; what else belongs there is for the caller to put.
         *
         * @param body how many bytes will follow the head
         * @throws IllegalArgumentException when the packet would be longer than the maximum, or its length does not fit into the field
         */
        public ByteBuffer head(int body) {
            if (body < 0) throw new IllegalArgumentException("a body cannot have " + body + " bytes");
            int size = Math.max(offset + type.size(), bodyOffset);
            long packet = (long) size + body;
            if (packet > maxPacket) {
                throw new IllegalArgumentException(
                        "a packet of " + packet + " bytes is longer than the maximum of " + maxPacket);
            }
            return type.put(ByteBuffer.allocate(size), offset, packet - bodyOffset);
        }
    }

    /**
     * Packets that end with a delimiter; the first occurrence counts.
     *
     * @param bytes the delimiter, at least one byte; a copy
     * @param maxPacket the most bytes of a packet, the delimiter included
     */
    record Delimiter(ByteBuffer bytes, Mode mode, int maxPacket) implements Framing {
        /** What is a packet. */
        public enum Mode {
            /** What ends with the delimiter, and it. */
            INCLUSIVE,
            /** What stands before the delimiter, without it. */
            EXCLUSIVE,
            /**
             * All that has come, as soon as its end is the delimiter: where packets are sent in a burst they come as one, which depends on how
             * they travel. What Swoole's {@code open_eof_check} does; for peers that never send a packet before the last is answered.
             */
            BUNDLED
        }

        public Delimiter {
            if (!bytes.hasRemaining()) throw new IllegalArgumentException("a delimiter has at least one byte");
            requireMost(maxPacket);
            bytes = ByteBuffer.allocate(bytes.remaining())
                    .put(bytes.duplicate())
                    .flip();
        }

        @Override
        public ByteBuffer bytes() {
            return bytes.asReadOnlyBuffer();
        }

        public Delimiter withMode(Mode other) {
            return new Delimiter(bytes, other, maxPacket);
        }

        public Delimiter withMaxPacket(int most) {
            return new Delimiter(bytes, mode, most);
        }
    }

    /**
     * As {@link Framing#line()} says.
     *
     * @param maxPacket the most bytes of a line, its end included
     */
    record Line(int maxPacket) implements Framing {
        public Line {
            requireMost(maxPacket);
        }

        public Line withMaxPacket(int most) {
            return new Line(most);
        }
    }

    /**
     * As {@link Framing#mqtt()} says.
     *
     * @param maxPacket the most bytes of a packet, its head included
     */
    record Mqtt(int maxPacket) implements Framing {
        public Mqtt {
            requireMost(maxPacket);
        }

        public Mqtt withMaxPacket(int most) {
            return new Mqtt(most);
        }
    }

    /**
     * As {@link Framing#of} says.
     *
     * @param maxPacket the most bytes of a packet
     */
    record Measured(Measure measure, int maxPacket) implements Framing {
        public Measured {
            requireMost(maxPacket);
        }

        public Measured withMaxPacket(int most) {
            return new Measured(measure, most);
        }
    }

    private static void requireMost(int maxPacket) {
        if (maxPacket < 1) throw new IllegalArgumentException("a packet cannot be limited to " + maxPacket + " bytes");
    }
}

package io.penstock.net.internal;

import io.netty.buffer.Unpooled;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** The packets of a stream that is all there, found in the plainest way. */
record NaivePackets(Framing framing, byte[] stream) {
    private static final int LARGEST = 700;

    private static final Framing[] FRAMINGS = {
        Framing.line().withMaxPacket(LARGEST),
        Framing.delimiter("ab").withMaxPacket(LARGEST),
        Framing.delimiter("aab").withMode(Framing.Delimiter.Mode.EXCLUSIVE).withMaxPacket(LARGEST),
        Framing.mqtt().withMaxPacket(LARGEST),
        Framing.of(NaivePackets::digit).withMaxPacket(LARGEST)
    };

    /** The length of the packet at this place; 0 when there is none up to the end, -1 when there cannot be one. */
    int length(int at) {
        int left = stream.length - at;
        long length = switch (framing) {
            case Framing.LengthField field -> length(field, at);
            case Framing.Line _ -> length(new byte[] {'\n'}, at);
            case Framing.Delimiter end -> length(bytes(end.bytes()), at);
            case Framing.Mqtt _ -> mqttLength(at);
            case Framing.Measured _ ->
                left == 0 ? 0 : digit(ByteBuffer.wrap(stream, at, left).slice());
            case Framing.None _ -> throw new AssertionError();
        };
        if (length < 0 || length > LARGEST) return -1;
        return length > left ? 0 : (int) length;
    }

    private long length(Framing.LengthField field, int at) {
        LengthType type = field.type();
        if (stream.length - at < field.offset() + type.size()) return 0;
        long value = 0;
        for (int i = 0; i < type.size(); i++) {
            int place = type.order() == ByteOrder.BIG_ENDIAN ? i : type.size() - 1 - i;
            value = value << 8 | stream[at + field.offset() + place] & 0xff;
        }
        if (type.isSigned()) value = value << 64 - 8 * type.size() >> 64 - 8 * type.size();
        if (value < 0 || value > LARGEST) return -1;
        return value + field.bodyOffset() == 0 ? -1 : value + field.bodyOffset();
    }

    private long length(byte[] delimiter, int at) {
        for (int end = at + delimiter.length; end <= stream.length; end++) {
            if (Arrays.equals(stream, end - delimiter.length, end, delimiter, 0, delimiter.length)) return end - at;
        }
        return stream.length - at >= LARGEST ? -1 : 0;
    }

    private static byte[] bytes(ByteBuffer delimiter) {
        var bytes = new byte[delimiter.remaining()];
        delimiter.get(bytes);
        return bytes;
    }

    private long mqttLength(int at) {
        long rest = 0;
        for (int i = 0; i < 4; i++) {
            if (stream.length - at < 2 + i) return 0;
            rest += (stream[at + 1 + i] & 0x7fL) << 7 * i;
            if (stream[at + 1 + i] >= 0) return 2 + i + rest;
        }
        return -1;
    }

    /** How many bytes at the end of the packet at this place are not part of it. */
    int cutOff(int at, int length) {
        return switch (framing) {
            case Framing.Line _ -> length > 1 && stream[at + length - 2] == '\r' ? 2 : 1;
            case Framing.Delimiter end when end.mode() == Framing.Delimiter.Mode.EXCLUSIVE -> 3;
            default -> 0;
        };
    }

    /** Packets of a random kind, and maybe something that is none at the end. */
    static NaivePackets random(Random random) {
        Framing framing = random.nextBoolean() ? field(random) : FRAMINGS[random.nextInt(FRAMINGS.length)];
        var bytes = Unpooled.buffer();
        int count = random.nextInt(120);
        for (int i = 0; i < count; i++) {
            int body = random.nextInt(20) == 0 ? random.nextInt(500) : random.nextInt(12);
            switch (framing) {
                case Framing.LengthField field ->
                    bytes.writeBytes(head(random, field, body % 100)).writeBytes(some(random, body % 100, 256));
                case Framing.Mqtt _ -> {
                    bytes.writeByte(random.nextInt());
                    if (body < 128) bytes.writeByte(body);
                    else bytes.writeByte(body & 0x7f | 0x80).writeByte(body >> 7);
                    bytes.writeBytes(some(random, body, 256));
                }
                case Framing.Measured _ -> bytes.writeByte(body % 128).writeBytes(some(random, body % 128, 256));
                case Framing.Line _ ->
                    bytes.writeBytes(some(random, body % 200, 3))
                            .writeBytes(random.nextBoolean() ? new byte[] {'\n'} : new byte[] {'\r', '\n'});
                default -> bytes.writeBytes(some(random, body % 200, 3)).writeBytes(new byte[] {'a', 'a', 'b'});
            }
        }
        if (random.nextInt(4) == 0) bytes.writeBytes(some(random, random.nextInt(20), 256));
        var stream = new byte[bytes.readableBytes()];
        bytes.readBytes(stream);
        return new NaivePackets(framing, stream);
    }

    /** The head of a packet, with anything where the length is not. */
    private static byte[] head(Random random, Framing.LengthField field, int body) {
        ByteBuffer head = field.head(body);
        for (int i = 0; i < head.limit(); i++) {
            if (i < field.offset() || i >= field.offset() + field.type().size()) head.put(i, (byte) random.nextInt());
        }
        return head.array();
    }

    private static byte[] some(Random random, int size, int letters) {
        var bytes = new byte[size];
        for (int i = 0; i < size; i++)
            bytes[i] = (byte) (letters == 256 ? random.nextInt() : "abc\r".charAt(random.nextInt(1 + letters)));
        return bytes;
    }

    private static Framing field(Random random) {
        LengthType type = LengthType.values()[random.nextInt(LengthType.values().length)];
        int offset = random.nextInt(4);
        return new Framing.LengthField(type, offset, random.nextInt(offset + type.size() + 2), LARGEST);
    }

    private static long digit(ByteBuffer beginning) {
        byte first = beginning.get(0);
        return first < 0 ? first : beginning.remaining() < 1 + first % 3 ? 0 : 1 + first;
    }
}

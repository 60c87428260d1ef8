package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;

/** Tells how long the packet is that a chunk begins with. Remembers at most how far it has looked; whoever reads owns it. */
abstract sealed class Ruler {
    /** More bytes are needed to know. */
    static final int UNKNOWN = 0;

    /** No packet begins like this. */
    static final int NONE = -1;

    final int max;

    private Ruler(int max) {
        this.max = max;
    }

    static Ruler of(Framing framing) {
        return switch (framing) {
            case Framing.None _ -> new Anything();
            case Framing.LengthField field -> new Length(field);
            case Framing.Delimiter end when end.mode() == Framing.Delimiter.Mode.BUNDLED -> new Bundle(end);
            case Framing.Delimiter end -> new End(end);
            case Framing.Line line -> new Line(line);
            case Framing.Mqtt mqtt -> new Mqtt(mqtt);
            case Framing.Measured measured -> new Function(measured);
        };
    }

    /** The number of all its bytes, be they there or not; {@link #UNKNOWN}; or less, when it is {@link #NONE}. */
    abstract long length(ByteBuf chunk);

    /** How many bytes at the end of a packet of that length, which is whole in the chunk, are not handed out. */
    int cutOff(ByteBuf chunk, int length) {
        return 0;
    }

    /** The chunk begins with something else than at the last look. */
    void restart() {}

    /** Whether it has to see all that has come. */
    boolean wantsAll() {
        return false;
    }

    /** Why it is {@link #NONE}. */
    abstract String flaw();

    private static final class Anything extends Ruler {
        Anything() {
            super(Integer.MAX_VALUE);
        }

        @Override
        long length(ByteBuf chunk) {
            return chunk.readableBytes();
        }

        @Override
        String flaw() {
            throw new AssertionError("anything will do");
        }
    }

    private static final class Length extends Ruler {
        private final LengthType type;
        private final int offset;
        private final int bodyOffset;
        private final int head;

        Length(Framing.LengthField field) {
            super(field.maxPacket());
            type = field.type();
            offset = field.offset();
            bodyOffset = field.bodyOffset();
            head = offset + type.size();
        }

        @Override
        long length(ByteBuf chunk) {
            if (chunk.readableBytes() < head) return UNKNOWN;
            long value = value(chunk, chunk.readerIndex() + offset);
            if (value < 0 || value > Long.MAX_VALUE - bodyOffset) return NONE;
            long length = value + bodyOffset;
            return length == 0 ? NONE : length;
        }

        private long value(ByteBuf chunk, int at) {
            return switch (type) {
                case INT8 -> chunk.getByte(at);
                case UINT8 -> chunk.getUnsignedByte(at);
                case UINT16 -> chunk.getUnsignedShort(at);
                case UINT16_LE -> chunk.getUnsignedShortLE(at);
                case INT16_LE -> chunk.getShortLE(at);
                case UINT24 -> chunk.getUnsignedMedium(at);
                case UINT24_LE -> chunk.getUnsignedMediumLE(at);
                case UINT32 -> chunk.getUnsignedInt(at);
                case UINT32_LE -> chunk.getUnsignedIntLE(at);
                case INT32_LE -> chunk.getIntLE(at);
                case UINT64 -> chunk.getLong(at);
                case UINT64_LE, INT64_LE -> chunk.getLongLE(at);
            };
        }

        @Override
        String flaw() {
            return "the length field of the packet is negative, or not large enough for a single byte, or too large for any memory";
        }
    }

    private static sealed class End extends Ruler {
        private final Delimiter delimiter;
        private final int cutOff;

        /** How many bytes of the chunk cannot be the beginning of the delimiter. */
        private int passed;

        End(Framing.Delimiter end) {
            this(Delimiter.of(Ruler.bytes(end)), end.mode() == Framing.Delimiter.Mode.EXCLUSIVE, end.maxPacket());
        }

        private End(Delimiter delimiter, boolean exclusive, int max) {
            super(max);
            this.delimiter = delimiter;
            this.cutOff = exclusive ? delimiter.length() : 0;
        }

        @Override
        long length(ByteBuf chunk) {
            Delimiter.Search search = delimiter.new Search();
            search.in(chunk, chunk.readerIndex() + passed, Long.MAX_VALUE);
            if (search.isFound()) return passed + search.before() + delimiter.length();
            passed += search.before();
            return UNKNOWN;
        }

        @Override
        int cutOff(ByteBuf chunk, int length) {
            return cutOff;
        }

        @Override
        void restart() {
            passed = 0;
        }

        @Override
        String flaw() {
            throw new AssertionError("the end may always come");
        }
    }

    private static final class Line extends End {
        private static final Delimiter LF = Delimiter.of(new byte[] {'\n'});

        Line(Framing.Line line) {
            super(LF, true, line.maxPacket());
        }

        @Override
        int cutOff(ByteBuf chunk, int length) {
            return length > 1 && chunk.getByte(chunk.readerIndex() + length - 2) == '\r' ? 2 : 1;
        }
    }

    private static final class Bundle extends Ruler {
        private final byte[] delimiter;

        Bundle(Framing.Delimiter end) {
            super(end.maxPacket());
            delimiter = Ruler.bytes(end);
        }

        @Override
        long length(ByteBuf chunk) {
            int begin = chunk.writerIndex() - delimiter.length;
            if (begin < chunk.readerIndex()) return UNKNOWN;
            for (int i = 0; i < delimiter.length; i++) {
                if (chunk.getByte(begin + i) != delimiter[i]) return UNKNOWN;
            }
            return chunk.readableBytes();
        }

        @Override
        boolean wantsAll() {
            return true;
        }

        @Override
        String flaw() {
            throw new AssertionError("the end may always come");
        }
    }

    private static final class Mqtt extends Ruler {
        private static final int LONGEST = 4;

        Mqtt(Framing.Mqtt mqtt) {
            super(mqtt.maxPacket());
        }

        @Override
        long length(ByteBuf chunk) {
            long rest = 0;
            for (int i = 0; i < LONGEST; i++) {
                int at = 1 + i;
                if (at >= chunk.readableBytes()) return UNKNOWN;
                byte digit = chunk.getByte(chunk.readerIndex() + at);
                rest |= (digit & 0x7fL) << 7 * i;
                if (digit >= 0) return 1 + at + rest;
            }
            return NONE;
        }

        @Override
        String flaw() {
            return "the remaining length of the MQTT packet takes more than four bytes";
        }
    }

    private static final class Function extends Ruler {
        private final Framing.Measure measure;

        Function(Framing.Measured measured) {
            super(measured.maxPacket());
            measure = measured.measure();
        }

        @Override
        long length(ByteBuf chunk) {
            int size = Math.min(chunk.readableBytes(), Framing.MAX_HEAD);
            long length =
                    measure.measure(chunk.nioBuffer(chunk.readerIndex(), size).asReadOnlyBuffer());
            return length == UNKNOWN && size == Framing.MAX_HEAD ? NONE : length;
        }

        @Override
        String flaw() {
            return "the function of the framing finds no packet in what has come, or knows its length from no "
                    + Framing.MAX_HEAD + " bytes";
        }
    }

    private static byte[] bytes(Framing.Delimiter end) {
        var bytes = new byte[end.bytes().remaining()];
        end.bytes().get(bytes);
        return bytes;
    }
}

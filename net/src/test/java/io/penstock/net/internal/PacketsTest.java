package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.Condition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Packets}: the reference's vectors, cut at every place, and what is left in the input. */
final class PacketsTest {
    private static final Framing.Delimiter EMPTY_LINE = Framing.delimiter("\r\n\r\n");
    private static final Framing.LengthField N4 =
            Framing.lengthField(LengthType.ofLetter('N')).withBodyOffset(4);
    private static final String AA = "410d0a0d0a";
    private static final String BB = "420d0a0d0a";

    /** One vector; its outcome is the packets, and how the stream ends if it ends behind these bytes. */
    private record Vector(String name, Framing framing, String stream, List<String> outcome) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Vector vector(String name, Framing framing, String stream, String... outcome) {
        return new Vector(name, framing, stream, List.of(outcome));
    }

    private static Framing.LengthField field(char letter, int offset, int bodyOffset) {
        return Framing.lengthField(LengthType.ofLetter(letter))
                .withOffset(offset)
                .withBodyOffset(bodyOffset);
    }

    static Stream<Vector> vectors() {
        String bytes258 = "aa".repeat(258);
        String bytes1020 = "bb".repeat(1020);
        String bytes128 = "cc".repeat(128);
        return Stream.of(
                vector("F-1 and F-2", EMPTY_LINE, AA + BB, AA, BB, "end"),
                vector("F-3", EMPTY_LINE, AA + "42" + "0d0a0d0a", AA, BB, "end"),
                vector("F-4", EMPTY_LINE, AA + "42", AA, "EOF 42"),
                vector("F-5", Framing.delimiter("\n"), "0a0a", "0a", "0a", "end"),
                vector("F-6", N4, "0000000361626300000000", "00000003616263", "00000000", "end"),
                vector("F-7", field('N', 0, 0), "00000004", "00000004", "end"),
                vector("F-8", field('N', 0, 0), "00000002", "0000", "EOF 0002"),
                vector("F-9", field('n', 2, 4), "aabb000158", "aabb000158", "end"),
                vector("F-10", field('v', 0, 2), "0201" + bytes258, "0201" + bytes258, "end"),
                vector("F-11", field('C', 0, 1), "ff" + "dd".repeat(255), "ff" + "dd".repeat(255), "end"),
                vector("F-12", field('c', 0, 1), "ff", "FRAMING"),
                vector(
                        "F-13",
                        N4.withMaxPacket(1024),
                        "000003fc" + bytes1020 + "000003fd",
                        "000003fc" + bytes1020,
                        "FRAMING"),
                vector("F-14", Framing.mqtt(), "c000308001" + bytes128, "c000", "308001" + bytes128, "end"),
                vector("F-15", Framing.mqtt(), "30ffffff80", "FRAMING"),
                vector("lines", Framing.line(), "610d0a0a0d0a620d630a64", "61", "", "", "620d63", "EOF 64"),
                vector(
                        "exclusive",
                        EMPTY_LINE.withMode(Framing.Delimiter.Mode.EXCLUSIVE),
                        AA + "0d0a0d0a",
                        "41",
                        "",
                        "end"),
                vector("no length at all", field('N', 0, 0), "00000000", "FRAMING"),
                vector("2^63", field('J', 0, 8), "8000000000000000", "FRAMING"),
                vector("2^63 - 1 and a body offset", field('J', 0, 8), "7fffffffffffffff", "FRAMING"),
                vector("2^31 - 1", N4, "7fffffff", "FRAMING"),
                vector(
                        "delimiter at the limit",
                        Framing.delimiter("\n").withMaxPacket(3),
                        "61610a6161610a",
                        "61610a",
                        "FRAMING"),
                vector("no delimiter up to the limit", Framing.delimiter("\n").withMaxPacket(3), "616161", "FRAMING"),
                vector("MQTT's largest", Framing.mqtt(), "30ffffff7f", "FRAMING"),
                vector(
                        "function",
                        Framing.of(PacketsTest::decimal),
                        hex("2|ab0|11|abcdefghijk3|x"),
                        hex("2|ab"),
                        hex("0|"),
                        hex("11|abcdefghijk"),
                        "EOF " + hex("3|x")),
                vector("function that refuses", Framing.of(PacketsTest::decimal), hex("1|ax|"), hex("1|a"), "FRAMING"));
    }

    /** The reference's example of a custom length: decimal digits, a bar, and as many bytes. */
    private static long decimal(ByteBuffer beginning) {
        long size = 0;
        for (int i = 0; i < beginning.remaining(); i++) {
            byte next = beginning.get(i);
            if (next == '|') return i + 1 + size;
            if (next < '0' || next > '9') return -1;
            size = size * 10 + next - '0';
        }
        return 0;
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void packetsAreThoseOfTheVectorWhereverTheStreamIsCut(Vector vector) throws Exception {
        byte[] stream = HexFormat.of().parseHex(vector.stream());
        for (Form form : Form.values()) {
            for (int place = 0; place < stream.length; place++) {
                var input = new ScriptedInput();
                if (place > 0) input.add(Unpooled.copiedBuffer(stream, 0, place));
                input.add(Unpooled.copiedBuffer(stream, place, stream.length - place));
                expect(vector, input, form, place);
            }
            expect(vector, new ScriptedInput(stream, 1), form, -1);
        }
    }

    private static void expect(Vector vector, ScriptedInput input, Form form, int place) {
        assertThat(outcome(input.framed(vector.framing()), form))
                .as("%s, cut at %s", form, place)
                .isEqualTo(vector.outcome());
    }

    private enum Form {
        COPIED {
            @Override
            boolean next(Framed packets, List<String> into) throws ConnectionException {
                byte[] packet = packets.receive();
                if (packet != null) into.add(hex(packet));
                return packet != null;
            }
        },
        POLLED {
            @Override
            boolean next(Framed packets, List<String> into) throws ConnectionException {
                byte[] packet = packets.poll();
                if (packet == null) packet = packets.receive();
                if (packet != null) into.add(hex(packet));
                return packet != null;
            }
        },
        ONE_VIEW {
            @Override
            boolean next(Framed packets, List<String> into) throws ConnectionException {
                return packets.receive(packet -> {
                    into.add(hex(bytes(packet)));
                    return false;
                });
            }
        },
        VIEWS {
            @Override
            boolean next(Framed packets, List<String> into) throws ConnectionException {
                return packets.receive(packet -> into.add(hex(bytes(packet))));
            }
        };

        /** Whether there was one. */
        abstract boolean next(Framed packets, List<String> into) throws ConnectionException;
    }

    private static byte[] bytes(ByteBuffer packet) {
        var bytes = new byte[packet.remaining()];
        packet.get(bytes);
        return bytes;
    }

    private static List<String> outcome(Framed packets, Form form) {
        var outcome = new ArrayList<String>();
        try {
            while (form.next(packets, outcome)) {
                // until the end
            }
            outcome.add("end");
        } catch (ConnectionException e) {
            outcome.add(
                    e.reason() == Reason.EOF
                            ? "EOF " + hex(e.partial())
                            : e.reason().name());
        }
        return outcome;
    }

    @Test
    void bundlesAreWhatHasComeAsSoonAsItEndsWithTheDelimiter() throws Exception {
        Framing bundled = EMPTY_LINE.withMode(Framing.Delimiter.Mode.BUNDLED);
        byte[] both = HexFormat.of().parseHex(AA + BB);
        assertThat(outcome(new ScriptedInput(both, 100).framed(bundled), Form.COPIED))
                .as("F-1")
                .containsExactly(AA + BB, "end");
        var late = new ScriptedInput();
        late.add(Unpooled.copiedBuffer(both, 0, 6));
        Framed packets = late.framed(bundled);
        assertThat(packets.poll()).isNull();
        late.add(Unpooled.copiedBuffer(both, 6, 4));
        assertThat(packets.poll()).as("F-3").isEqualTo(both);
        assertThatThrownBy(() -> new ScriptedInput(both, 1)
                        .framed(EMPTY_LINE
                                .withMode(Framing.Delimiter.Mode.BUNDLED)
                                .withMaxPacket(9))
                        .receive())
                .hasMessageContaining("withMaxPacket");
    }

    @Test
    void withoutFramingItIsWhateverHasCome() throws Exception {
        assertThat(outcome(new ScriptedInput(new byte[] {1, 2, 3, 4, 5}, 2).framed(Framing.none()), Form.COPIED))
                .containsExactly("0102", "0304", "05", "end");
    }

    @Test
    void whatIsNotThereIsNotWaitedFor() throws Exception {
        var input = new ScriptedInput();
        Framed packets = input.framed(N4);
        assertThat(packets.poll()).isNull();
        input.add(Unpooled.copiedBuffer(new byte[] {0, 0, 0}));
        assertThat(packets.poll()).isNull();
        input.add(Unpooled.copiedBuffer(new byte[] {1, 9, 0, 0, 0, 0, 7}));
        assertThat(packets.poll()).isEqualTo(new byte[] {0, 0, 0, 1, 9});
        assertThat(packets.poll()).isEqualTo(new byte[4]);
        assertThat(packets.poll()).isNull();
        assertThat(input.receive(1)).isEqualTo(new byte[] {7});
    }

    @Test
    void behindAViolationNothingCanBeReceivedAndNothingIsLost() throws Exception {
        var input = new ScriptedInput(new byte[] {0, 0, 0, 0, -1, -1, -1, -1, 5, 6, 7, 8, 9}, 9);
        Framed packets = input.framed(N4);
        assertThat(packets.receive()).hasSize(4);
        var violation = failure(packets);
        assertThat(violation.reason()).isEqualTo(Reason.FRAMING);
        assertThat(violation.partial()).containsExactly(-1, -1, -1, -1, 5);
        assertThat(violation).hasMessageContaining("4294967299").hasMessageContaining("close");
        assertThat(failure(packets).reason()).isEqualTo(Reason.FRAMING);
        assertThatThrownBy(packets::poll).hasMessageContaining("close");
        assertThatThrownBy(() -> input.receive(1)).hasMessageContaining("close");
        assertThatThrownBy(() -> input.peek(1)).hasMessageContaining("close");
    }

    private static ConnectionException failure(Framed packets) {
        try {
            byte @Nullable [] packet = packets.receive();
            throw new AssertionError("a packet: " + (packet == null ? null : hex(packet)));
        } catch (ConnectionException e) {
            return e;
        }
    }

    @Test
    void memoryGrowsWithWhatComesWhateverIsAnnounced() {
        Framing boundless = N4.withMaxPacket(Integer.MAX_VALUE);
        var stream = new byte[100_000];
        ByteBuffer.wrap(stream).putInt(0, Integer.MAX_VALUE - 4);
        var input = new ScriptedInput(stream, 1000);
        assertThat(failure(input.framed(boundless)).partial()).isEqualTo(stream);
        assertThat(input.held()).isZero();
        assertThat(input.largestHeld()).isBetween(50_000, 200_000);
    }

    /** The blocks are direct, and a copy is not. */
    @Test
    void onlyThePacketThatIsCutIsCopied() throws Exception {
        byte[] packets = "1234567\n".repeat(753).getBytes(StandardCharsets.US_ASCII);
        for (Framing framing : List.of(Framing.line(), Framing.delimiter("\n"), Framing.of(_ -> 8))) {
            var input = new ScriptedInput();
            for (int at = 0; at < packets.length; at += 1004)
                input.add(Unpooled.directBuffer(1004, 1004).writeBytes(packets, at, 1004));
            var copied = new ArrayList<Boolean>();
            while (input.framed(framing).receive(packet -> copied.add(!packet.isDirect()))) {
                // until the end
            }
            assertThat(copied).hasSize(753).areExactly(3, new Condition<>(each -> each, "copied"));
        }
    }

    @Test
    void aPacketIsReadOnlyAndBeginsAtZero() throws Exception {
        var input = new ScriptedInput(new byte[] {0, 0, 0, 0, 0, 0, 0, 1, 7}, 9);
        var seen = new ArrayList<ByteBuffer>();
        input.framed(N4).receive(seen::add);
        assertThat(seen).allSatisfy(packet -> {
            assertThat(packet.isReadOnly()).isTrue();
            assertThat(packet.position()).isZero();
        });
        assertThat(seen.get(1).get(4)).isEqualTo((byte) 7);
    }

    @Test
    void aHandlerThatThrowsHasConsumedItsPacket() throws Exception {
        var input = new ScriptedInput(new byte[] {0, 0, 0, 1, 7, 0, 0, 0, 1, 8}, 3);
        Framed packets = input.framed(N4);
        assertThatThrownBy(() -> packets.receive(_ -> {
                    throw new java.io.IOException("mine");
                }))
                .hasMessage("mine");
        assertThat(packets.receive()).isEqualTo(new byte[] {0, 0, 0, 1, 8});
    }

    @Test
    void misuseIsRefused() {
        var type = LengthType.UINT16;
        List<Runnable> misuses = List.of(
                () -> Framing.delimiter(""),
                () -> Framing.lengthField(type).withOffset(-1),
                () -> Framing.lengthField(type).withOffset(65_536),
                () -> Framing.lengthField(type).withBodyOffset(-1),
                () -> Framing.lengthField(type).withBodyOffset(65_536),
                () -> Framing.lengthField(type).withMaxPacket(0),
                () -> Framing.mqtt().withMaxPacket(-1),
                () -> Framing.line().withMaxPacket(0),
                () -> Framing.delimiter("x").withMaxPacket(0),
                () -> Framing.of(_ -> 1).withMaxPacket(0),
                () -> LengthType.ofLetter('i'),
                () -> Framing.lengthField(type).head(65_534),
                () -> Framing.lengthField(type).withMaxPacket(10).head(9),
                () -> Framing.lengthField(type).head(-1));
        for (Runnable misuse : misuses) assertThatThrownBy(misuse::run).isInstanceOf(IllegalArgumentException.class);
    }

    /** Of sizes with every highest bit; what does not fit into the field is refused. */
    @Test
    void aHeadIsReadAsItWasWritten() throws Exception {
        for (LengthType type : LengthType.values()) {
            int read = 0;
            for (int body : new int[] {100, 200, 40_000, 70_000, 1 << 23}) {
                Framing.LengthField framing = Framing.lengthField(type)
                        .withOffset(3)
                        .withBodyOffset(20)
                        .withMaxPacket(1 << 24);
                byte[] head;
                try {
                    head = bytes(framing.head(body));
                } catch (IllegalArgumentException _) {
                    continue;
                }
                var packet = new byte[head.length + body];
                System.arraycopy(head, 0, packet, 0, head.length);
                assertThat(new ScriptedInput(packet, 100_000).framed(framing).receive())
                        .as("%s, %s", type, body)
                        .isEqualTo(packet);
                read++;
            }
            int bits = 8 * type.size() - (type.isSigned() ? 1 : 0);
            assertThat(read).as("%s", type).isEqualTo(bits < 8 ? 1 : bits < 16 ? 2 : bits == 16 ? 3 : 5);
        }
    }
}

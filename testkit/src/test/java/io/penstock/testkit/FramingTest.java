package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Framed}, by the reference's telling tests, over TCP. Longer with {@code -Dpenstock.marathon=}, 20 for the reference's own counts. */
@Timeout(60)
final class FramingTest {
    private static final int LAPS = Integer.getInteger("penstock.marathon", 1);
    private static final Framing.LengthField N4 =
            Framing.lengthField(LengthType.ofLetter('N')).withBodyOffset(4);
    private static final Framing.Delimiter EMPTY_LINE = Framing.delimiter("\r\n\r\n");

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Random random = new Random(Payload.SEED);
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Ends ends = ConnectionKind.tcpDialled().open(loops);

    FramingTest() throws Exception {
        leaks.watch(loops);
    }

    @AfterEach
    void close() throws Exception {
        ends.close();
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    private static byte[] packet(Framing framing, byte[] body) {
        return framing instanceof Framing.LengthField field
                ? Payload.join(field.head(body.length).array(), body)
                : Payload.join(body, Payload.bytes("\r\n\r\n"));
    }

    /** Letters, so that no delimiter is among them. */
    private byte[] body(int from, int to) {
        var body = new byte[from + random.nextInt(to - from + 1)];
        for (int i = 0; i < body.length; i++) body[i] = (byte) ('a' + random.nextInt(26));
        return body;
    }

    private Call<List<byte[]>> receiving(Framing framing, int count) {
        return ends.call(c -> {
            Framed packets = c.framed(framing);
            var got = new ArrayList<byte[]>();
            while (got.size() < count) {
                boolean more = packets.receive(packet -> {
                    var copy = new byte[packet.remaining()];
                    packet.get(copy);
                    got.add(copy);
                    return got.size() < count;
                });
                if (!more) return got;
            }
            return got;
        });
    }

    private static void expectSame(List<byte[]> expected, List<byte[]> got) {
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.size(); i++) Payload.expectSame(expected.get(i), got.get(i));
    }

    /** TT-11: many, slow, and large packets. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tt11Marathon(boolean byLength) throws Exception {
        Framing framing = byLength ? N4 : EMPTY_LINE;
        var expected = new ArrayList<byte[]>();
        for (int i = 0; i < 50 * LAPS; i++) expected.add(packet(framing, body(100, 2000)));
        int slow = expected.size();
        for (int i = 0; i < 5 * LAPS; i++) expected.add(packet(framing, body(3000, 6000)));
        int large = expected.size();
        for (int i = 0; i < 50 * LAPS; i++) expected.add(packet(framing, body(20_000, 262_144)));
        var call = receiving(framing, expected.size());
        for (int i = 0; i < expected.size(); i++) {
            boolean cut = i >= slow && i < large;
            ends.feed(expected.get(i), cut ? new Cut.At(1000 + random.nextInt(1000)) : Cut.WHOLE);
        }
        expectSame(expected, call.value());
    }

    /** TT-12: every letter. */
    @ParameterizedTest
    @ValueSource(chars = {'c', 'C', 's', 'S', 'n', 'v', 'l', 'L', 'N', 'V', 'q', 'Q', 'J', 'P'})
    void tt12Letters(char letter) throws Exception {
        LengthType type = LengthType.ofLetter(letter);
        Framing framing = Framing.lengthField(type).withBodyOffset(type.size());
        int most = letter == 'c' ? 127 : letter == 'C' ? 255 : 1000;
        var expected = new ArrayList<byte[]>();
        for (int i = 0; i < 20; i++) {
            byte[] body = body(0, most);
            ByteBuffer head = ByteBuffer.allocate(8).order(order(letter));
            switch (type.size()) {
                case 1 -> head.put((byte) body.length);
                case 2 -> head.putShort((short) body.length);
                case 4 -> head.putInt(body.length);
                default -> head.putLong(body.length);
            }
            expected.add(Payload.join(Arrays.copyOf(head.array(), type.size()), body));
        }
        var call = receiving(framing, expected.size());
        ends.feed(Payload.join(expected.toArray(byte[][]::new)), Cut.random());
        expectSame(expected, call.value());
    }

    private static ByteOrder order(char letter) {
        return "nNJ".indexOf(letter) >= 0 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    }

    /** TT-13: the edges of lengths. */
    @Test
    void tt13Edges() throws Exception {
        byte[] packet = packet(N4, body(10, 10));
        var call = receiving(N4, 3);
        for (byte[] piece : List.of(
                Arrays.copyOf(packet, 2),
                Arrays.copyOfRange(packet, 2, 6),
                Arrays.copyOfRange(packet, 6, packet.length))) {
            ends.feed(piece, Cut.WHOLE);
            long arrived = ends.connection().stats().received();
            Await.within(Duration.ofSeconds(1), () -> ends.connection().stats().received() > arrived);
        }
        byte[] empty = packet(N4, new byte[0]);
        byte[] largest = packet(N4, new byte[Framing.MAX_PACKET - 4]);
        ends.feed(Payload.join(empty, largest), Cut.WHOLE);
        expectSame(List.of(packet, empty, largest), call.value());
    }

    @Test
    void tt13OneByteMoreThanTheMaximum() throws Exception {
        expectViolation(N4, ByteBuffer.allocate(4).putInt(Framing.MAX_PACKET - 3));
    }

    @Test
    void tt13LargestIntAsLength() throws Exception {
        expectViolation(N4, ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE));
    }

    @Test
    void tt13NegativeLength() throws Exception {
        expectViolation(
                Framing.lengthField(LengthType.ofLetter('l')).withBodyOffset(4),
                ByteBuffer.allocate(4).putInt(-1));
    }

    private void expectViolation(Framing framing, ByteBuffer head) throws Exception {
        var call = ends.call(c -> Objects.requireNonNull(c.framed(framing).receive()));
        ends.feed(head.array(), Cut.WHOLE);
        assertThat(call.failing(Reason.FRAMING).partial()).isEqualTo(head.array());
    }

    /** TT-14: lengths that a function finds out. */
    @Test
    void tt14FixedSize() throws Exception {
        var call = receiving(Framing.of(beginning -> beginning.remaining() >= 2 ? 2 : 0), 500);
        byte[] stream = Payload.random(1000);
        ends.feed(stream, Cut.random());
        Payload.expectSame(stream, Payload.join(call.value().toArray(byte[][]::new)));
    }

    @Test
    void tt14ABurstOfDecimalLengths() throws Exception {
        var call = receiving(Framing.of(FramingTest::decimal), 1000);
        ends.feed("12|abcdefghijkl".repeat(1000), Cut.WHOLE);
        assertThat(call.value())
                .hasSize(1000)
                .allMatch(packet -> Payload.text(packet).equals("12|abcdefghijkl"));
    }

    private static long decimal(ByteBuffer beginning) {
        int length = 0;
        while (beginning.hasRemaining()) {
            byte next = beginning.get();
            if (next == '|') return beginning.position() + length;
            length = 10 * length + next - '0';
        }
        return 0;
    }

    /** TT-15: the beginning of a giant, a timeout, and the rest. */
    @Test
    void tt15TruncatedGiant() throws Exception {
        Framing framing = N4.withMaxPacket(4 << 20);
        byte[] packet = packet(framing, Payload.random(2 << 20));
        ends.connection().timeouts(ends.connection().timeouts().withRead(Duration.ofMillis(200)));
        Framed packets = ends.connection().framed(framing);
        ends.feed(Arrays.copyOf(packet, 5000), Cut.WHOLE);
        assertThat(ends.call(_ -> Objects.requireNonNull(packets.receive()))
                        .failing(Reason.TIMEOUT)
                        .partial())
                .isEmpty();
        assertThat(ends.connection().buffered()).isEqualTo(5000);
        ends.connection().timeouts(ends.connection().timeouts().withRead(Await.LIMIT));
        var call = ends.call(_ -> Objects.requireNonNull(packets.receive()));
        ends.feed(Arrays.copyOfRange(packet, 5000, packet.length), Cut.WHOLE);
        Payload.expectSame(packet, call.value());
    }
}

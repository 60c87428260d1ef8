package io.penstock.fuzz;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;

/**
 * Any bytes, by any framing: what is handed out does not depend on where the stream was cut, is all of it in order, and ends in one of the
 * ways that {@link Framed} names.
 */
class FramingFuzzTest {
    private static final Loops LOOPS =
            Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO));

    /** What came of one stream. */
    private record Outcome(List<String> packets, String end, byte[] bytes) {
        boolean isSameAs(Outcome other) {
            return packets.equals(other.packets) && end.equals(other.end);
        }
    }

    @AfterAll
    static void stop() {
        LOOPS.close();
    }

    @FuzzTest(maxDuration = "10m")
    void anyBytesAreCutAsTheyAreWhole(FuzzedDataProvider data) throws ConnectionException {
        Framing framing = framing(data);
        int cut = data.consumeInt(1, 4096);
        byte[] stream = data.consumeRemainingAsBytes();
        Outcome whole = receive(framing, stream, Math.max(1, stream.length), false);
        Outcome pieces = receive(framing, stream, cut, true);
        if (!whole.isSameAs(pieces)) throw new AssertionError(framing + ": " + whole + " whole, and cut " + pieces);
        if (!Arrays.equals(stream, 0, whole.bytes.length, whole.bytes, 0, whole.bytes.length)) {
            throw new AssertionError(framing + " has lost something of " + Arrays.toString(stream) + ": " + whole);
        }
        if (!whole.end.equals("FRAMING") && whole.bytes.length < stream.length) {
            throw new AssertionError(framing + " ends too early: " + whole);
        }
    }

    /** One that hands out all the bytes of its packets. */
    private static Framing framing(FuzzedDataProvider data) {
        int max = data.consumeInt(1, 5000);
        return switch (data.consumeInt(0, 3)) {
            case 0 ->
                new Framing.LengthField(
                        data.pickValue(LengthType.values()), data.consumeInt(0, 9), data.consumeInt(0, 20), max);
            case 1 -> {
                byte[] delimiter = data.consumeBytes(8);
                yield Framing.delimiter(delimiter.length == 0 ? new byte[1] : delimiter)
                        .withMaxPacket(max);
            }
            case 2 -> Framing.mqtt().withMaxPacket(max);
            default -> Framing.of(beginning -> beginning.get(0)).withMaxPacket(max);
        };
    }

    private static Outcome receive(Framing framing, byte[] stream, int piece, boolean inPlace)
            throws ConnectionException {
        var ends = Connection.pair(LOOPS.next(), LOOPS.next());
        ends.first().timeouts(Timeouts.DEFAULT.withRead(Duration.ofSeconds(5)));
        LOOPS.next().spawn("peer", () -> {
            try {
                for (int at = 0; at < stream.length; at += piece) {
                    ends.second().send(stream, at, Math.min(piece, stream.length - at));
                    ends.second().flush();
                }
                ends.second().shutdownOutput();
            } catch (ConnectionException _) {
                // the receiver has seen enough
            }
        });
        var packets = new ArrayList<String>();
        var bytes = new ByteArrayOutputStream();
        try {
            Framed framed = ends.first().framed(framing);
            while (inPlace ? handle(framed, packets, bytes) : take(framed, packets, bytes)) {
                // until the end
            }
            return new Outcome(packets, "end", bytes.toByteArray());
        } catch (ConnectionException e) {
            if (e.reason() != Reason.FRAMING && e.reason() != Reason.EOF) throw e; // a timeout above all: it hangs
            bytes.writeBytes(e.partial());
            return new Outcome(packets, e.reason().name(), bytes.toByteArray());
        } finally {
            ends.first().abort();
            ends.second().abort();
        }
    }

    private static boolean take(Framed framed, List<String> packets, ByteArrayOutputStream bytes)
            throws ConnectionException {
        byte[] packet = framed.receive();
        if (packet == null) return false;
        packets.add(Arrays.toString(packet));
        bytes.writeBytes(packet);
        return true;
    }

    private static boolean handle(Framed framed, List<String> packets, ByteArrayOutputStream bytes)
            throws ConnectionException {
        return framed.receive(each -> {
            var packet = new byte[each.remaining()];
            each.get(packet);
            packets.add(Arrays.toString(packet));
            bytes.writeBytes(packet);
            return true;
        });
    }
}

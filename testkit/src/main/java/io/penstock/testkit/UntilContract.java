package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Delimited;
import io.penstock.net.Until;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input#receiveUntil}. */
interface UntilContract extends Contract {
    @EveryCut
    default void piecesAreThoseOfTheReference(Cut cut) throws Exception {
        for (UntilVector vector : UntilVector.ALL) expect(vector, cut);
    }

    @Test
    default void itDoesNotMatterWhereTheStreamIsCut() throws Exception {
        for (UntilVector vector : UntilVector.ALL) {
            for (int place = 1; place < vector.stream().length(); place++) expect(vector, new Cut.At(place));
        }
    }

    private void expect(UntilVector vector, Cut cut) throws Exception {
        try (Ends ends = open()) {
            var results = ends.call(vector::runOn);
            ends.feed(vector.stream(), cut);
            ends.peer().halfClose();
            assertThat(results.value()).as("%s, %s", vector, cut).isEqualTo(vector.results());
        }
    }

    @EveryCut
    default void theDelimiterIsLookedForInAnyNumberOfBytes(Cut cut) throws Exception {
        Ends ends = open();
        byte[] part = Payload.random(200_000);
        byte[] delimiter = Payload.bytes("\r\n--boundary");
        byte[] stream = cut == Cut.BYTE_BY_BYTE ? Arrays.copyOf(part, 500) : part;
        var pieces = ends.call(c -> {
            var parts = c.receiveUntil(delimiter);
            return List.of(piece(parts), piece(parts), c.receiveAll());
        });
        ends.feed(Payload.join(stream, delimiter, stream, delimiter, stream), cut);
        ends.peer().halfClose();
        for (byte[] piece : pieces.value()) Payload.expectSame(stream, piece);
    }

    @Test
    default void aTimeoutKeepsWhatHasMatched() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withRead(TimeoutContract.SHORT));
        var pieces = ends.connection().receiveUntil("--abc");
        ends.feed("foo--ab", Cut.WHOLE);
        ConnectionException failure = ends.call(_ -> piece(pieces)).failing(Reason.TIMEOUT);
        assertThat(failure.partial()).isEqualTo(Payload.bytes("foo"));
        assertThat(failure.phase()).isEqualTo(Phase.READ);
        assertThat(ends.connection().buffered()).isEqualTo(4);
        ends.feed("cXYZ\n", Cut.WHOLE);
        assertThat(ends.call(_ -> piece(pieces)).value()).isEmpty();
        assertThat(ends.call(c -> c.receiveLine()).value()).isEqualTo("XYZ");
    }

    /** The peer's issue 066#25 for each way to receive, after a timeout: what has matched is in nobody's way. */
    @Test
    default void anyOtherMethodReceivesWhatHasMatched() throws Exception {
        List<Ends.Operation<String>> others = List.of(
                c -> Payload.text(c.receive(2)),
                c -> c.receiveLine(),
                c -> Payload.text(c.receiveAll()),
                c -> Payload.text(c.receiveAny(9)),
                c -> Payload.text(c.peek(3)),
                c -> {
                    c.unread(ByteBuffer.wrap(Payload.bytes("<")));
                    return Payload.text(c.receive(2));
                },
                c -> new String(c.inputStream().readNBytes(2), java.nio.charset.StandardCharsets.UTF_8),
                c -> {
                    var recorder = new TransferContract.Recorder();
                    c.transferTo(recorder);
                    return Payload.text(recorder.bytes());
                },
                c -> Payload.text(piece(c.receiveUntil("b"))),
                c -> Payload.text(Objects.requireNonNull(c.receiveUntil("--abc").next(4))));
        List<String> results = List.of("--", "--ab|", "--ab|\n", "--ab", "--a", "<-", "--", "--ab|\n", "--a", "--ab");
        for (int i = 0; i < others.size(); i++) {
            var other = others.get(i);
            try (Ends ends = open()) {
                ends.connection().timeouts(ends.connection().timeouts().withRead(Duration.ofMillis(50)));
                ends.feed("foo--ab", Cut.WHOLE);
                Await.until("it is there", () -> ends.connection().buffered() == 7);
                var call = ends.call(c -> {
                    var pieces = c.receiveUntil("--abc");
                    assertThatThrownBy(() -> pieces.next()).isInstanceOf(ConnectionException.class);
                    c.timeouts(c.timeouts().withRead(Await.LIMIT));
                    ends.peer().send(Payload.bytes("|\n"));
                    ends.peer().halfClose();
                    return other.on(c);
                });
                if (i == 3) assertThat(call.value()).startsWith(results.get(i));
                else assertThat(call.value()).as("method %s", i).isEqualTo(results.get(i));
            }
        }
    }

    @Test
    default void aPieceMayBeAsLongAsItsLimit() throws Exception {
        Ends ends = open();
        ends.feed("12345--12345--", Cut.WHOLE);
        var options = Until.INCLUSIVE.withLimit(5);
        var pieces = ends.connection().receiveUntil(Payload.bytes("--"), options);
        for (int i = 0; i < 2; i++)
            assertThat(ends.call(_ -> piece(pieces)).value()).isEqualTo(Payload.bytes("12345--"));
    }

    @EveryCut
    default void aLongerPieceIsTooLongAndNothingOfItIsLost(Cut cut) throws Exception {
        Ends ends = open();
        var pieces = ends.connection().receiveUntil(Payload.bytes("--abc"), Until.DEFAULT.withLimit(5));
        var call = ends.call(_ -> piece(pieces));
        ends.feed("1234--ab56--abc", cut);
        assertThat(call.failing(Reason.TOO_LONG).partial()).isEqualTo(Payload.bytes("1234-"));
        assertThat(ends.call(_ -> piece(pieces)).value()).isEqualTo(Payload.bytes("-ab56"));
    }

    @EveryCut
    default void aLongPieceIsReceivedInPartsWhateverTheLimit(Cut cut) throws Exception {
        Ends ends = open();
        var pieces = ends.connection().receiveUntil(Payload.bytes("--abc"), Until.DEFAULT.withLimit(2));
        var parts = ends.call(_ -> {
            var got = new ArrayList<String>();
            for (byte[] part = pieces.next(4); part != null; part = pieces.next(4)) got.add(Payload.text(part));
            return got;
        });
        ends.feed("12345678901--abc", cut);
        assertThat(parts.value()).containsExactly("1234", "5678", "901");
    }

    @Test
    default void makingAnIteratorIsPossibleInAnyState() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(2)).parked();
        var pieces = ends.connection().receiveUntil("x");
        ends.call(_ -> piece(pieces)).failing(Reason.BUSY_READING);
        ends.feed("ab", Cut.WHOLE);
        assertThat(reader.value()).isEqualTo(Payload.bytes("ab"));
        ends.connection().abort();
        ends.connection().receiveUntil("y");
        ends.call(_ -> piece(pieces)).failing(Reason.CLOSED);
        assertThatThrownBy(() -> ends.connection().receiveUntil(new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static byte[] piece(Delimited pieces) throws ConnectionException {
        return Objects.requireNonNull(pieces.next());
    }
}

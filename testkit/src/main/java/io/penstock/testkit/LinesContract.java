package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input#receiveLine}: line ends, limits, text. */
interface LinesContract extends Contract {
    @EveryCut
    default void linesEndWithLfOrCrLf(Cut cut) throws Exception {
        Ends ends = open();
        var lines = ends.call(
                c -> List.of(c.receiveLine(), c.receiveLine(), c.receiveLine(), c.receiveLine(), c.receiveLine()));
        ends.feed("a\r\nbc\n\r\n\nlast\r\n", cut);
        assertThat(lines.value()).containsExactly("a", "bc", "", "", "last");
    }

    @EveryCut
    default void aLoneCarriageReturnIsPartOfItsLine(Cut cut) throws Exception {
        Ends ends = open();
        var lines = ends.call(c -> List.of(c.receiveLine(), c.receiveLine()));
        ends.feed("a\rb\r\r\n\rc\n", cut);
        assertThat(lines.value()).containsExactly("a\rb\r", "\rc");
    }

    @EveryCut
    default void theEndBeforeALineEndIsAFailureThatCarriesTheBeginning(Cut cut) throws Exception {
        Ends ends = open();
        var first = ends.call(Connection::receiveLine);
        ends.feed("whole\nbroken\r", cut);
        ends.peer().halfClose();
        assertThat(first.value()).isEqualTo("whole");
        assertThat(ends.call(Connection::receiveLine).failing(Reason.EOF).partial())
                .isEqualTo(Payload.bytes("broken\r"));
        assertThat(ends.call(Connection::receiveLine).failing(Reason.EOF).partial())
                .isEmpty();
    }

    @EveryCut
    default void aLineMayBeAsLongAsItsLimit(Cut cut) throws Exception {
        Ends ends = open();
        var lines = ends.call(c -> List.of(c.receiveLine(5), c.receiveLine(5), c.receiveLine(0), c.receiveLine(0)));
        ends.feed("12345\n12345\r\n\n\r\n", cut);
        assertThat(lines.value()).containsExactly("12345", "12345", "", "");
    }

    @EveryCut
    default void aLongerLineIsTooLongAndNothingOfItIsLost(Cut cut) throws Exception {
        for (String stream : List.of("123456\n", "123456\r\n", "12345\r6\n", "123456789", "1234567890\nx")) {
            Ends ends = open();
            var call = ends.call(c -> c.receiveLine(5));
            ends.feed(stream, cut);
            ends.peer().halfClose();
            ConnectionException failure = call.failing(Reason.TOO_LONG);
            assertThat(failure.partial()).hasSizeBetween(5, 6);
            byte[] rest = ends.call(Connection::receiveAll).value();
            assertThat(Payload.text(Payload.join(failure.partial(), rest))).isEqualTo(stream);
        }
    }

    @Test
    default void theLimitOfALineIs64KibibytesUnlessGiven() throws Exception {
        String longest = "x".repeat(Connection.LINE_LIMIT);
        Ends ends = open();
        var call = ends.call(Connection::receiveLine);
        ends.feed(longest + "\r\n", Cut.random());
        assertThat(call.value()).isEqualTo(longest);
        var tooLong = ends.call(Connection::receiveLine);
        ends.feed(longest + "y\r\n", Cut.random());
        assertThat(tooLong.failing(Reason.TOO_LONG).partial())
                .hasSizeBetween(Connection.LINE_LIMIT, Connection.LINE_LIMIT + 1);
    }

    @EveryCut
    default void aLineIsUtf8EvenWhereItsCharactersAreCut(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(Connection::receiveLine);
        ends.feed("Grüße, 世界 \uD83C\uDF0A\r\n", cut);
        assertThat(call.value()).isEqualTo("Grüße, 世界 \uD83C\uDF0A");
    }

    @EveryCut
    default void aLineThatIsNotUtf8IsMalformedAndTheNextOneIsNot(Cut cut) throws Exception {
        Ends ends = open();
        byte[] bad = {'a', (byte) 0xc3, 0x28, (byte) 0xff};
        var call = ends.call(Connection::receiveLine);
        ends.feed(Payload.join(bad, Payload.bytes("\nnext\n")), cut);
        assertThat(call.failing(Reason.MALFORMED).partial()).isEqualTo(bad);
        assertThat(ends.call(Connection::receiveLine).value()).isEqualTo("next");
    }
}

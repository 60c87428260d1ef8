package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Timeouts;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** {@link Timeouts} and {@link io.penstock.net.Deadline}. */
interface TimeoutContract extends Contract {
    /** Long enough for bytes that were sent before to arrive on a busy machine. */
    Duration SHORT = Duration.ofMillis(150);

    private static void readTimeout(Ends ends, Duration limit) {
        ends.connection().timeouts(ends.connection().timeouts().withRead(limit));
    }

    private static void writeTimeout(Ends ends, Duration limit) {
        ends.connection().timeouts(ends.connection().timeouts().withWrite(limit));
    }

    @Test
    default void timeoutsAreThoseThatWereSet() throws Exception {
        Connection connection = open().connection();
        var timeouts = Timeouts.of(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3));
        connection.timeouts(timeouts);
        assertThat(connection.timeouts()).isEqualTo(timeouts);
    }

    @EveryCut
    default void aReadTimeoutCarriesWhatCameAndTheStreamGoesOnBehindIt(Cut cut) throws Exception {
        Ends ends = open();
        readTimeout(ends, SHORT);
        ends.feed("2\r\nhi\r\n", cut);
        var call = ends.call(c -> c.receive(100));
        ConnectionException failure = call.failing(Reason.TIMEOUT);
        assertThat(failure.partial()).isEqualTo(Payload.bytes("2\r\nhi\r\n"));
        assertThat(failure.phase()).isEqualTo(Phase.READ);
        assertThat(call.took()).isBetween(SHORT.minusMillis(5), Duration.ofSeconds(5));
        assertThat(ends.connection().isOpen()).isTrue();
        readTimeout(ends, Await.LIMIT);
        var rest = ends.call(c -> c.receiveLine() + "|" + c.receiveLine());
        ends.feed("5\r\nworld\r\n", cut);
        assertThat(rest.value()).isEqualTo("5|world");
    }

    @Test
    default void aLineThatTimesOutCarriesItsBeginning() throws Exception {
        Ends ends = open();
        readTimeout(ends, SHORT);
        ends.feed("abc\r", Cut.WHOLE);
        assertThat(ends.call(Connection::receiveLine).failing(Reason.TIMEOUT).partial())
                .isEqualTo(Payload.bytes("abc\r"));
        ends.feed("\ndef\n", Cut.WHOLE);
        assertThat(ends.call(Connection::receiveLine).value()).isEmpty();
        assertThat(ends.call(Connection::receiveLine).value()).isEqualTo("def");
    }

    @Test
    default void everyReceivingMethodTimesOut() throws Exception {
        Ends ends = open();
        readTimeout(ends, Duration.ofMillis(30));
        assertThat(ends.call(c -> c.receiveAny(5)).failing(Reason.TIMEOUT).partial())
                .isEmpty();
        assertThat(ends.call(c -> c.read(ByteBuffer.allocate(5)))
                        .failing(Reason.TIMEOUT)
                        .partial())
                .isEmpty();
        assertThat(ends.call(c -> c.inputStream().read())
                        .failing(Reason.TIMEOUT)
                        .partial())
                .isEmpty();
        readTimeout(ends, SHORT);
        ends.feed("all", Cut.WHOLE);
        assertThat(ends.call(Connection::receiveAll).failing(Reason.TIMEOUT).partial())
                .isEqualTo(Payload.bytes("all"));
    }

    @Test
    default void aPeekThatTimesOutHasConsumedNothing() throws Exception {
        Ends ends = open();
        readTimeout(ends, SHORT);
        ends.feed("foo", Cut.WHOLE);
        assertThat(ends.call(c -> c.peek(10)).failing(Reason.TIMEOUT).partial()).isEmpty();
        assertThat(ends.call(c -> c.receive(3)).value()).isEqualTo(Payload.bytes("foo"));
    }

    @Test
    default void aPeerThatIsSlowButMovesDoesNotTimeOut() throws Exception {
        Ends ends = open();
        Duration limit = Duration.ofMillis(1500);
        readTimeout(ends, limit);
        var call = ends.call(c -> c.receive(5));
        ends.trickle("bytes", Duration.ofMillis(450));
        assertThat(call.value()).isEqualTo(Payload.bytes("bytes"));
        assertThat(call.took()).isGreaterThan(limit);
    }

    @Test
    default void noTimeoutIsNoTimeout() throws Exception {
        Ends ends = open();
        readTimeout(ends, Duration.ZERO);
        var call = ends.call(c -> c.receive(1));
        ends.feedAfter(SHORT, "x");
        assertThat(call.value()).isEqualTo(Payload.bytes("x"));
    }

    @Test
    default void anOperationThatWaitsKeepsItsTimeout() throws Exception {
        Ends ends = open();
        var patient = ends.call(c -> c.receive(1)).parked();
        readTimeout(ends, Duration.ofMillis(20));
        ends.feedAfter(SHORT, "x");
        assertThat(patient.value()).isEqualTo(Payload.bytes("x"));
        readTimeout(ends, SHORT);
        var hasty = ends.call(c -> c.receive(1)).parked();
        readTimeout(ends, Duration.ZERO);
        hasty.failing(Reason.TIMEOUT);
    }

    @Test
    default void anOperationThatHasReceivedSomethingKeepsItsTimeoutToo() throws Exception {
        Ends ends = open();
        var patient = ends.call(c -> c.receive(2)).parked();
        readTimeout(ends, Duration.ofMillis(20));
        ends.feed("x", Cut.WHOLE);
        ends.feedAfter(SHORT, "y");
        assertThat(patient.value()).isEqualTo(Payload.bytes("xy"));
    }

    @Test
    default void theTimeBetweenOperationsDoesNotCount() throws Exception {
        Ends ends = open();
        readTimeout(ends, SHORT);
        ends.feed("a", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("a"));
        assertThat(Await.stays(SHORT.multipliedBy(2), ends.connection()::isOpen))
                .isTrue();
        ends.feed("b", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("b"));
    }

    @Test
    default void aPeerThatTakesNothingTimesTheSenderOut() throws Exception {
        Ends ends = open();
        writeTimeout(ends, SHORT);
        var sent = new Stream();
        var call = ends.act(c -> {
            while (true) c.send(sent.next(16 * 1024));
        });
        ConnectionException failure = call.failing(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.WRITE);
        // the other half is not concerned
        ends.feed("hello", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(5)).value()).isEqualTo(Payload.bytes("hello"));
        ends.connection().abort();
        var arrived = new Stream();
        arrived.check(ends.peer().readUntilGone());
        assertThat(arrived.position()).isLessThanOrEqualTo(sent.position());
    }

    @Test
    default void aPeerThatTakesALittleAtATimeDoesNotTimeTheSenderOut() throws Exception {
        Ends ends = open();
        Duration limit = Duration.ofSeconds(1);
        writeTimeout(ends, limit);
        int step = kind().abortsAsReset() && !kind().isTcp() ? 256 * 1024 : 2 << 20;
        int steps = 12;
        var sending = ends.act(c -> {
            var stream = new Stream();
            for (int i = 0; i < steps * step / 65_536; i++) c.send(stream.next(65_536));
            c.flush();
        });
        sending.parked(); // a peer that takes before there is something would find it all at once
        for (int i = 1; i <= steps; i++) {
            Ends.after(Duration.ofMillis(200L * i), () -> ends.peer().read(step));
        }
        sending.value();
        assertThat(sending.took()).isGreaterThan(limit);
    }

    @Test
    default void aDeadlineBoundsAnOperationHoweverItTrickles() throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            try (var _ = c.deadline(Duration.ofMillis(300))) {
                return c.receive(1000);
            }
        });
        ends.trickle("abcdefghijklmnopqrstuvwxyz", Duration.ofMillis(40));
        byte[] partial = call.failing(Reason.TIMEOUT).partial();
        assertThat(call.took()).isBetween(Duration.ofMillis(295), Duration.ofSeconds(5));
        assertThat("abcdefghijklmnopqrstuvwxyz").startsWith(Payload.text(partial));
        int got = partial.length;
        assertThat(Payload.text(ends.call(c -> c.receive(26 - got)).value()))
                .isEqualTo("abcdefghijklmnopqrstuvwxyz".substring(got));
    }

    @Test
    default void aDeadlineBoundsManyOperationsTogether() throws Exception {
        Ends ends = open();
        var call = ends.act(c -> {
            var deadline = c.deadline(Duration.ofMillis(300));
            assertThat(deadline.remaining()).isBetween(Duration.ZERO, Duration.ofMillis(300));
            try {
                for (int i = 0; i < 26; i++) c.receive(1);
            } finally {
                assertThat(deadline.remaining()).isLessThanOrEqualTo(Duration.ZERO);
                deadline.close();
                deadline.close();
            }
        });
        ends.trickle("abcdefghijklmnopqrstuvwxyz", Duration.ofMillis(40));
        call.failing(Reason.TIMEOUT);
        assertThat(call.took()).isBetween(Duration.ofMillis(295), Duration.ofSeconds(5));
    }

    @Test
    default void aDeadlineThatIsLiftedBoundsNothing() throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            c.deadline(Duration.ofMillis(50)).close();
            return c.receive(1);
        });
        ends.feedAfter(SHORT, "x");
        assertThat(call.value()).isEqualTo(Payload.bytes("x"));
    }

    @Test
    default void aNewDeadlineReplacesTheOldOne() throws Exception {
        Ends ends = open();
        var longer = ends.call(c -> {
            c.deadline(Duration.ofMillis(50));
            c.deadline(Await.LIMIT);
            return c.receive(1);
        });
        ends.feedAfter(SHORT, "x");
        assertThat(longer.value()).isEqualTo(Payload.bytes("x"));
        var shorter = ends.call(c -> {
            var replaced = c.deadline(Await.LIMIT);
            try (var _ = c.deadline(SHORT)) {
                replaced.close();
                return c.receive(1);
            }
        });
        shorter.failing(Reason.TIMEOUT);
        assertThat(shorter.took()).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    default void aDeadlineBoundsSendingToo() throws Exception {
        Ends ends = open();
        var call = ends.act(c -> {
            var deadline = c.deadline(Duration.ofMillis(300));
            try {
                while (true) c.send(new byte[16 * 1024]);
            } finally {
                deadline.close();
            }
        });
        assertThat(call.failing(Reason.TIMEOUT).phase()).isEqualTo(Phase.WRITE);
        assertThat(call.took()).isBetween(Duration.ofMillis(295), Duration.ofSeconds(5));
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What OpenResty's cosockets promise about their halves, and which call may be made while another one waits; each test is named by the
 * peer's own, where there is one. What is different here is said in {@link Connection}.
 */
interface RulesContract extends Contract {
    private static void timeouts(Ends ends, Duration read, Duration write) {
        ends.connection().timeouts(ends.connection().timeouts().withRead(read).withWrite(write));
    }

    // ---- the reading half

    @EveryCut
    @DisplayName("check 1 (058#2): the end cuts a line, which is partial")
    default void theEndCutsALine(Cut cut) throws Exception {
        Ends ends = open();
        var line = ends.call(Connection::receiveLine);
        ends.feed("foo", cut);
        ends.peer().close();
        assertThat(line.failing(Reason.EOF).partial()).isEqualTo(Payload.bytes("foo"));
    }

    @EveryCut
    @DisplayName("check 2 (058#13): ten pieces, a rest at the end, and the end again")
    default void tenPiecesAndARest(Cut cut) throws Exception {
        Ends ends = open();
        String reply = "x".repeat(100) + "o\n";
        var pieces = ends.call(c -> {
            for (int i = 0; i < 10; i++) assertThat(c.receive(10)).hasSize(10);
            return c.receive(10);
        });
        ends.feed(reply, cut);
        ends.peer().close();
        assertThat(pieces.failing(Reason.EOF).partial()).isEqualTo(Payload.bytes("o\n"));
        for (int i = 0; i < 2; i++) {
            assertThat(ends.call(c -> c.receive(10)).failing(Reason.EOF).partial())
                    .isEmpty();
        }
    }

    @Test
    @DisplayName("check 3 (058#37): a read goes on behind the partial bytes of one that timed out")
    default void aReadGoesOnBehindATimeout() throws Exception {
        Ends ends = open();
        timeouts(ends, TimeoutContract.SHORT, Await.LIMIT);
        ends.feed("2\r\nhi\r\n", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(100)).failing(Reason.TIMEOUT).partial())
                .isEqualTo(Payload.bytes("2\r\nhi\r\n"));
        ends.feed("5\r\nworld\r\n", Cut.WHOLE);
        assertThat(ends.call(Connection::receiveLine).value()).isEqualTo("5");
        assertThat(ends.call(Connection::receiveLine).value()).isEqualTo("world");
        ends.act(c -> c.send("sending, too")).value();
        assertThat(ends.peer().read(12)).isEqualTo(Payload.bytes("sending, too"));
    }

    @Test
    @DisplayName("check 4 (058#66): the end of the peer's output ends reading and nothing else")
    default void theEndOfTheStreamEndsReadingOnly() throws Exception {
        Ends ends = open();
        ends.peer().halfClose();
        ends.call(c -> c.receiveAny(10)).failing(Reason.EOF);
        assertThat(ends.connection().isOpen()).isEqualTo(kind().halfCloses());
        if (!kind().halfCloses()) {
            ends.call(c -> c.send(new byte[32])).failing(Reason.CLOSED);
            return;
        }
        assertThat(ends.call(c -> c.send(new byte[32])).value()).isEqualTo(32);
        assertThat(ends.peer().read(32)).hasSize(32);
    }

    @Test
    @DisplayName("check 5 (128#4): a writer goes on while the reader gets the end")
    default void aWriterGoesOnBehindTheEnd() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receiveAny(10)).parked();
        ends.peer().halfClose();
        reader.failing(Reason.EOF);
        if (!kind().halfCloses()) {
            ends.act(c -> c.send("x")).failing(Reason.CLOSED);
            return;
        }
        for (int i = 0; i < 11; i++) ends.act(c -> c.send("x")).value();
        assertThat(ends.peer().read(11)).isEqualTo(Payload.bytes("xxxxxxxxxxx"));
        ends.act(Connection::close).value();
        ends.peer().expectEnd();
    }

    @Test
    @DisplayName("(128#3): what was received before sending failed can be read")
    default void aFailureToSendLeavesWhatHasCome() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    c.send("unread");
                    c.flush();
                })
                .value();
        ends.feed("OK!", Cut.WHOLE);
        Await.until("it has come", () -> ends.received() == 3);
        ends.peer().close();
        ends.act(c -> {
                    while (true) {
                        c.send("rejected");
                        c.flush();
                    }
                })
                .failing(kind().halfCloses() ? Reason.RESET : Reason.CLOSED);
        assertThat(ends.call(c -> c.receive(3)).value()).isEqualTo(Payload.bytes("OK!"));
    }

    @Test
    default void aResetEndsBothHalvesAndStaysTheReason() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> {
            c.send("unread");
            c.flush();
            return c.receive(100);
        });
        Await.until("something is unread", () -> ends.sent() == 6);
        reader.parked();
        ends.peer().reset();
        reader.failing(Reason.RESET);
        ends.call(c -> c.receive(1)).failing(Reason.RESET);
        ends.act(c -> {
                    while (true) {
                        c.send("x");
                        c.flush();
                    }
                })
                .failing(Reason.RESET);
    }

    // ---- the writing half

    @Test
    @DisplayName("checks 8 and 9 (065#18, #22): a send that times out ends sending, and reading goes on")
    default void aSendThatTimesOutEndsSendingOnly() throws Exception {
        Ends ends = open();
        timeouts(ends, Await.LIMIT, Duration.ofMillis(400));
        // one operation, which keeps its timeout however long it takes until nothing moves any more
        var writer = ends.act(c -> c.send(new byte[(int) kind().mostUnderWay() * 2]));
        BackPressureContract.settled(() -> ends.sent());
        writer.parked();
        ends.act(c -> c.send("x")).failing(Reason.BUSY_WRITING);
        ends.act(Connection::flush).failing(Reason.BUSY_WRITING);
        assertThat(ends.connection().stats().reused()).isZero();
        timeouts(ends, Duration.ofMillis(1), Await.LIMIT);
        ends.call(c -> c.receive(1)).failing(Reason.TIMEOUT);
        writer.failing(Reason.TIMEOUT);
        for (int i = 0; i < 2; i++) {
            assertThat(ends.act(c -> c.send("x")).failing(Reason.CLOSED)).hasMessageContaining("timed out");
        }
        timeouts(ends, Await.LIMIT, Await.LIMIT);
        assertThat(ends.connection().isOpen()).isTrue();
        ends.feed("still read", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(10)).value()).isEqualTo(Payload.bytes("still read"));
        ends.connection().abort();
        ends.peer().readUntilGone();
    }

    @Test
    default void aSendThatFailsTellsHowMuchHasLeft() throws Exception {
        Ends ends = open();
        timeouts(ends, Await.LIMIT, TimeoutContract.SHORT);
        byte[] all = Payload.random((int) kind().mostUnderWay() * 2);
        ends.act(c -> {
                    c.send("before");
                    c.flush();
                })
                .value();
        for (Ends.Act send : List.<Ends.Act>of(c -> c.send(all), Connection::flush, c -> c.send("x"))) {
            ConnectionException failure = ends.act(send).throwing(ConnectionException.class);
            if (failure.reason() == Reason.CLOSED) {
                assertThat(failure.sent()).isZero();
                continue;
            }
            assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(failure.sent()).isBetween(1L, all.length - 1L);
            byte[] arrived = ends.peer().read(6 + (int) failure.sent());
            byte[] expected = Payload.join(Payload.bytes("before"), java.util.Arrays.copyOf(all, (int) failure.sent()));
            Payload.expectSame(expected, arrived);
        }
        ends.connection().abort();
        ends.peer().readUntilGone();
    }

    // ---- one reader and one writer

    @Test
    @DisplayName("check 6 (128#7, #8): everything but another read is possible while one waits")
    default void everythingButReadingIsPossibleWhileAReadWaits() throws Exception {
        Ends ends = open();
        var pieces = ends.connection().receiveUntil("--");
        var reader = ends.call(_ -> Objects.requireNonNull(pieces.next())).parked();
        for (Ends.Act act : List.<Ends.Act>of(
                c -> c.receive(1),
                Connection::receiveLine,
                c -> c.receiveAny(1),
                c -> pieces.next(),
                c -> c.receiveUntil("x").next(1),
                c -> c.unread(ByteBuffer.allocate(1)))) {
            ends.act(act).failing(Reason.BUSY_READING);
        }
        assertThat(ends.call(c -> c.send("send ok 9")).value()).isEqualTo(9);
        assertThat(ends.peer().read(9)).hasSize(9);
        allowedInAnyState(ends);
        ends.feed("done--", Cut.WHOLE);
        assertThat(reader.value()).isEqualTo(Payload.bytes("done"));
    }

    @Test
    default void everythingButWritingIsPossibleWhileAWriteWaits() throws Exception {
        Ends ends = open();
        var writer = ends.act(c -> c.send(new byte[(int) kind().mostUnderWay() * 2])); // one that is never done
        BackPressureContract.settled(() -> ends.sent());
        writer.parked();
        allowedInAnyState(ends);
        ends.feed("line\n", Cut.WHOLE);
        assertThat(ends.call(Connection::receiveLine).value()).isEqualTo("line");
        // not as the peer, which refuses: the writer is told, and the other side cannot take what it has got for the
        // whole
        ends.act(Connection::close).value();
        writer.failing(Reason.CLOSED);
        if (kind().abortsAsReset()) ends.peer().expectReset();
    }

    private void allowedInAnyState(Ends ends) throws Exception {
        Connection connection = ends.connection();
        connection.receiveUntil("y");
        connection.timeouts(connection.timeouts());
        connection.deadline(Await.LIMIT).close();
        assertThat(connection.stats().reused()).isZero();
        assertThat(connection.buffered()).isNotNegative();
        if (kind().isTcp()) connection.option(StandardSocketOptions.TCP_NODELAY, true);
    }

    @Test
    @DisplayName("(128#2, 131#1): reads that time out do not disturb a writer")
    default void timeoutsOfAReaderDoNotDisturbAWriter() throws Exception {
        Ends ends = open();
        timeouts(ends, Duration.ofMillis(1), Await.LIMIT);
        var writer = ends.act(c -> {
            for (int i = 0; i < 100; i++) {
                c.send("x");
                c.flush();
            }
        });
        for (int i = 0; i < 20; i++) ends.call(c -> c.receive(1)).failing(Reason.TIMEOUT);
        writer.value();
        assertThat(ends.peer().read(100)).hasSize(100);
    }

    // ---- timeouts

    @Test
    @DisplayName("(147#6): a read that makes progress keeps the timeout that it began with")
    default void aReadKeepsItsTimeoutWhenBytesCome() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(3)).parked();
        timeouts(ends, Duration.ofMillis(20), Await.LIMIT);
        ends.trickle("abc", TimeoutContract.SHORT);
        assertThat(reader.value()).isEqualTo(Payload.bytes("abc"));
    }

    @Test
    default void aWriteKeepsItsTimeoutWhenBytesLeave() throws Exception {
        Ends ends = open();
        var arrived = new Stream();
        byte[] all = new Stream().next(4 * (int) kind().mostUnderWay());
        var writer = ends.act(c -> {
            c.send(all);
            c.shutdownOutput();
        });
        BackPressureContract.settled(() -> ends.sent());
        writer.parked();
        timeouts(ends, Await.LIMIT, Duration.ofMillis(20));
        arrived.check(ends.peer().read(all.length / 4));
        BackPressureContract.settled(() -> ends.sent());
        assertThat(writer.isDone()).isFalse();
        arrived.check(ends.peer().readAll());
        writer.value();
        assertThat(arrived.position()).isEqualTo(all.length);
    }

    @Test
    default void aDeadlineBoundsEveryReadThatTrickles() throws Exception {
        List<Ends.Act> acts = List.of(
                Connection::receiveLine,
                Connection::receiveAll,
                c -> c.receiveUntil("--").next(),
                c -> c.receiveUntil("--").next(100),
                c -> c.peek(100));
        for (Ends.Act act : acts) {
            Ends ends = open();
            var call = ends.act(c -> {
                try (var _ = c.deadline(Duration.ofMillis(200))) {
                    act.on(c);
                }
            });
            ends.trickle("abcdefghijklmnopqrstuvwxyz", Duration.ofMillis(30));
            call.failing(Reason.TIMEOUT);
            assertThat(call.took()).isBetween(Duration.ofMillis(195), Duration.ofSeconds(5));
        }
    }

    @Test
    @DisplayName("check 11 (071#2-4): no timer runs between operations")
    default void noTimerRunsBetweenOperations() throws Exception {
        Ends ends = open();
        timeouts(ends, TimeoutContract.SHORT, TimeoutContract.SHORT);
        ends.feed("hello", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(5)).value()).hasSize(5);
        ends.act(c -> c.send("hello")).value();
        assertThat(Await.stays(TimeoutContract.SHORT.multipliedBy(2), ends.connection()::isOpen))
                .isTrue();
        assertThat(ends.call(c -> c.send("hello world")).value()).isEqualTo(11);
        assertThat(ends.peer().read(16)).isEqualTo(Payload.bytes("hellohello world"));
    }
}

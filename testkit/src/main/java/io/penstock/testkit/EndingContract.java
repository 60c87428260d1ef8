package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.KeepAlive;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The endings of a {@link Connection}: half, half, in order, and at once. */
interface EndingContract extends Contract {
    private void expectAborted(Ends ends) {
        if (kind().abortsAsReset()) ends.peer().expectReset();
        else ends.peer().readUntilGone();
    }

    @Test
    default void endingTheOutputDeliversEverythingAndLeavesTheInput() throws Exception {
        Ends ends = open();
        byte[] body = Payload.random(1 << 20);
        var call = ends.act(c -> {
            c.send(body);
            c.shutdownOutput();
            c.shutdownOutput();
        });
        assertThat(ends.peer().readAll()).isEqualTo(body);
        call.value();
        assertThat(ends.connection().isOpen()).isTrue();
        ends.feed("reply", Cut.WHOLE);
        ends.peer().halfClose();
        assertThat(ends.call(Connection::receiveAll).value()).isEqualTo(Payload.bytes("reply"));
    }

    @Test
    default void nothingCanBeSentAfterTheOutputHasEnded() throws Exception {
        Ends ends = open();
        ends.act(Connection::shutdownOutput).value();
        assertThat(ends.act(c -> c.send("x")).failing(Reason.CLOSED)).hasMessageContaining("the output is closed");
        ends.act(c -> c.send(ByteBuffer.allocate(1))).failing(Reason.CLOSED);
        ends.peer().expectEnd();
        ends.connection().close();
        assertThat(ends.act(c -> c.send("x")).failing(Reason.CLOSED)).hasMessageContaining("the connection is closed");
    }

    @EveryCut
    default void aPeerThatHasEndedItsOutputCanStillBeSentTo(Cut cut) throws Exception {
        Ends ends = open();
        ends.feed("request", cut);
        ends.peer().halfClose();
        if (!kind().halfCloses()) {
            refusesToReply(ends);
            return;
        }
        var call = ends.call(c -> {
            String request = Payload.text(c.receiveAll());
            assertThat(c.isOpen()).isTrue();
            for (byte[] piece : cut.pieces(Payload.bytes("a reply to " + request))) {
                c.send(piece);
                c.flush();
            }
            c.shutdownOutput();
            return request;
        });
        assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("a reply to request"));
        assertThat(call.value()).isEqualTo("request");
    }

    /** What a kind does that cannot half-close. */
    private static void refusesToReply(Ends ends) {
        assertThat(ends.call(c -> Payload.text(c.receiveAll())).value()).isEqualTo("request");
        ends.call(c -> c.send("a reply")).failing(Reason.CLOSED);
        assertThat(ends.connection().isOpen()).isFalse();
    }

    @Test
    default void aLongReplyReachesAPeerThatHasEndedItsOutput() throws Exception {
        Ends ends = open();
        long total = kind().mostUnderWay();
        ends.peer().send(Payload.bytes("request"));
        ends.peer().halfClose();
        if (!kind().halfCloses()) {
            refusesToReply(ends);
            return;
        }
        var replying = ends.call(c -> {
            String request = Payload.text(c.receiveAll());
            var stream = new Stream();
            while (stream.position() < total) c.send(stream.next(64 * 1024));
            c.close();
            return request;
        });
        BackPressureContract.settled(() -> ends.sent());
        replying.parked();
        var expected = new Stream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(total);
        assertThat(replying.value()).isEqualTo("request");
    }

    @Test
    default void aConnectionIsNoLongerOpenWhenBothHalvesHaveEnded() throws Exception {
        Ends ends = open();
        assertThat(ends.connection().isOpen()).isTrue();
        ends.peer().halfClose();
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
        assertThat(ends.connection().isOpen()).isEqualTo(kind().halfCloses());
        ends.act(Connection::shutdownOutput).value();
        Await.until("the connection has ended", () -> !ends.connection().isOpen());
        ends.peer().expectEnd();
    }

    @Test
    default void endingTheInputDropsWhatCameAndWhatComes() throws Exception {
        Ends ends = open();
        ends.feed("dropped", Cut.WHOLE);
        assertThat(ends.call(c -> c.peek(1)).value().remaining()).isEqualTo(1);
        ends.act(c -> {
                    c.shutdownInput();
                    c.shutdownInput();
                    assertThat(c.buffered()).isZero();
                })
                .value();
        ends.call(c -> c.receive(1)).failing(Reason.CLOSED);
        ends.peer().send(new byte[1000]);
        ends.act(c -> c.send("still sending")).value();
        assertThat(ends.peer().read(13)).isEqualTo(Payload.bytes("still sending"));
        ends.call(Connection::receiveAll).failing(Reason.CLOSED);
        assertThat(ends.connection().isOpen()).isTrue();
    }

    @Test
    default void endingTheInputEndsItsReader() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(10));
        ends.feed("part", Cut.WHOLE);
        Await.until("the part has come", () -> ends.received() == 4);
        reader.parked();
        ends.act(Connection::shutdownInput).value();
        assertThat("part").startsWith(Payload.text(reader.failing(Reason.CLOSED).partial()));
    }

    @Test
    default void aCloseDeliversEverythingThenTheEnd() throws Exception {
        Ends ends = open();
        byte[] body = Payload.random(8 << 20);
        var call = ends.act(c -> {
            c.send(body);
            c.close();
            assertThat(c.isOpen()).isFalse();
        });
        Payload.expectSame(body, ends.peer().readAll());
        call.value();
    }

    @EveryCut
    default void aCloseBehindSmallSendsDeliversThemAll(Cut cut) throws Exception {
        Ends ends = open();
        byte[] body = Payload.random(200);
        ends.act(c -> {
                    for (byte[] piece : cut.pieces(body)) c.send(piece);
                    c.close();
                })
                .value();
        assertThat(ends.peer().readAll()).isEqualTo(body);
    }

    @Test
    default void aCloseWithUnreadInputDeliversEverythingAllTheSame() throws Exception {
        Ends ends = open();
        ends.feed("nobody reads this", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(1)).value()).hasSize(1);
        byte[] body = Payload.random(100_000);
        var call = ends.act(c -> {
            c.send(body);
            c.close();
        });
        assertThat(ends.peer().read(body.length)).isEqualTo(body);
        call.value();
    }

    @Test
    default void aSecondCloseDoesNothing() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    c.send("bye");
                    c.close();
                    c.close();
                    c.abort();
                    c.close();
                })
                .value();
        assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("bye"));
        ends.act(Connection::close).value();
    }

    @Test
    default void aCloseIsBoundedByTheWriteTimeout() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withWrite(TimeoutContract.SHORT));
        var sending = ends.act(c -> {
            while (true) c.send(new byte[16 * 1024]);
        });
        sending.failing(Reason.TIMEOUT);
        var closing = ends.act(c -> {
            try {
                c.close();
            } catch (io.penstock.net.ConnectionException e) {
                assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
            }
        });
        closing.value();
        assertThat(closing.took()).isLessThan(Duration.ofSeconds(5));
        assertThat(ends.connection().isOpen()).isFalse();
    }

    @Test
    default void nothingWorksAfterAClose() throws Exception {
        Ends ends = open();
        ends.feed("unread", Cut.WHOLE);
        ends.act(Connection::close).value();
        assertThat(ends.connection().isOpen()).isFalse();
        List<Ends.Act> acts = List.of(
                c -> c.receive(1),
                Connection::receiveLine,
                Connection::receiveAll,
                c -> c.receiveAny(1),
                c -> c.read(ByteBuffer.allocate(1)),
                c -> c.peek(1),
                c -> c.unread(ByteBuffer.allocate(1)),
                c -> c.transferTo(c),
                c -> c.inputStream().read(),
                c -> c.send("x"),
                c -> c.send(new byte[1]),
                c -> c.send(""),
                c -> c.send(ByteBuffer.allocate(1)),
                c -> c.outputStream().write(1));
        for (Ends.Act act : acts) ends.act(act).failing(Reason.CLOSED);
        assertThat(ends.connection().buffered()).isZero();
    }

    @Test
    default void anAbortIsAResetForThePeer() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    c.send("before");
                    c.flush();
                    c.abort();
                    c.abort();
                    assertThat(c.isOpen()).isFalse();
                })
                .value();
        expectAborted(ends);
        ends.act(c -> c.send("x")).failing(Reason.CLOSED);
        ends.call(c -> c.receive(1)).failing(Reason.CLOSED);
        ends.act(Connection::close).value();
    }

    @Test
    default void anAbortDoesNotWaitForAStalledPeer() throws Exception {
        Ends ends = open();
        var sending = ends.act(c -> {
            while (true) c.send(new byte[16 * 1024]);
        });
        BackPressureContract.settled(() -> ends.sent());
        sending.parked();
        ends.connection().abort();
        sending.failing(Reason.CLOSED);
        expectAborted(ends);
    }

    @Test
    default void closingFromAnotherThreadEndsTheReader() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(10)).parked();
        ends.act(Connection::close).value();
        reader.failing(Reason.CLOSED);
        ends.peer().expectEnd();
    }

    @Test
    default void abortingFromAnotherThreadEndsTheReader() throws Exception {
        for (Caller caller : Caller.values()) {
            Ends ends = open();
            var reader = ends.call(c -> c.receive(10)).parked();
            ends.callFrom(caller, c -> {
                        c.abort();
                        return true;
                    })
                    .value();
            reader.failing(Reason.CLOSED);
            expectAborted(ends);
        }
    }

    @Test
    default void interruptingAReaderClosesBothHalves() throws Exception {
        Ends ends = open();
        ends.feed("part", Cut.WHOLE);
        Await.until("the part has come", () -> ends.call(c -> c.peek(4)).value().remaining() == 4);
        var reader = ends.call(c -> c.receive(10)).parked();
        reader.interrupt();
        assertThat(reader.failing(Reason.INTERRUPTED).partial()).isEqualTo(Payload.bytes("part"));
        ends.call(c -> c.receive(1)).failing(Reason.CLOSED);
        ends.act(c -> c.send("x")).failing(Reason.CLOSED);
        assertThat(ends.connection().isOpen()).isFalse();
        ends.peer().readUntilGone();
    }

    @Test
    default void interruptingAWriterClosesBothHalves() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(10)).parked();
        var writer = ends.act(c -> {
            while (true) c.send(new byte[16 * 1024]);
        });
        BackPressureContract.settled(() -> ends.sent());
        writer.parked().interrupt();
        writer.failing(Reason.INTERRUPTED);
        reader.failing(Reason.CLOSED);
        assertThat(ends.connection().isOpen()).isFalse();
        ends.peer().readUntilGone();
    }

    @EveryCut
    default void aPeerThatResetsFailsTheReaderWithWhatCame(Cut cut) throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> {
            // unread by the peer, which makes a reset of its close even on a UNIX socket
            c.send("unread");
            c.flush();
            return c.receive(100);
        });
        ends.feed("part", cut);
        Await.until("the part has come", () -> ends.received() == 4);
        reader.parked();
        ends.peer().reset();
        assertThat("part").startsWith(Payload.text(reader.failing(Reason.RESET).partial()));
        Await.until("the connection has ended", () -> !ends.connection().isOpen());
    }

    @EveryCut
    default void aPeerThatClosesIsReadToTheEnd(Cut cut) throws Exception {
        Ends ends = open();
        ends.feed("last words", cut);
        ends.peer().close();
        assertThat(ends.call(Connection::receiveAll).value()).isEqualTo(Payload.bytes("last words"));
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
    }

    @Test
    default void onlyAPooledConnectionCanBeReleased() throws Exception {
        Ends ends = open();
        assertThatThrownBy(() -> ends.connection().release(KeepAlive.DEFAULT))
                .isInstanceOf(IllegalStateException.class);
        ends.feed("fine", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(4)).value()).isEqualTo(Payload.bytes("fine"));
    }
}

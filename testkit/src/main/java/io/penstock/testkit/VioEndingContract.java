package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent.ActiveTimeout;
import io.penstock.net.event.VioEvent.Closed;
import io.penstock.net.event.VioEvent.EndOfStream;
import io.penstock.net.event.VioEvent.InactivityTimeout;
import io.penstock.net.event.VioEvent.ReadComplete;
import io.penstock.net.event.VioEvent.ReadReady;
import io.penstock.net.event.VioEvent.Reset;
import io.penstock.net.event.VioEvent.WriteComplete;
import io.penstock.net.event.VioEvent.WriteReady;
import io.penstock.net.event.WriteVio;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The event face: how operations end, how long they wait, how they are taken back, and who may use a half meanwhile. */
interface VioEndingContract extends Contract {
    Duration SHORT = Duration.ofMillis(80);

    // ---- endings

    @EveryCut
    default void aPeerThatHalfClosesEndsTheStreamForTheReaderOnly(Cut cut) throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            IoBuffer.Reader reader = in.reader();
            var observer = Observer.silent();
            ReadVio reading = ends.connection().read(observer.continuation(), in, 100);
            ends.feed("last words", cut);
            ends.peer().halfClose();
            assertThat(observer.end(EndOfStream.class).vio()).isSameAs(reading);
            assertThat(reading.done()).isEqualTo(10);
            assertThat(Payload.text(reader.read(100))).isEqualTo("last words");
            observer.expectNothing();
            if (!kind().halfCloses()) return;
            out.write("reply");
            ends.connection().write(observer.continuation(), out.reader(), 5);
            observer.end(WriteComplete.class);
            assertThat(ends.peer().read(5)).isEqualTo(Payload.bytes("reply"));
        }
    }

    @Test
    default void endingTheOutputLeavesTheReaderAtWork() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            out.write("all");
            var writing = Observer.of(event -> {
                if (event instanceof WriteComplete) ends.connection().shutdownOutput();
            });
            var reading = Observer.silent();
            ends.connection().read(reading.continuation(), in, 5);
            ends.connection().write(writing.continuation(), out.reader(), 3);
            assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("all"));
            if (!kind().halfCloses()) return;
            ends.feed("hello", Cut.BYTE_BY_BYTE);
            reading.end(ReadComplete.class);
        }
    }

    @Test
    default void aResetIsToldAsOneAndNotAsTheEnd() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            IoBuffer.Reader reader = in.reader();
            var reading = Observer.silent();
            var writing = Observer.silent();
            ends.act(c -> {
                        c.send("unread"); // by the peer, which makes a reset of its close even on a UNIX socket
                        c.flush();
                    })
                    .value();
            ReadVio vio = ends.connection().read(reading.continuation(), in, 100);
            ends.connection().write(writing.continuation(), out.reader(), 100);
            ends.feed("part", Cut.WHOLE);
            Await.until("the part has come", () -> reader.available() == 4);
            writing.next(WriteReady.class);
            ends.peer().reset();
            assertThat(reading.end(Reset.class).cause().reason()).isEqualTo(Reason.RESET);
            assertThat(vio.done()).isEqualTo(4);
            assertThat(writing.end(Reset.class).cause().reason()).isEqualTo(Reason.RESET);
            reading.expectNothing();
            writing.expectNothing();
        }
    }

    /** As in Traffic Server: waiting for the peer, for room, or for something to write, it is over, and nobody is told. */
    @Test
    default void behindItsOwnersCloseNothingIsTold() throws Exception {
        for (Ends.Act closing : List.<Ends.Act>of(Connection::close, Connection::abort, c -> {
            c.shutdownInput();
            c.shutdownOutput();
        })) {
            for (int room : new int[] {1, 1000}) {
                Ends ends = open();
                try (IoBuffer in = IoBuffer.open();
                        IoBuffer out = IoBuffer.open()) {
                    in.highWater(room);
                    IoBuffer.Reader reader = in.reader();
                    var reading = Observer.silent();
                    var writing = Observer.silent();
                    ReadVio vio = ends.connection().read(reading.continuation(), in, 100);
                    ends.connection().write(writing.continuation(), out.reader(), 100);
                    ends.feed("part", Cut.WHOLE);
                    Await.until("what there is room for has come", () -> reader.available() == Math.min(room, 4));
                    reading.next(ReadReady.class);
                    writing.next(WriteReady.class);
                    ends.act(closing).value();
                    reading.expectNothing();
                    writing.expectNothing();
                    vio.reenable();
                    vio.cancel();
                    reading.expectNothing();
                }
            }
        }
    }

    /** What waits behind the event at which its owner closes is not told any more. */
    @Test
    default void behindAHandlersCloseNothingIsToldThatWasDue() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            in.reader();
            var begun = new CountDownLatch(1);
            var ended = new CountDownLatch(1);
            var observer = Observer.of(event -> {
                begun.countDown();
                ended.await();
                ends.connection().close();
            });
            ends.connection().write(observer.continuation(), out.reader(), 1);
            assertThat(begun.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            ReadVio vio = ends.connection().read(observer.continuation(), in, 1);
            ends.feed("x", Cut.WHOLE);
            Await.until("it is complete", () -> vio.left() == 0);
            ended.countDown();
            observer.next(WriteReady.class);
            observer.expectNothing();
        }
    }

    /** The scope's end is not its owner's word: who stands still is told that it is over. */
    @Test
    default void whatItsScopeEndsIsToldToWhoeverIsUnderWay() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            var reading = Observer.silent();
            var writing = Observer.silent();
            ends.act(c -> {
                        try (Scope scope = Scope.open("short")) {
                            c.transfer(scope);
                            c.read(reading.continuation(), in, 100);
                            c.write(writing.continuation(), out.reader(), 100);
                        }
                    })
                    .value();
            reading.end(Closed.class);
            writing.end(Closed.class);
            reading.expectNothing();
            writing.expectNothing();
        }
    }

    /** Nobody else would end it, and the peer would wait. */
    @Test
    default void aHandlerThatThrowsEndsItsConnection() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            var writing = Observer.silent();
            ends.connection().write(writing.continuation(), out.reader(), 100);
            ends.connection()
                    .read(
                            Continuation.of((self, event) -> {
                                throw new UnsupportedOperationException("on purpose");
                            }),
                            in,
                            100);
            ends.feed("x", Cut.WHOLE);
            writing.end(Closed.class);
            assertThat(ends.connection().isOpen()).isFalse();
        }
    }

    @Test
    default void anOperationOnWhatIsClosedIsToldSo() throws Exception {
        Ends ends = open();
        ends.connection().abort();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            ends.connection().read(observer.continuation(), buffer, 1);
            observer.next(Closed.class);
            ends.connection().write(observer.continuation(), buffer.reader(), 1);
            observer.end(Closed.class);
        }
    }

    /** At once, and without losing what comes then. */
    @Test
    default void aBufferThatIsClosedEndsWhatUsesIt() throws Exception {
        Ends ends = open();
        var observer = Observer.silent();
        IoBuffer in = IoBuffer.open();
        ReadVio reading = ends.connection().read(observer.continuation(), in, 100);
        in.close();
        assertThat(observer.end(Closed.class).vio()).isSameAs(reading);
        ends.feed("x", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("x"));
        IoBuffer out = IoBuffer.open();
        WriteVio writing = ends.connection().write(observer.continuation(), out.reader(), 100);
        observer.next(WriteReady.class);
        out.close();
        assertThat(observer.end(Closed.class).vio()).isSameAs(writing);
        try (IoBuffer other = IoBuffer.open()) {
            IoBuffer.Reader reader = other.reader();
            WriteVio another = ends.connection().write(observer.continuation(), reader, 100);
            observer.next(WriteReady.class);
            reader.close();
            assertThat(observer.end(Closed.class).vio()).isSameAs(another);
        }
    }

    // ---- timeouts

    @Test
    default void aSilenceIsToldOnceAndEndsNothing() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withRead(SHORT));
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var observer = Observer.silent();
            long began = System.nanoTime();
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, 5);
            assertThat(observer.next(InactivityTimeout.class).vio()).isSameAs(vio);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
            assertThat(Await.stays(SHORT.multipliedBy(3), () -> !observer.hasNext()))
                    .as("it is told once")
                    .isTrue();
            began = System.nanoTime();
            vio.reenable();
            observer.next(InactivityTimeout.class);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
            ends.feed("hel", Cut.WHOLE);
            observer.next(ReadReady.class);
            observer.next(InactivityTimeout.class); // another silence
            ends.feed("lo", Cut.WHOLE);
            observer.end(ReadComplete.class);
            assertThat(Payload.text(reader.read(5))).isEqualTo("hello");
        }
    }

    /** As in Traffic Server, where a time was set. */
    @Test
    default void aWriterIsToldThatItHasNothingToWrite() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withWrite(SHORT));
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            WriteVio vio = ends.connection().write(observer.continuation(), buffer.reader(), 5);
            observer.next(WriteReady.class);
            observer.next(InactivityTimeout.class);
            buffer.write("hello");
            vio.reenable();
            observer.end(WriteComplete.class);
            assertThat(ends.peer().read(5)).isEqualTo(Payload.bytes("hello"));
        }
    }

    @Test
    default void aTimeoutOfZeroIsNone() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(Timeouts.of(SHORT, Duration.ZERO, Duration.ZERO));
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            var observer = Observer.silent();
            ends.connection().write(observer.continuation(), out.reader(), 5);
            ends.connection().read(observer.continuation(), in, 5);
            observer.next(WriteReady.class);
            assertThat(Await.stays(SHORT.multipliedBy(3), () -> !observer.hasNext()))
                    .isTrue();
        }
    }

    /** Unlike a send, which fails and ends the half. */
    @Test
    default void aPeerThatTakesNothingForAWhileGetsEverythingAllTheSame() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withWrite(SHORT));
        long total = kind().mostUnderWay() * 2;
        var stream = new Stream();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.of(event -> {
                if (!(event instanceof WriteReady)) return;
                buffer.write(stream.next((int) Math.min(buffer.room(), total - stream.position())));
            });
            WriteVio vio = ends.connection().write(observer.continuation(), buffer.reader(), total);
            assertThat(observer.end(InactivityTimeout.class).vio()).isSameAs(vio);
            assertThat(vio.done()).isLessThan(total);
            assertThat(stream.position() - vio.done()).isLessThanOrEqualTo(buffer.highWater());
            var expected = new Stream();
            ByteBuffer into = ByteBuffer.allocate(64 * 1024);
            while (expected.position() < total && ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
            var last = observer.next();
            while (last instanceof WriteReady || last instanceof InactivityTimeout) last = observer.next();
            assertThat(last).isInstanceOf(WriteComplete.class);
        }
    }

    @Test
    default void behindTheDeadlineItStandsStillUntilItIsReenabled() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            IoBuffer.Reader reader = in.reader();
            var reading = Observer.silent();
            var writing = Observer.silent();
            var deadline = ends.connection().deadline(SHORT);
            ReadVio vio = ends.connection().read(reading.continuation(), in, 5);
            WriteVio other = ends.connection().write(writing.continuation(), out.reader(), 5);
            assertThat(reading.next(ActiveTimeout.class).vio()).isSameAs(vio);
            writing.next(WriteReady.class);
            assertThat(writing.next(ActiveTimeout.class).vio()).isSameAs(other);
            vio.reenable();
            reading.next(ActiveTimeout.class); // it has passed all the same
            ends.feed("hello", Cut.WHOLE);
            reading.expectNothing();
            assertThat(reader.available()).isZero();
            deadline.close();
            vio.reenable();
            reading.end(ReadComplete.class);
            out.write("reply");
            other.reenable();
            writing.end(WriteComplete.class);
            assertThat(ends.peer().read(5)).isEqualTo(Payload.bytes("reply"));
        }
    }

    // ---- cancelling

    @Test
    default void whatWasCancelledTellsNothingAndLosesNothing() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var observer = Observer.silent();
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, 100);
            ends.feed("before", Cut.WHOLE);
            Await.until("it has come", () -> reader.available() == 6);
            observer.next(ReadReady.class);
            assertThat(vio.cancel()).isTrue();
            var receiving = ends.call(c -> c.receive(6)); // the half is free at once
            ends.feed("behind", Cut.BYTE_BY_BYTE);
            assertThat(receiving.value()).isEqualTo(Payload.bytes("behind"));
            assertThat(Payload.text(reader.read(100))).isEqualTo("before");
            observer.expectNothing();
        }
    }

    @Test
    default void aHandlerThatCancelsUsesTheBlockingFaceOrStartsAnother() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var second = Observer.silent();
            var line = new String[1];
            var cancelled = new CountDownLatch(1);
            var first = Observer.of(event -> {
                if (!(event instanceof ReadReady ready)) return;
                ready.vio().cancel();
                cancelled.countDown();
                line[0] = ends.connection().receiveLine();
                ends.connection().read(second.continuation(), buffer, 3);
            });
            ends.connection().read(first.continuation(), buffer, Vio.UNBOUNDED);
            ends.feed("x", Cut.WHOLE);
            assertThat(cancelled.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
            ends.feed("yz\nend", Cut.WHOLE);
            second.end(ReadComplete.class);
            assertThat(Payload.text(reader.read(9)) + line[0]).isEqualTo("xendyz");
        }
    }

    @Test
    default void aWriterThatIsCancelledHasSentWhatItHasConsumed() throws Exception {
        Ends ends = open();
        var stream = new Stream();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.of(event -> {
                if (event instanceof WriteReady) buffer.write(stream.next(buffer.room()));
            });
            WriteVio vio = ends.connection().write(observer.continuation(), buffer.reader(), Vio.UNBOUNDED);
            BackPressureContract.settled(vio::done); // against a peer that does not read
            assertThat(vio.cancel()).isTrue();
            long done = vio.done();
            var ending = ends.act(Connection::shutdownOutput);
            var expected = new Stream();
            ByteBuffer into = ByteBuffer.allocate(64 * 1024);
            while (ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
            assertThat(expected.position()).isEqualTo(done);
            ending.value();
        }
    }

    // ---- one at a time, whichever face

    @Test
    default void aHalfThatIsReadOrWrittenIsBusyForTheBlockingFace() throws Exception {
        Ends ends = open();
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            var observer = Observer.silent();
            ReadVio reading = ends.connection().read(observer.continuation(), in, 7);
            WriteVio writing = ends.connection().write(observer.continuation(), out.reader(), 5);
            ends.feed("12", Cut.WHOLE);
            Await.until("they have come", () -> reading.done() == 2);
            assertThat(ends.call(c -> c.receive(1)).failing(Reason.BUSY_READING))
                    .hasMessageContaining(
                            "a ReadVio is under way here, 2 of 7 bytes done: wait for its end, or cancel() it");
            assertThat(reading.toString()).contains(ends.connection().toString(), "2 of 7 bytes done");
            ends.call(c -> c.peek(1)).failing(Reason.BUSY_READING);
            ends.act(c -> c.read(observer.continuation(), in, 1)).failing(Reason.BUSY_READING);
            assertThat(ends.call(c -> c.send("x")).failing(Reason.BUSY_WRITING))
                    .hasMessageContaining("a WriteVio is under way here, 0 of 5 bytes done");
            ends.act(Connection::flush).failing(Reason.BUSY_WRITING);
            ends.act(c -> c.write(observer.continuation(), out.reader(), 1)).failing(Reason.BUSY_WRITING);
            ends.feed("hello!", Cut.WHOLE);
            observer.end(ReadComplete.class);
            assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("!"));
            out.write("world");
            writing.reenable();
            observer.end(WriteComplete.class);
            ends.act(c -> c.send("!")).value();
            assertThat(ends.peer().read(6)).isEqualTo(Payload.bytes("world!"));
            assertThat(reading.left() + writing.left()).isZero();
        }
    }

    @Test
    default void aHalfThatTheBlockingFaceUsesIsBusyForTheEventFace() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            var receiving = ends.call(c -> c.receive(5)).parked();
            assertThatThrownBy(() -> ends.connection().read(observer.continuation(), buffer, 1))
                    .isInstanceOfSatisfying(
                            ConnectionException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.BUSY_READING));
            ends.feed("hello", Cut.WHOLE);
            assertThat(receiving.value()).isEqualTo(Payload.bytes("hello"));
            observer.expectNothing();
        }
    }

    /** Raised behind its completion, an operation needs the half again, which may be another's. */
    @Test
    default void whatIsRaisedWhileAnotherHasTheHalfIsRefused() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            ReadVio first = ends.connection().read(observer.continuation(), buffer, 0);
            observer.end(ReadComplete.class);
            ReadVio second = ends.connection().read(observer.continuation(), buffer, 1);
            assertThatThrownBy(() -> first.request(1)).isInstanceOf(ConnectionException.class);
            assertThat(first.requested()).isZero();
            ends.feed("xy", Cut.WHOLE);
            assertThat(observer.end(ReadComplete.class).vio()).isSameAs(second);
            first.request(1);
            assertThat(observer.end(ReadComplete.class).vio()).isSameAs(first);
        }
    }
}

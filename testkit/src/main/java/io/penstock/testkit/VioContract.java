package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.VioEvent.ReadComplete;
import io.penstock.net.event.VioEvent.ReadReady;
import io.penstock.net.event.VioEvent.WriteComplete;
import io.penstock.net.event.VioEvent.WriteReady;
import io.penstock.net.event.WriteVio;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The event face: bytes that move while the caller goes on. Capitals in names are those of the peer's own tests. */
interface VioContract extends Contract {
    @EveryCut
    default void whatIsRequestedIsReadWhateverPiecesItComesIn(Cut cut) throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var observer = Observer.silent();
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, 11);
            ends.feed("hello there, and more", cut);
            assertThat(observer.end(ReadComplete.class).vio()).isSameAs(vio);
            assertThat(vio.done()).isEqualTo(11);
            assertThat(vio.left()).isZero();
            assertThat(Payload.text(reader.read(100))).isEqualTo("hello there");
            observer.expectNothing();
            assertThat(Payload.text(ends.call(c -> c.receive(10)).value())).isEqualTo(", and more");
        }
    }

    @Test
    default void whatIsWrittenComesInOrderHoweverItIsProduced() throws Exception {
        Ends ends = open();
        int total = 300_000;
        var stream = new Stream();
        try (IoBuffer buffer = IoBuffer.open(5_000)) {
            var observer = Observer.of(event -> {
                if (event instanceof WriteReady ready) {
                    for (int room = buffer.room(); room > 0 && stream.position() < total; room = buffer.room())
                        buffer.write(stream.next((int) Math.min(Math.min(room, 777), total - stream.position())));
                    assertThat(buffer.kept()).isLessThanOrEqualTo(buffer.highWater());
                    ready.vio().reenable();
                }
            });
            WriteVio vio = ends.connection().write(observer.continuation(), buffer.reader(), total);
            var expected = new Stream();
            expected.check(ends.peer().read(total));
            observer.end(WriteComplete.class);
            assertThat(vio.done()).isEqualTo(total);
            observer.expectNothing();
        }
    }

    @Test
    default void nothingIsToldInsideTheCallThatStarts() throws Exception {
        Ends ends = open();
        ends.feed("there already", Cut.WHOLE);
        Await.until("it has come", () -> ends.connection().buffered() == 13);
        try (IoBuffer buffer = IoBuffer.open()) {
            var inside = new AtomicBoolean();
            var wrong = new AtomicBoolean();
            var observer = Observer.of(event -> {
                if (inside.get()) wrong.set(true);
            });
            ends.act(c -> {
                        inside.set(true);
                        c.read(observer.continuation(), buffer, 13);
                        c.write(observer.continuation(), buffer.reader(), 0).reenable();
                        inside.set(false); // nothing here parks, and the loop carries one thread at a time
                    })
                    .value();
            var first = observer.next();
            while (!(first instanceof ReadComplete || first instanceof WriteComplete)) first = observer.next();
            if (loopsCarry(ends)) assertThat(wrong).isFalse();
        }
    }

    private static boolean loopsCarry(Ends ends) {
        return ends.call(c -> c.loop().isCarrying()).value();
    }

    @Test
    default void nothingToReadAndNothingToWriteCompleteToo() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            ReadVio reading = ends.connection().read(observer.continuation(), buffer, 0);
            assertThat(observer.next(ReadComplete.class).vio()).isSameAs(reading);
            WriteVio writing = ends.connection().write(observer.continuation(), buffer.reader(), 0);
            assertThat(observer.next(WriteComplete.class).vio()).isSameAs(writing);
            observer.expectNothing();
            ends.feed("x", Cut.WHOLE);
            assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("x"));
        }
    }

    /** Back-pressure: reading stops at the mark, the peer is held back, and all of it comes when there is room. */
    @Test
    default void noMoreIsReadThanTheHighWaterMarkAllows() throws Exception {
        Ends ends = open();
        long total = kind().mostUnderWay();
        var sending = Call.onPlatformThread(() -> {
            var stream = new Stream();
            while (stream.position() < total) ends.peer().send(stream.next(64 * 1024));
            return true;
        });
        try (IoBuffer buffer = IoBuffer.open()) {
            buffer.highWater(10_000);
            IoBuffer.Reader reader = buffer.reader();
            var expected = new Stream();
            var most = new AtomicInteger();
            var consuming = new AtomicBoolean();
            var observer = Observer.of(event -> {
                most.accumulateAndGet(buffer.kept(), Math::max);
                if (consuming.get()) expected.check(reader.read(Integer.MAX_VALUE));
            });
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, total);
            BackPressureContract.settled(() -> ends.connection().stats().received());
            assertThat(buffer.kept()).isEqualTo(10_000);
            assertThat(ends.connection().stats().received()).isLessThan(BackPressureContract.MOST_BUFFERED);
            assertThat(sending.isDone()).isFalse();
            consuming.set(true);
            expected.check(reader.read(Integer.MAX_VALUE));
            vio.reenable();
            observer.end(ReadComplete.class);
            assertThat(expected.position()).isEqualTo(total);
            assertThat(most).hasValueLessThanOrEqualTo(10_000);
            sending.value();
        }
    }

    /** Batching: nobody is told of less than the mark, but of the rest. */
    @Test
    default void noReadReadyIsToldBelowTheLowWaterMark() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            buffer.lowWater(10);
            IoBuffer.Reader reader = buffer.reader();
            var least = new AtomicInteger(Integer.MAX_VALUE);
            var observer = Observer.of(event -> {
                int there = reader.available();
                if (event instanceof ReadReady) least.accumulateAndGet(there, Math::min);
                reader.consume(there);
            });
            ends.connection().read(observer.continuation(), buffer, 25);
            ends.feed("123456789", Cut.BYTE_BY_BYTE);
            Await.until("it has come", () -> reader.available() == 9);
            observer.expectNothing();
            ends.feed("012", Cut.BYTE_BY_BYTE); // short of the end, wherever the stream is cut on its way
            observer.next(ReadReady.class);
            ends.feed("3456789012345", Cut.WHOLE);
            observer.end(ReadComplete.class);
            assertThat(least).hasValueGreaterThanOrEqualTo(10);
        }
    }

    @Test
    default void readReadyIsNotToldTwiceWhileOneIsDue() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var told = new CountDownLatch(1);
            var held = new CountDownLatch(1);
            var observer = Observer.of(event -> {
                told.countDown();
                held.await();
            });
            ends.connection().read(observer.continuation(), buffer, 21);
            ends.feed("0", Cut.WHOLE);
            assertThat(told.await(Await.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
            ends.feed("1234567890123456789", Cut.BYTE_BY_BYTE);
            Await.until("it has come", () -> reader.available() == 20);
            held.countDown();
            observer.next(ReadReady.class);
            observer.next(ReadReady.class); // one was due behind the one that was being told
            observer.mayTell(ReadReady.class); // the last byte is there a little before it is due
            observer.expectNothing();
            ends.feed("!", Cut.WHOLE);
            observer.end(ReadComplete.class);
        }
    }

    @Test
    default void anyOutputCanBeWrittenTo() throws Exception {
        Ends ends = open();
        var recorder = new TransferContract.Recorder();
        try (IoBuffer buffer = IoBuffer.open(3)) {
            buffer.write("not a connection");
            var observer = Observer.silent();
            ends.act(c -> recorder.write(observer.continuation(), buffer.reader(), 16))
                    .value();
            observer.end(WriteComplete.class);
            assertThat(Payload.text(recorder.bytes())).isEqualTo("not a connection");
        }
    }

    /** VIO-GROW: each raise behind a completion leads to one more. */
    @Test
    default void vioGrowEachRaiseLeadsToOneFurtherCompletion() throws Exception {
        Ends ends = open();
        var stream = new Stream();
        try (IoBuffer buffer = IoBuffer.open()) {
            var completions = new AtomicInteger();
            var observer = Observer.of(event -> {
                if (event instanceof WriteReady) {
                    int room = (int) Math.min(buffer.room(), 100_000 - stream.position());
                    buffer.write(stream.next(room));
                } else if (event instanceof WriteComplete complete) {
                    completions.incrementAndGet();
                    if (complete.vio().done() == 50_000) complete.vio().request(99_900);
                    else if (complete.vio().done() == 99_900) complete.vio().request(100_000);
                }
            });
            WriteVio vio = ends.connection().write(observer.continuation(), buffer.reader(), 50_000);
            new Stream().check(ends.peer().read(100_000));
            for (int i = 0; i < 3; i++) observer.end(WriteComplete.class);
            observer.expectNothing();
            assertThat(completions).hasValue(3);
            assertThat(vio.done()).isEqualTo(100_000);
            assertThat(buffer.kept()).isZero();
        }
    }

    @Test
    default void loweredToWhatIsDoneItCompletesAndBelowThatItIsRefused() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            var observer = Observer.silent();
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, Vio.UNBOUNDED);
            ends.feed("12345", Cut.WHOLE);
            Await.until("it has come", () -> reader.available() == 5);
            vio.request(7);
            assertThat(vio.left()).isEqualTo(2);
            assertThatIllegalArgumentException().isThrownBy(() -> vio.request(4));
            vio.request(5);
            observer.end(ReadComplete.class);
            vio.request(5);
            observer.expectNothing();
            vio.request(6);
            ends.feed("67", Cut.WHOLE);
            observer.end(ReadComplete.class);
            assertThat(Payload.text(reader.read(10))).isEqualTo("123456");
            assertThat(vio.cancel()).isFalse();
            assertThat(Payload.text(ends.call(c -> c.receive(1)).value())).isEqualTo("7");
        }
    }

    @Test
    default void anOperationThatWasCancelledIsNotStartedAgain() throws Exception {
        Ends ends = open();
        try (IoBuffer buffer = IoBuffer.open()) {
            var observer = Observer.silent();
            ReadVio vio = ends.connection().read(observer.continuation(), buffer, 5);
            assertThat(vio.cancel()).isTrue();
            assertThat(vio.cancel()).isFalse();
            vio.reenable();
            assertThatIllegalStateException().isThrownBy(() -> vio.request(6));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ends.connection().read(observer.continuation(), buffer, -1));
            observer.expectNothing();
        }
    }

    @Test
    default void bothHalvesMoveAtOnceAndTellTheSameContinuation() throws Exception {
        Ends ends = open();
        int total = 200_000;
        try (IoBuffer buffer = IoBuffer.open()) {
            buffer.highWater(8_000);
            var echo = new WriteVio[1];
            var reading = new CompletableFuture<ReadVio>(); // the first event may come before it is known
            var observer = Observer.of(event -> {
                if (event instanceof ReadReady || event instanceof ReadComplete) echo[0].reenable();
                if (event instanceof WriteReady) reading.join().reenable();
            });
            ends.act(c -> {
                        echo[0] = c.write(observer.continuation(), buffer.reader(), total);
                        reading.complete(c.read(observer.continuation(), buffer, total));
                    })
                    .value();
            var sending = Call.onPlatformThread(() -> {
                ends.peer().send(new Stream().next(total));
                return true;
            });
            var expected = new Stream();
            ByteBuffer into = ByteBuffer.allocate(64 * 1024);
            while (expected.position() < total && ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
            sending.value();
            VioEvent first = observer.end(VioEvent.class);
            VioEvent second = observer.end(VioEvent.class);
            assertThat(List.of(first, second))
                    .containsExactlyInAnyOrder(new ReadComplete(reading.join()), new WriteComplete(echo[0]));
        }
    }

    /** STALL-FREE REENABLE: each handler answers at once, thousands of times, and the stack does not grow. */
    @Test
    default void stallFreeReenableHandlersThatAnswerAtOnceDoNotNest() throws Exception {
        Ends ends = open();
        int total = 10_000;
        try (IoBuffer buffer = IoBuffer.open()) {
            var deepest = new AtomicInteger();
            var observer = Observer.of(event -> {
                deepest.accumulateAndGet(Thread.currentThread().getStackTrace().length, Math::max);
                if (event instanceof WriteReady ready) {
                    if (buffer.kept() == 0) buffer.write("x");
                    for (int i = 0; i < 3; i++) ready.vio().reenable();
                }
            });
            ends.connection().write(observer.continuation(), buffer.reader(), total);
            assertThat(ends.peer().read(total)).containsOnly('x');
            observer.end(WriteComplete.class);
            assertThat(deepest).hasValueLessThan(100);
        }
    }
}

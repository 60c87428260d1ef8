package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Who releases a chunk, and that exactly one does, whichever way a connection ends. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class OwnershipTest {
    private final Loops loops;
    private final NettyLoop loop;
    private final Scripted link = new Scripted();
    private final StreamConnection connection;

    OwnershipTest(Scheduler scheduler) {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(scheduler));
        loop = (NettyLoop) loops.next();
        connection = new Duplex(Origin.DIALLED, loop, _ -> link).lend(Timeouts.DEFAULT);
    }

    @AfterEach
    void close() {
        connection.abort();
        loops.close(Duration.ZERO);
    }

    /** A link that does nothing by itself. */
    private static class Scripted implements Link {
        final AtomicInteger drains = new AtomicInteger();
        volatile boolean paused;

        @Override
        public void feed(Halves halves) {}

        @Override
        public void betweenDeliveries(Runnable work) {
            work.run();
        }

        @Override
        public SocketAddress localAddress() {
            return Unnamed.SOCKET;
        }

        @Override
        public SocketAddress remoteAddress() {
            return Unnamed.SOCKET;
        }

        @Override
        public void pauseReading() {
            paused = true;
        }

        @Override
        public void resumeReading() {
            paused = false;
        }

        @Override
        public void drainSoon() {
            drains.incrementAndGet();
        }

        @Override
        public long backlog() {
            return 0;
        }

        @Override
        public boolean sendsFiles() {
            return false;
        }

        @Override
        public void close() {}

        @Override
        public void abort() {}

        @Override
        public void whenGone(Runnable work) {}

        @Override
        public <T> void option(SocketOption<T> name, T value) {}

        @Override
        public <T> T option(SocketOption<T> name) {
            throw new UnsupportedOperationException(name.name());
        }
    }

    private static ByteBuf chunk(int size) {
        return Unpooled.directBuffer(Math.max(1, size)).writeZero(size);
    }

    private ByteBuf offered(int size) {
        ByteBuf chunk = chunk(size);
        connection.stream().input().offer(chunk);
        return chunk;
    }

    private static void assertReleased(ByteBuf... chunks) {
        for (ByteBuf chunk : chunks) assertThat(chunk.refCnt()).isZero();
    }

    // ---- input

    @Test
    void whatIsReadIsReleased() {
        ByteBuf first = offered(10);
        ByteBuf second = offered(5);
        Spawned.on(loop, () -> connection.receive(12)).value();
        assertReleased(first);
        assertThat(second.refCnt()).isOne();
        Spawned.on(loop, () -> connection.receiveAny(100)).value();
        assertReleased(second);
    }

    @Test
    void whatNobodyReadIsReleasedByClosing() throws ConnectionException {
        ByteBuf first = offered(10);
        ByteBuf second = offered(10);
        Spawned.on(loop, () -> connection.receive(5)).value(); // holds the rest of the first
        connection.close();
        assertReleased(first, second);
        assertReleased(offered(10)); // and what comes too late as well
    }

    @Test
    void whatNobodyReadIsReleasedByAborting() {
        ByteBuf first = offered(10);
        Spawned.on(loop, () -> connection.peek(5)).value();
        connection.abort();
        assertReleased(first, offered(10));
    }

    @Test
    void whatNobodyReadIsReleasedByShuttingTheInputDown() throws ConnectionException {
        ByteBuf first = offered(10);
        connection.shutdownInput();
        assertReleased(first, offered(10));
    }

    @Test
    void whatIsLeftWhenThePeerHasEndedTheStreamIsReleasedByClosing() throws ConnectionException {
        ByteBuf first = offered(10);
        connection.stream().input().end(Reason.EOF, null);
        assertReleased(offered(10)); // after the end nothing counts
        assertThat(first.refCnt()).isOne();
        connection.close();
        assertReleased(first);
    }

    @Test
    void whatIsLeftWhenTheLinkIsLostCanBeReadAndIsReleasedByClosing() throws ConnectionException {
        ByteBuf first = offered(10);
        ByteBuf second = offered(10);
        connection.stream().lost(Reason.RESET, null);
        assertThat(Spawned.on(loop, () -> connection.receive(5)).value()).hasSize(5);
        connection.close();
        assertReleased(first, second);
    }

    @Test
    void whatIsLeftWhenTheLinkIsLostIsReleasedByAborting() {
        ByteBuf first = offered(10);
        connection.stream().lost(Reason.RESET, null);
        connection.abort();
        assertReleased(first);
    }

    @Test
    void aReaderThatIsInsideWhenTheConnectionIsAbortedReleasesWhatItHolds() {
        ByteBuf first = offered(10);
        var reading = Spawned.on(loop, () -> connection.receiveAll()).parked();
        ByteBuf second = offered(10);
        reading.parked();
        connection.abort();
        assertThat(reading.reason()).isEqualTo(Reason.CLOSED);
        assertReleased(first, second);
    }

    @Test
    void whatWasPutBackIsReleasedByClosing() throws ConnectionException {
        ByteBuf first = offered(10);
        Spawned.on(loop, () -> connection.receive(1)).value();
        connection.unread(ByteBuffer.wrap(new byte[3]));
        assertReleased(first); // copied
        connection.close();
        assertThat(connection.input().held()).isZero();
    }

    @Test
    void aChunkThatIsTakenBelongsToItsTaker() {
        ByteBuf first = offered(10);
        ByteBuf part = Spawned.on(loop, () -> connection.input().take(4)).value();
        ByteBuf rest = Spawned.on(loop, () -> connection.input().take(100)).value();
        connection.abort();
        assertThat(part.readableBytes()).isEqualTo(4);
        assertThat(rest.readableBytes()).isEqualTo(6);
        part.release();
        rest.release();
        assertReleased(first);
    }

    @Test
    void anEmptyChunkIsReleasedAtOnce() {
        assertReleased(offered(0));
    }

    // ---- output

    @Test
    void whatWasNotTakenIsReleasedByEveryEnding() throws ConnectionException {
        ByteBuf big = chunk(5000);
        Spawned.on(loop, () -> {
                    connection.output().write(big);
                    return null;
                })
                .value();
        assertThat(big.refCnt()).isOne();
        connection.stream().lost(Reason.RESET, null);
        assertReleased(big);
        connection.close();
    }

    @Test
    void aChunkThatIsRefusedIsReleased() {
        connection.abort();
        ByteBuf late = chunk(5000);
        assertThat(Spawned.on(loop, () -> {
                            connection.output().write(late);
                            return null;
                        })
                        .reason())
                .isEqualTo(Reason.CLOSED);
        assertReleased(late);
    }

    @Test
    void aChunkWhoseWriterWaitsIsReleasedWhenTheConnectionEnds() {
        ByteBuf first = chunk(OutputHalf.MARK);
        ByteBuf second = chunk(5000);
        var writing = Spawned.on(loop, () -> {
                    connection.output().write(first);
                    connection.output().write(second);
                    return null;
                })
                .parked();
        connection.abort();
        assertThat(writing.reason()).isEqualTo(Reason.CLOSED);
        assertReleased(first, second);
    }

    @Test
    void aChunkWhoseWriterIsBusyElsewhereIsReleased() {
        var writing = Spawned.on(loop, () -> {
                    connection.send(new byte[OutputHalf.MARK * 2]);
                    return null;
                })
                .parked();
        ByteBuf refused = chunk(5000);
        assertThat(Spawned.on(loop, () -> {
                            connection.output().write(refused);
                            return null;
                        })
                        .reason())
                .isEqualTo(Reason.BUSY_WRITING);
        assertReleased(refused);
        connection.abort();
        assertThat(writing.reason()).isEqualTo(Reason.CLOSED);
    }

    @Test
    void whatWasHandedToTheLinkIsTheLinksToRelease() {
        ByteBuf big = chunk(5000);
        Spawned.on(loop, () -> {
                    connection.output().write(big);
                    return null;
                })
                .value();
        var batch = new ArrayDeque<ByteBuf>();
        connection.stream().output().takeInto(message -> batch.add((ByteBuf) message), Unpooled.EMPTY_BUFFER);
        connection.abort();
        assertThat(big.refCnt()).isOne();
        batch.forEach(ByteBuf::release);
        assertReleased(big);
    }

    // ---- pausing

    @Test
    void thePauseIsNeverOvertakenByTheResumeThatAnswersIt() throws Exception {
        // the thread that is about to pause is held until the reader has taken everything and resumed
        var resumed = new CountDownLatch(1);
        var slow = new Scripted() {
            @Override
            public void pauseReading() {
                try {
                    var _ = resumed.await(200, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                super.pauseReading();
            }

            @Override
            public void resumeReading() {
                super.resumeReading();
                resumed.countDown();
            }
        };
        var other = new Duplex(Origin.DIALLED, loop, _ -> slow).lend(Timeouts.DEFAULT);
        var reading = Spawned.onPlatformThread(() -> other.receive(InputHalf.HIGH_MARK).length)
                .parked();
        var offering = Spawned.onPlatformThread(() -> {
            other.stream().input().offer(chunk(InputHalf.HIGH_MARK));
            return null;
        });
        offering.value();
        assertThat(reading.value()).isEqualTo(InputHalf.HIGH_MARK);
        assertThat(slow.paused).isFalse();
        other.abort();
    }

    @Test
    void readingIsPausedAtTheHighMarkAndResumedAtTheLow() {
        ByteBuf first = offered(InputHalf.HIGH_MARK - 1);
        assertThat(link.paused).isFalse();
        offered(1);
        assertThat(link.paused).isTrue();
        ByteBuf third = offered(InputHalf.LOW_MARK + 1);
        Spawned.on(loop, () -> connection.receive(InputHalf.HIGH_MARK)).value();
        assertReleased(first);
        assertThat(link.paused).isTrue();
        Spawned.on(loop, () -> connection.receive(1)).value();
        assertThat(link.paused).isFalse();
        assertThat(third.refCnt()).isOne();
    }

    @Test
    void aConnectionIsCountedUntilItEnds() {
        assertThat(loop.connections()).isOne();
        Connection second = new Duplex(Origin.DIALLED, loop, _ -> new Scripted()).lend(Timeouts.DEFAULT);
        assertThat(loop.connections()).isEqualTo(2);
        second.abort();
        second.abort();
        connection.stream().lost(Reason.EOF, null);
        assertThat(loop.connections()).isZero();
    }
}

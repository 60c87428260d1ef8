package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.VioEvent.ReadReady;
import io.penstock.net.event.VioEvent.WriteReady;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An operation that is started, completed and cancelled by threads that know nothing of each other, at every moment there is: after a true
 * cancel nothing is told, after a false one the end was told or will be, and no byte is lost or doubled either way.
 */
class VioRaceTest {
    private static final int ROUNDS = Integer.getInteger("penstock.rounds", 20_000);
    private static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final Loop there = loops.all().get(1);
    private final Connection.Pair pair = Connection.pair(loops.all().get(0), there);
    private final Random random = new Random(SEED);
    private final AtomicInteger late = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    private byte nextSent;
    private byte nextReceived;

    @AfterEach
    void close() {
        pair.first().abort();
        pair.second().abort();
        loops.close(Duration.ofSeconds(5));
    }

    /** One operation, and how it is taken back. */
    private interface Subject {
        Action cancelling(Vio vio, Round round);
    }

    /** What one operation has told. */
    private final class Round {
        private final AtomicInteger ends = new AtomicInteger();
        private volatile boolean cancelled;

        final Continuation continuation = Continuation.of((self, event) -> told((VioEvent) event));

        void told(VioEvent event) {
            if (cancelled) late.incrementAndGet();
            if (!(event instanceof ReadReady || event instanceof WriteReady)) ends.incrementAndGet();
        }
    }

    @Test
    @Timeout(600)
    void nothingIsToldAfterATrueCancelAndTheEndAfterAFalseOne() {
        int prevented = race(ROUNDS, (vio, round) -> vio);
        assertThat(prevented).as("of both there have been some").isBetween(ROUNDS / 100, ROUNDS - ROUNDS / 100);
    }

    /** The test above is one that can fail: this is how it would find what looks, and acts on it a moment later. */
    @Test
    void aCancelThatLooksBeforeItActsIsCaught() {
        assertThatThrownBy(() -> race(ROUNDS, Careless::new))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("cancelled");
    }

    private static final class Careless implements Action {
        private final Round round;

        Careless(Vio vio, Round round) {
            this.round = round;
        }

        @Override
        public boolean cancel() {
            boolean told = round.ends.get() > 0;
            for (int spins = 0; spins < 2_000; spins++) Thread.onSpinWait();
            return !told; // which was so when it was looked at
        }
    }

    private int race(int rounds, Subject subject) {
        int prevented = 0;
        try (IoBuffer buffer = IoBuffer.open()) {
            IoBuffer.Reader reader = buffer.reader();
            for (int i = 0; i < rounds; i++) {
                try {
                    boolean cancelled =
                            random.nextBoolean() ? read(subject, buffer, reader) : write(subject, buffer, reader);
                    if (cancelled) prevented++;
                } catch (Exception e) {
                    throw new AssertionError("round " + i + " with -Dpenstock.seed=" + SEED, e);
                } catch (AssertionError e) {
                    throw new AssertionError("round " + i + " with -Dpenstock.seed=" + SEED + ": " + e.getMessage(), e);
                }
            }
        }
        assertThat(late).as("told after it was cancelled").hasValue(0);
        return prevented;
    }

    private boolean read(Subject subject, IoBuffer buffer, IoBuffer.Reader reader) throws Exception {
        int size = random.nextInt(4);
        var round = new Round();
        ReadVio vio = pair.first().read(round.continuation, buffer, size);
        send(size);
        boolean cancelled = cancel(subject, vio, round);
        until("it is sent", () -> sent.get() == 0);
        check(pair.first().receive(cancelled ? (int) (size - vio.done()) : 0), reader.read(4));
        return cancelled;
    }

    private void send(int size) {
        if (size == 0) return;
        var bytes = new byte[size];
        for (int i = 0; i < size; i++) bytes[i] = nextSent++;
        sent.set(1);
        there.spawn("sender", () -> {
            pair.second().send(bytes);
            sent.set(0);
        });
    }

    private boolean write(Subject subject, IoBuffer buffer, IoBuffer.Reader reader) throws Exception {
        int size = random.nextInt(4);
        for (int i = 0; i < size; i++) buffer.write(new byte[] {nextSent++});
        var round = new Round();
        WriteVio vio = pair.second().write(round.continuation, reader, size);
        boolean cancelled = cancel(subject, vio, round);
        byte[] rest = reader.read(4);
        assertThat(rest.length).isEqualTo((int) vio.left());
        check(rest, pair.first().receive((int) vio.done()));
        return cancelled;
    }

    /** After a while that is now too short for the operation, and now too long. */
    private boolean cancel(Subject subject, Vio vio, Round round) {
        Action action = subject.cancelling(vio, round);
        for (int spins = random.nextInt(1 << random.nextInt(14)); spins > 0; spins--) Thread.onSpinWait();
        boolean cancelled = action.cancel();
        round.cancelled = cancelled;
        if (cancelled) {
            vio.cancel(); // of a careless one
            if (round.ends.get() > 0) throw new AssertionError("it was cancelled, and told its end");
            assertThat(late).as("told after it was cancelled").hasValue(0);
        } else {
            until("the end is told", () -> round.ends.get() > 0);
            assertThat(round.ends).hasValue(1);
        }
        return cancelled;
    }

    /** The first bytes come behind the second ones. */
    private void check(byte[] behind, byte[] first) {
        for (byte[] some : new byte[][] {first, behind}) {
            for (byte each : ByteBuffer.wrap(some).array()) assertThat(each).isEqualTo(nextReceived++);
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + Spawned.LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) throw new AssertionError("waited in vain until " + what);
            Thread.yield();
        }
    }
}

package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.VioEvent.ReadReady;
import io.penstock.net.event.VioEvent.WriteReady;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An operation that is started, completed and cancelled by threads that know nothing of each other, at every moment there is: after a true
 * cancel nothing is told, after a false one the end was told or will be, and no byte is lost or doubled either way.
 *
 * <p>It is cancelled by a thread of the operating system, one of a loop, or the handler; as often as there is time for.
 */
class VioRaceTest {
    private static final int ROUNDS = Integer.getInteger("penstock.rounds", 1_000_000);
    private static final long TIME = TimeUnit.SECONDS.toNanos(Integer.getInteger("penstock.seconds", 8));
    private static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);
    private static final int LANES = 4;

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));

    @AfterEach
    void close() {
        loops.close(Duration.ofSeconds(5));
    }

    /** One operation, and how it is taken back. */
    private interface Subject {
        Action cancelling(Vio vio, Round round);
    }

    private record Cancel(Action action) implements Event {}

    private record Closing() implements Event {}

    /** What one operation has told. */
    private static final class Round {
        private final AtomicInteger ends = new AtomicInteger();
        private volatile boolean decided;
        private volatile boolean cancelled;
        private volatile boolean late;
        private volatile boolean closed;

        final Continuation continuation = Continuation.of((self, event) -> {
            switch (event) {
                case Cancel(var action) -> cancel(action);
                case Closing _ -> closed = true;
                default -> told(event);
            }
        });

        void cancel(Action action) {
            cancelled = action.cancel();
            decided = true;
        }

        private void told(Event event) {
            if (cancelled) late = true;
            if (!(event instanceof ReadReady || event instanceof WriteReady)) ends.incrementAndGet();
        }
    }

    @Test
    @Timeout(120)
    void nothingIsToldAfterATrueCancelAndTheEndAfterAFalseOne() throws Exception {
        var lanes = new ArrayList<Lane>();
        for (int i = 0; i < LANES; i++) lanes.add(new Lane(i));
        try (var threads = Executors.newFixedThreadPool(LANES)) {
            for (var lane : lanes) threads.submit(() -> lane.race((vio, _) -> vio, ROUNDS / LANES));
        }
        for (Lane lane : lanes) lane.close();
        assertThat(lanes).extracting(lane -> lane.failure).containsOnlyNulls();
        int rounds = lanes.stream().mapToInt(lane -> lane.rounds).sum();
        int prevented = lanes.stream().mapToInt(lane -> lane.prevented).sum();
        System.out.printf("%d races of operations, seed %d: prevented %d%n", rounds, SEED, prevented);
        assertThat(prevented).as("of both there have been some").isBetween(rounds / 100, rounds - rounds / 100);
    }

    /** The test above is one that can fail: this is how it would find what looks, and acts on it a moment later. */
    @Test
    void aCancelThatLooksBeforeItActsIsCaught() {
        var lane = new Lane(0);
        lane.race(Careless::new, ROUNDS);
        lane.close();
        assertThat(lane.failure).isInstanceOf(AssertionError.class).hasMessageContaining("cancelled");
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

    /** One race behind the other, over a pair of its own. */
    private final class Lane {
        private final Loop here;
        private final Loop there;
        private final Connection.Pair pair;
        private final Random random;
        private final AtomicInteger sent = new AtomicInteger();
        private byte nextSent;
        private byte nextReceived;
        private int rounds;
        private int prevented;
        private @Nullable Throwable failure;

        Lane(int number) {
            here = loops.all().get(number % 2);
            there = loops.all().get((number + 1) % 2);
            pair = Connection.pair(here, there);
            random = new Random(SEED + number);
        }

        void close() {
            pair.first().abort();
            pair.second().abort();
        }

        void race(Subject subject, int most) {
            long end = System.nanoTime() + TIME;
            try (IoBuffer buffer = IoBuffer.open()) {
                IoBuffer.Reader reader = buffer.reader();
                for (; rounds < most && System.nanoTime() - end < 0; rounds++) {
                    if (random.nextBoolean() ? read(subject, buffer, reader) : write(subject, buffer, reader))
                        prevented++;
                }
            } catch (Throwable e) {
                failure = new AssertionError(
                        "round " + rounds + " with -Dpenstock.seed=" + SEED + ": " + e.getMessage(), e);
            }
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
            switch (random.nextInt(4)) {
                case 0 -> round.continuation.tell(new Cancel(action), here);
                case 1 -> (random.nextBoolean() ? here : there).spawn("canceller", () -> round.cancel(action));
                default -> round.cancel(action);
            }
            until("it is cancelled, or not", () -> round.decided);
            if (round.cancelled) {
                vio.cancel(); // of a careless one
            } else {
                until("the end is told", () -> round.ends.get() > 0);
            }
            round.continuation.tell(new Closing(), here); // behind whatever is told too much
            until("all has been told", () -> round.closed);
            if (round.late) throw new AssertionError("it was told after it was cancelled");
            if (round.ends.get() != (round.cancelled ? 0 : 1)) {
                throw new AssertionError("ends told: " + round.ends + ", cancelled: " + round.cancelled);
            }
            return round.cancelled;
        }

        /** The first bytes come behind the second ones. */
        private void check(byte[] behind, byte[] first) {
            for (byte[] some : new byte[][] {first, behind}) {
                for (byte each : some) assertThat(each).isEqualTo(nextReceived++);
            }
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

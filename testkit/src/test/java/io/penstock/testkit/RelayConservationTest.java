package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import io.penstock.net.RelayOptions.Splice;
import io.penstock.net.Timeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random schedules of relays: cuts, stalls, half-closes from either side, resets, aborts and limits. Bytes are conserved, ends are told as
 * they were, and nothing is left behind.
 *
 * <p>A schedule is its seed; a failure names it, {@code -Dpenstock.seed=} repeats it as the first one, and
 * {@code -Dpenstock.relaySchedules=100000} is how many there are over pairs.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(600)
final class RelayConservationTest {
    private static final int OVER_PAIRS = Integer.getInteger("penstock.relaySchedules", 4_000);
    private static final int OVER_OTHERS = 60;
    private static final int BETWEEN_SOCKETS = Integer.getInteger("penstock.relaySchedules", 6_000) / 100;
    private static final int AT_ONCE = 24;

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));

    RelayConservationTest() {
        leaks.watch(loops);
    }

    @AfterAll
    void endLoops() {
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    /** Runs schedules on the thread that calls it, each by its seed. */
    private interface Each {
        void run(long seed) throws Exception;
    }

    private void runAll(int count, Transport transport, RelaySchedule.Maker maker) {
        runAll(loops, count, seed -> RelaySchedule.run(seed, transport, loops, maker));
    }

    private static void runAll(Loops loops, int count, Each schedules) {
        var next = new AtomicInteger();
        var lanes = new ArrayList<Call<Integer>>();
        for (int lane = 0; lane < AT_ONCE; lane++) {
            lanes.add(Call.start(task -> loops.next().spawn("schedules", task::run), () -> {
                int run = 0;
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    long seed = Payload.SEED + i;
                    try {
                        schedules.run(seed);
                    } catch (Throwable e) {
                        next.set(count);
                        throw new AssertionError("with -Dpenstock.seed=" + seed + ": " + e.getMessage(), e);
                    }
                    run++;
                }
                return run;
            }));
        }
        Await.until(
                Duration.ofSeconds(500),
                "all schedules have run",
                () -> lanes.stream().allMatch(Call::isDone));
        assertThat(lanes.stream().mapToInt(Call::value).sum()).isEqualTo(count);
    }

    @Test
    void everyByteAndEveryEndOverPairs(TestReporter reporter) {
        reporter.publishEntry("seeds", Payload.SEED + " and the " + OVER_PAIRS + " behind it");
        runAll(OVER_PAIRS, Transport.PAIR, Relay::between);
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PAIR")
    void everyByteAndEveryEndOver(Transport transport) {
        runAll(OVER_OTHERS, transport, Relay::between);
    }

    /** All sockets on one loop, so that bytes are spliced where that is not off. */
    @ParameterizedTest
    @CsvSource({"TCP, ALWAYS", "TCP, AUTO", "TCP, OFF", "UNIX, ALWAYS", "UNIX, OFF"})
    void everyByteAndEveryEndBetweenSockets(Transport transport, Splice splice) throws Exception {
        try (var one = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            RelaySchedule.Maker maker =
                    (first, second, options) -> Relay.between(first, second, options.withSplice(splice));
            runAll(one, BETWEEN_SOCKETS, seed -> RelaySchedule.runOverSockets(seed, transport, one, maker));
        }
    }

    @Test
    void aCarelessRelayIsCaught() {
        assertThatThrownBy(() -> runAll(OVER_PAIRS, Transport.PAIR, Careless::new))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("with -Dpenstock.seed=");
    }

    /** Two threads that copy, and close what they copy to: most relays that people write. */
    private static final class Careless implements Relay {
        private static final Duration PATIENCE = Duration.ofSeconds(1);

        private final Connection first;
        private final Connection second;
        private final AtomicLong there = new AtomicLong();
        private final AtomicLong back = new AtomicLong();
        private final CompletableFuture<RelayEnd> end = new CompletableFuture<>();
        private final AtomicInteger left = new AtomicInteger(2);

        Careless(Connection first, Connection second, RelayOptions options) {
            this.first = first;
            this.second = second;
            for (Connection each : List.of(first, second)) each.timeouts(Timeouts.of(PATIENCE, PATIENCE, PATIENCE));
            first.loop().spawn("there", () -> copy(first, second, there));
            second.loop().spawn("back", () -> copy(second, first, back));
        }

        private void copy(Connection from, Connection to, AtomicLong count) throws ConnectionException {
            try {
                count.addAndGet(from.transferTo(to));
                to.close();
            } catch (ConnectionException e) {
                to.close();
            } finally {
                if (left.decrementAndGet() == 0) {
                    end.complete(new RelayEnd(Cause.COMPLETE, there(), back(), Duration.ofNanos(1), null));
                }
            }
        }

        @Override
        public long there() {
            return there.get();
        }

        @Override
        public long back() {
            return back.get();
        }

        @Override
        public boolean isOpen() {
            return !end.isDone();
        }

        @Override
        public RelayEnd join() {
            return end.join();
        }

        @Override
        public void whenEnded(Consumer<RelayEnd> told) {
            end.thenAccept(told);
        }

        @Override
        public void abort() {
            first.abort();
            second.abort();
        }
    }
}

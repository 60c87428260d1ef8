package io.penstock.net.internal;

import io.penstock.net.Pool.PoolStats;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** What a pool has done for one endpoint, or altogether. */
final class Tally {
    private final @Nullable Tally total;
    private final LongAdder dialled = new LongAdder();
    private final LongAdder reused = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder evicted = new LongAdder();
    private final LongAdder waited = new LongAdder();
    private final LongAdder waitedNanos = new LongAdder();
    private final LongAdder timedOut = new LongAdder();
    private final LongAdder turnedAway = new LongAdder();

    /** @param total where everything is counted once more, so that it outlives an endpoint that is forgotten */
    Tally(@Nullable Tally total) {
        this.total = total;
    }

    void dialled() {
        dialled.increment();
        if (total != null) total.dialled();
    }

    void reused() {
        reused.increment();
        if (total != null) total.reused();
    }

    void refused() {
        refused.increment();
        if (total != null) total.refused();
    }

    void evicted() {
        evicted.increment();
        if (total != null) total.evicted();
    }

    void waited(long nanos, boolean inVain) {
        waited.increment();
        waitedNanos.add(nanos);
        if (inVain) timedOut.increment();
        if (total != null) total.waited(nanos, inVain);
    }

    void turnedAway() {
        turnedAway.increment();
        if (total != null) total.turnedAway();
    }

    PoolStats with(Gauges now) {
        return new PoolStats(
                now.idle,
                now.out,
                now.dialling,
                now.queued,
                dialled.sum(),
                reused.sum(),
                refused.sum(),
                evicted.sum(),
                waited.sum(),
                Duration.ofNanos(waitedNanos.sum()),
                timedOut.sum(),
                turnedAway.sum());
    }

    /** What there is at the moment. */
    record Gauges(int idle, int out, int dialling, int queued) {
        static final Gauges NONE = new Gauges(0, 0, 0, 0);

        Gauges plus(Gauges other) {
            return new Gauges(idle + other.idle, out + other.out, dialling + other.dialling, queued + other.queued);
        }
    }
}

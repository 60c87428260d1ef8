package io.penstock.net.internal;

import io.penstock.net.Deadline;
import io.penstock.net.Timeouts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How long operations may wait: the timeouts for each, and one deadline over all. Limits are points of {@link System#nanoTime()}. */
final class Limits {
    private volatile Timeouts timeouts;
    private volatile @Nullable FixedDeadline deadline;

    Limits(Timeouts timeouts) {
        this.timeouts = timeouts;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    void timeouts(Timeouts each) {
        timeouts = each;
    }

    Deadline deadline(Duration total) {
        var set = new FixedDeadline(System.nanoTime() + total.toNanos());
        deadline = set;
        return set;
    }

    long read() {
        return limit(timeouts.read());
    }

    long write() {
        return limit(timeouts.write());
    }

    private long limit(Duration inactivity) {
        FixedDeadline fixed = deadline;
        if (inactivity.isZero()) return fixed == null ? Parking.NO_LIMIT : fixed.at;
        long idle = System.nanoTime() + inactivity.toNanos();
        return fixed != null && fixed.at - idle < 0 ? fixed.at : idle;
    }

    /** Whether the limit has been reached. */
    static boolean isPast(long limit) {
        return limit != Parking.NO_LIMIT && limit - System.nanoTime() <= 0;
    }

    String text(String inactive) {
        FixedDeadline fixed = deadline;
        return fixed != null && isPast(fixed.at) ? "the deadline has passed" : inactive;
    }

    private final class FixedDeadline implements Deadline {
        private final long at;

        FixedDeadline(long at) {
            this.at = at;
        }

        @Override
        public Duration remaining() {
            return Duration.ofNanos(at - System.nanoTime());
        }

        @Override
        public void close() {
            if (deadline == this) deadline = null;
        }
    }
}

package io.penstock.net.internal;

import java.time.Duration;

/** Durations as people write them. */
public final class Durations {
    private Durations() {}

    /** In the largest unit of which it is a whole number: {@code 100 ms}, {@code 90 s}. */
    public static String text(Duration duration) {
        long nanos = duration.toNanos();
        if (nanos % 1_000_000_000 == 0) return nanos / 1_000_000_000 + " s";
        if (nanos % 1_000_000 == 0) return nanos / 1_000_000 + " ms";
        return nanos % 1000 == 0 ? nanos / 1000 + " us" : nanos + " ns";
    }
}

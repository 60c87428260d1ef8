package io.penstock.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for a condition, never for longer than a limit, and names what was waited for when it does not come. Any thread. */
public final class Await {
    /** How long anything in a test may take: 10 s. */
    public static final Duration LIMIT = Duration.ofSeconds(10);

    private Await() {}

    /**
     * Waits until the condition holds.
     *
     * @param what the condition in words, for the failure
     * @throws AssertionError when it does not hold within {@link #LIMIT}
     */
    public static void until(String what, BooleanSupplier condition) {
        until(LIMIT, what, condition);
    }

    /** As {@link #until(String, BooleanSupplier)}, with another limit. */
    public static void until(Duration limit, String what, BooleanSupplier condition) {
        if (!within(limit, condition))
            throw new AssertionError("waited " + limit.toSeconds() + " s in vain until " + what);
    }

    /** Waits until the condition holds, at most for the limit; whether it does. */
    public static boolean within(Duration limit, BooleanSupplier condition) {
        long end = System.nanoTime() + limit.toNanos();
        long pause = 20_000;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end >= 0) return false;
            if (Thread.currentThread().isInterrupted()) throw new AssertionError("interrupted while waiting");
            LockSupport.parkNanos(pause);
            pause = Math.min(pause * 2, 5_000_000);
        }
        return true;
    }

    /** Whether the condition holds, and goes on to hold for the whole of the given time. */
    public static boolean stays(Duration time, BooleanSupplier condition) {
        return !within(time, () -> !condition.getAsBoolean());
    }
}

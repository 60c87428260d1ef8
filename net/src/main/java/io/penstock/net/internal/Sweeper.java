package io.penstock.net.internal;

import io.penstock.net.event.Action;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One timer for all idle connections of a loop: it fires when the first of them is due, but not all the time, and looks at all of them. */
final class Sweeper {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final NettyLoop loop;
    private final LongSupplier sweep;
    private final SpinLock lock = new SpinLock();
    private @Nullable Action timer;
    private volatile long at = Limit.NEVER;
    private volatile long pauseEnds = System.nanoTime();

    /** @param sweep what to do; it returns the {@link System#nanoTime()} when something is due next, or {@link Limit#NEVER} */
    Sweeper(NettyLoop loop, LongSupplier sweep) {
        this.loop = loop;
        this.sweep = sweep;
    }

    /** Something will be due then. Who calls this has put it where the sweep looks for it. */
    void by(long wanted) {
        long due = Math.max(0, wanted - pauseEnds) + pauseEnds;
        if (Limit.earlier(at, due) == at) return;
        lock.lock();
        try {
            if (Limit.earlier(at, due) == at) return;
            if (timer != null) timer.cancel();
            at = due;
            timer = loop.timer(Math.max(0, due - System.nanoTime()), this::fire);
        } finally {
            lock.unlock();
        }
    }

    private void fire() {
        pauseEnds = System.nanoTime() + PAUSE_NANOS;
        at = Limit.NEVER; // before looking, so that what is not seen starts the timer anew
        long next = sweep.getAsLong();
        if (next != Limit.NEVER) by(next);
    }
}

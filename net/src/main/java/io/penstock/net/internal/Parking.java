package io.penstock.net.internal;

import io.penstock.net.event.Action;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where the one thread that waits for a half of a connection parks: until progress, its limit, or an interruption.
 *
 * <p>The half's lock guards everything here except {@link #park}: a thread announces itself under the lock, so no progress can
 * slip through, and parks after leaving it.
 *
 * <p>The timer is lazy. It is not moved by every operation, which would cost more than the operation; it is left to fire, and looks
 * then how long the thread that waits at that moment still has.
 */
final class Parking {
    /** How a wait ended. */
    enum Outcome {
        WOKEN,
        EXPIRED,
        CANCELLED,
        INTERRUPTED
    }

    private final SpinLock lock;
    private final NettyLoop loop;
    private volatile @Nullable Thread parked;
    private Outcome outcome = Outcome.WOKEN;

    /** Who is to give up as soon as it comes to wait. */
    private @Nullable Thread excused;

    private long limit = Limit.NEVER;
    private @Nullable Action timer;
    private long timerAt;

    Parking(SpinLock lock, NettyLoop loop) {
        this.lock = lock;
        this.loop = loop;
    }

    /** Announces the calling thread, holding the lock. {@code limit} is a {@link System#nanoTime()} or {@link Limit#NEVER}. */
    void announce(long limit) {
        Thread me = Thread.currentThread();
        this.limit = limit;
        if (excused == me) {
            excused = null;
            outcome = Outcome.CANCELLED;
            return;
        }
        outcome = Outcome.WOKEN;
        parked = me;
        if (limit != Limit.NEVER && (timer == null || timerAt - limit > 0)) startTimer(limit);
    }

    /** Parks until {@link #wake()} or the limit, not holding the lock. An interruption stays set on the thread. */
    Outcome park() {
        Thread me = Thread.currentThread();
        while (parked == me) {
            LockSupport.park(this);
            if (me.isInterrupted()) {
                lock.lock();
                try {
                    if (parked != me) break; // progress came first; the next wait will see the interruption
                    parked = null;
                } finally {
                    lock.unlock();
                }
                return Outcome.INTERRUPTED;
            }
        }
        return outcome;
    }

    /** Whether a thread waits; holding the lock. */
    boolean isWaiting() {
        return parked != null;
    }

    /** Lets the waiting thread go on as soon as the lock is free, if there is one; holding the lock. */
    void wake() {
        Thread thread = parked;
        if (thread != null) {
            parked = null;
            lock.wakeBehind(thread);
        }
    }

    /** Has the waiting thread give up, if there is one; holding the lock. */
    void cancel() {
        if (parked == null) return;
        outcome = Outcome.CANCELLED;
        wake();
    }

    /** Has that thread give up its wait, or else the next one; holding the lock. */
    void cancel(Thread thread) {
        if (parked == thread) {
            cancel();
        } else {
            excused = thread;
        }
    }

    /** No more waits will come; holding the lock. */
    void end() {
        wake();
        if (timer != null) timer.cancel();
        timer = null;
    }

    private void startTimer(long at) {
        if (timer != null) timer.cancel();
        timerAt = at;
        timer = loop.timer(Math.max(0, at - System.nanoTime()), this::fire);
    }

    private void fire() {
        lock.lock();
        try {
            if (timer == null) return;
            timer = null;
            if (parked == null || limit == Limit.NEVER) return;
            if (limit - System.nanoTime() > 0) {
                startTimer(limit);
            } else {
                outcome = Outcome.EXPIRED;
                wake();
            }
        } finally {
            lock.unlock();
        }
    }
}

package io.penstock.net.internal;

import io.penstock.net.event.Action;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Counts connections of a listener that have not ended, and lets one wait for the last; and those that could not be secured. */
final class OpenConnections {
    private static final long TELLING_NANOS = 1_000_000_000;

    private final AtomicInteger count = new AtomicInteger();
    private final AtomicLong tlsFailures = new AtomicLong();
    private final AtomicLong tlsFailuresTold = new AtomicLong();
    private final AtomicLong tellingDue = new AtomicLong(System.nanoTime());
    private final Queue<Thread> waiting = new ConcurrentLinkedQueue<>();

    /** Counts it until it ends, or the action is cancelled: then it is another's to wait for. */
    Action add(StreamConnection connection) {
        count.incrementAndGet();
        Action end = connection.whenClosed(this::remove);
        return () -> {
            boolean first = end.cancel();
            if (first) remove();
            return first;
        };
    }

    private void remove() {
        if (count.decrementAndGet() == 0) waiting.forEach(LockSupport::unpark);
    }

    /**
     * Counts one; how many there were since the last that was told, if it is time to tell another, or else 0: strangers can bring about as
     * many as they like, and the log is not theirs.
     */
    long tlsFailed() {
        long all = tlsFailures.incrementAndGet();
        long now = System.nanoTime();
        long due = tellingDue.get();
        if (now - due < 0 || !tellingDue.compareAndSet(due, now + TELLING_NANOS)) return 0;
        return Math.max(1, all - tlsFailuresTold.getAndSet(all));
    }

    long tlsFailures() {
        return tlsFailures.get();
    }

    int size() {
        return count.get();
    }

    /** Whether the last one ended in time. An interruption stays set and ends the wait. */
    boolean awaitNone(long time, TimeUnit unit) {
        long deadline = System.nanoTime() + unit.toNanos(time);
        waiting.add(Thread.currentThread());
        try {
            while (count.get() > 0) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || Thread.currentThread().isInterrupted()) return false;
                LockSupport.parkNanos(this, left);
            }
            return true;
        } finally {
            waiting.remove(Thread.currentThread());
        }
    }
}

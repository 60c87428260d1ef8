package io.penstock.net.internal;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Counts connections that have not ended, and lets one wait for the last. */
final class OpenConnections {
    private final AtomicInteger count = new AtomicInteger();
    private final Queue<Thread> waiting = new ConcurrentLinkedQueue<>();

    void add(StreamConnection connection) {
        count.incrementAndGet();
        connection.whenClosed(this::remove);
    }

    private void remove() {
        if (count.decrementAndGet() == 0) waiting.forEach(LockSupport::unpark);
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

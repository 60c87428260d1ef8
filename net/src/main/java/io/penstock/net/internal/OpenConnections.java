package io.penstock.net.internal;

import java.util.concurrent.TimeUnit;

/** Counts connections that have not ended, and lets one wait for the last. */
final class OpenConnections {
    private int count;

    synchronized void add(StreamConnection connection) {
        count++;
        connection.whenClosed(this::remove);
    }

    private synchronized void remove() {
        count--;
        notifyAll();
    }

    synchronized int size() {
        return count;
    }

    /** Whether the last one ended in time. An interruption stays set and ends the wait. */
    synchronized boolean awaitNone(long time, TimeUnit unit) {
        long deadline = System.nanoTime() + unit.toNanos(time);
        while (count > 0) {
            long left = deadline - System.nanoTime();
            if (left <= 0) return false;
            try {
                TimeUnit.NANOSECONDS.timedWait(this, Math.max(left, 1_000_000));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return true;
    }
}

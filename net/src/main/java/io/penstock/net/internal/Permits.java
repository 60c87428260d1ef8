package io.penstock.net.internal;

import io.penstock.net.internal.Waiter.Grant;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * How many connections to one endpoint there may be, and who waits for one.
 *
 * <p>A permit is taken before dialling and given back when the operating system has closed the socket, so that the peer never sees more
 * connections than there are permits. One that is given back while somebody waits goes to the first of them under the lock: it is never
 * free in between, so nobody can come first.
 */
final class Permits {
    /** Of a connection. */
    enum Stage {
        OPEN,
        /** Ended on this side; the socket is about to be closed. */
        CLOSING,
        GONE
    }

    private final LoopPool pool;
    private final SpinLock lock = new SpinLock();
    private final ArrayDeque<Waiter> queue = new ArrayDeque<>(2);
    private int taken;
    private int dialling;
    private int closing;
    private boolean retired;

    // to be seen without the lock:

    private volatile int waiting;

    /** How many of those who wait get no permit when all connections that are about to be gone are. */
    private volatile int missing;

    /** How many connections are too many since the limit was lowered. */
    private volatile int excess;

    Permits(LoopPool pool) {
        this.pool = pool;
    }

    /** Whether there is a permit and nobody who waits for it: then the caller has it, and dials. */
    boolean tryTake() {
        lock.lock();
        try {
            return takeOne();
        } finally {
            lock.unlock();
        }
    }

    private boolean takeOne() {
        if (retired || !queue.isEmpty() || taken >= pool.options().limit()) return false;
        taken++;
        dialling++;
        return true;
    }

    /**
     * Puts the caller at the end of the queue, or gives it what it wants at once. False when as many wait as may, or nobody may any more.
     * A connection that is about to be gone makes room for one more: it is a matter of moments.
     */
    boolean enqueue(Waiter waiter, long limit) {
        lock.lock();
        try {
            if (takeOne()) {
                waiter.grant(new Grant.Permit());
                return true;
            }
            if (retired || pool.isClosed() || queue.size() >= pool.options().backlog() + closing) return false;
            waiter.announce(limit);
            queue.addLast(waiter);
            settle();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Puts back one whose turn it was, but who was given something useless. False when this has been retired meanwhile. */
    boolean enqueueFirst(Waiter waiter, long limit) {
        lock.lock();
        try {
            if (retired) return false;
            waiter.announce(limit);
            if (pool.isClosed()) {
                waiter.grant(new Grant.Refusal());
            } else {
                queue.addFirst(waiter);
                settle();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** The waiter goes, with what it was granted, if anything. */
    @Nullable
    Grant leave(Waiter waiter) {
        lock.lock();
        try {
            Grant grant = waiter.end();
            if (grant == null) queue.remove(waiter);
            settle();
            return grant;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a connection that nobody uses to the first in the queue; false when nobody waits, or that one wants a new one. */
    boolean give(Slot slot) {
        lock.lock();
        try {
            Waiter first = queue.peekFirst();
            if (first == null || first.wantsFresh()) return false;
            queue.removeFirst();
            first.grant(new Grant.Kept(slot));
            settle();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** A permit has become a connection. */
    void dialled() {
        lock.lock();
        dialling--;
        lock.unlock();
    }

    /** Dialling has failed; the sockets that it has opened are about to be closed. */
    void failed() {
        lock.lock();
        try {
            dialling--;
            closing++;
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** What the failed dialling has opened is closed. */
    void failedAndGone() {
        lock.lock();
        try {
            closing--;
            taken--;
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** The connection has ended. */
    void closing(Slot slot) {
        lock.lock();
        try {
            if (slot.stage != Stage.OPEN) return;
            slot.stage = Stage.CLOSING;
            closing++;
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** The operating system has closed it. */
    void gone(Slot slot) {
        lock.lock();
        try {
            if (slot.stage == Stage.GONE) return;
            if (slot.stage == Stage.CLOSING) closing--;
            slot.stage = Stage.GONE;
            taken--;
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** The limit has changed. */
    void resized() {
        lock.lock();
        try {
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** Turns all away who wait; the pool has been closed. */
    void close() {
        lock.lock();
        try {
            queue.forEach(waiter -> waiter.grant(new Grant.Refusal()));
            queue.clear();
            settle();
        } finally {
            lock.unlock();
        }
    }

    /** Gives free permits to those who wait, in turn, and lets everybody see where it stands. Holding the lock. */
    private void settle() {
        int limit = pool.options().limit();
        while (taken < limit && !queue.isEmpty()) {
            taken++;
            dialling++;
            queue.removeFirst().grant(new Grant.Permit());
        }
        waiting = queue.size();
        excess = Math.max(0, taken - closing - limit);
        missing = waiting - Math.max(0, limit - taken + closing);
    }

    boolean hasWaiters() {
        return waiting > 0;
    }

    boolean needsRoom() {
        return missing > 0;
    }

    boolean isOverLimit() {
        return excess > 0;
    }

    /** Ends it for ever, unless it is in use. */
    boolean retire() {
        lock.lock();
        try {
            retired |= taken == 0 && queue.isEmpty();
            return retired;
        } finally {
            lock.unlock();
        }
    }

    boolean isRetired() {
        lock.lock();
        try {
            return retired;
        } finally {
            lock.unlock();
        }
    }

    Tally.Gauges gauges(int idle) {
        lock.lock();
        try {
            return new Tally.Gauges(idle, Math.max(0, taken - dialling - closing - idle), dialling, queue.size());
        } finally {
            lock.unlock();
        }
    }

    SpinLock lock() {
        return lock;
    }
}

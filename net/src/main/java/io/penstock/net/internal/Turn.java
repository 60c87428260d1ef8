package io.penstock.net.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a socket: taken by one thread at a time, which tries, and waits here until the loop says that it is worth trying again.
 *
 * <p>A thread calls {@link #begin()} before each try. So what the loop says between the try and the wait is not missed: the wait is over
 * before it begins.
 */
final class Turn {
    private static final int MOST_SUCCESSES = 64;
    private static final VarHandle TAKER;

    static {
        try {
            TAKER = MethodHandles.lookup().findVarHandle(Turn.class, "taker", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final SpinLock lock = new SpinLock();
    private final Parking parking;
    private volatile boolean signalled;
    private boolean ended;

    /** Since the last wait; of whoever has taken it. */
    private int successes;

    @SuppressWarnings("unused") // through TAKER
    private volatile @Nullable Thread taker;

    Turn(NettyLoop loop) {
        this.parking = new Parking(lock, loop);
    }

    /** False when another thread has it. */
    boolean take() {
        return TAKER.compareAndSet(this, (Thread) null, Thread.currentThread());
    }

    void leave() {
        TAKER.setRelease(this, (Thread) null);
    }

    void begin() {
        signalled = false;
    }

    /** It was worth trying. A thread that never has to wait lets the others on its carrier have their turn now and then. */
    void succeeded() {
        if (++successes < MOST_SUCCESSES || !Thread.currentThread().isVirtual()) return;
        successes = 0;
        Thread.yield();
    }

    Parking.Outcome await(long limit) {
        successes = 0;
        lock.lock();
        try {
            if (signalled || ended) return Parking.Outcome.WOKEN;
            parking.announce(limit);
        } finally {
            lock.unlock();
        }
        return parking.park();
    }

    /** It is worth trying. */
    void signal() {
        lock.lock();
        try {
            signalled = true;
            parking.wake();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody is to wait any more. */
    void end() {
        lock.lock();
        try {
            ended = true;
            parking.end();
        } finally {
            lock.unlock();
        }
    }
}

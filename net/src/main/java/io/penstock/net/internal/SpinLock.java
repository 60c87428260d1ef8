package io.penstock.net.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A lock for a handful of instructions that never puts a thread to sleep.
 *
 * <p>Monitors and {@code java.util.concurrent} locks will not do where an event loop, a virtual thread that it carries, and a third
 * thread meet: what is released goes to the head of the queue. If that is the virtual thread while the loop itself stands behind it,
 * the one waits for its carrier and the carrier waits for the one, for ever.
 *
 * <p>Not reentrant, never nested, and never held while parking or yielding: a virtual thread cannot leave its carrier while it holds
 * one, so whoever spins does so for moments.
 */
public final class SpinLock {
    private static final int SPINS = 200;
    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", boolean.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HELD
    private volatile boolean held;

    /** Who is to go on when it is free; of its holder. */
    private @Nullable Thread next;

    public void lock() {
        for (int i = 0; !HELD.compareAndSet(this, false, true); i++) {
            if (i < SPINS) {
                Thread.onSpinWait();
            } else {
                Thread.yield(); // its holder has been preempted by the operating system
            }
        }
    }

    public void unlock() {
        Thread woken = next;
        next = null;
        HELD.setRelease(this, false);
        if (woken != null) LockSupport.unpark(woken);
    }

    /**
     * Wakes a thread as soon as the lock is free. Of its holder, whose processor it may take at once: if that still held the lock, it would
     * spin there for as long as the operating system lets it.
     */
    public void wakeBehind(Thread thread) {
        if (next != null) LockSupport.unpark(next); // hardly ever: a pool that wakes all who wait
        next = thread;
    }
}

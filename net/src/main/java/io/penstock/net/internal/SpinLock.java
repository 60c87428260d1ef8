package io.penstock.net.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

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
        HELD.setRelease(this, false);
    }
}

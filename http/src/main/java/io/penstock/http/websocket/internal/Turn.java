package io.penstock.http.websocket.internal;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Who may write a frame. At most one thread waits for it, the one that sends a message; all others leave what they have for whoever has the
 * turn, and go.
 */
final class Turn {
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile @Nullable Thread waiting;

    boolean tryEnter() {
        return taken.compareAndSet(false, true);
    }

    /** Waits for the turn; false when the thread was interrupted, and does not have it. */
    boolean enter() {
        if (tryEnter()) return true;
        waiting = Thread.currentThread();
        try {
            while (!tryEnter()) {
                LockSupport.park(this);
                if (Thread.interrupted()) return false;
            }
            return true;
        } finally {
            waiting = null;
        }
    }

    void leave() {
        taken.set(false);
        LockSupport.unpark(waiting);
    }
}

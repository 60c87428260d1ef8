package io.penstock.net.internal;

import org.jspecify.annotations.Nullable;

/** A thread that waits for its turn. The lock of the {@link Permits} guards everything here but {@link #park}. */
final class Waiter {
    /** What it waits for. */
    sealed interface Grant {
        /** It may dial. */
        record Permit() implements Grant {}

        /** It has a connection that somebody else has released. */
        record Kept(Slot slot) implements Grant {}

        /** The pool has been closed. */
        record Refusal() implements Grant {}
    }

    private final boolean fresh;
    private final Parking parking;
    private @Nullable Grant grant;
    private boolean waited;

    /** @param fresh whether no connection of somebody else's will do */
    Waiter(boolean fresh, SpinLock lock, NettyLoop loop) {
        this.fresh = fresh;
        this.parking = new Parking(lock, loop);
    }

    boolean wantsFresh() {
        return fresh;
    }

    void announce(long limit) {
        grant = null;
        waited = true;
        parking.announce(limit);
    }

    void grant(Grant what) {
        grant = what;
        parking.wake();
    }

    /** Waits until something was granted, or the limit; not holding the lock. */
    Parking.Outcome park() {
        return parking.park();
    }

    /** Whether it did not get what it wanted at once. */
    boolean hasWaited() {
        return waited;
    }

    @Nullable
    Grant end() {
        parking.end();
        return grant;
    }
}

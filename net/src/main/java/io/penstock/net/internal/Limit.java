package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;
import java.time.Duration;

/**
 * The end of all that belongs to one dialling.
 *
 * @param at a {@link System#nanoTime()}, or {@link #NEVER}
 * @param total how long it was from the start, for messages
 */
record Limit(long at, Duration total) {
    static final long NEVER = Long.MAX_VALUE;

    /** The earlier of two points in time, either of which may be {@link #NEVER}. */
    static long earlier(long one, long other) {
        return one == NEVER || (other != NEVER && other - one < 0) ? other : one;
    }

    /** Whether a point in time has come. */
    static boolean isPast(long at) {
        return at != NEVER && at - System.nanoTime() <= 0;
    }

    /** @param total from now; zero for no limit */
    static Limit in(Duration total) {
        return new Limit(total.isZero() ? NEVER : System.nanoTime() + total.toNanos(), total);
    }

    boolean isNever() {
        return at == NEVER;
    }

    boolean isOver() {
        return isPast(at);
    }

    Duration left() {
        return Duration.ofNanos(Math.max(0, at - System.nanoTime()));
    }

    /** The earlier of this and another {@link System#nanoTime()}. */
    long orEarlier(long other) {
        return earlier(at, other);
    }

    /** The part of what is left for the first of several, so that one that does not answer leaves time to the others. */
    Limit share(int several) {
        if (at == NEVER) return this;
        long now = System.nanoTime();
        return new Limit(now + (at - now) / several, total);
    }

    ConnectionException passed(Phase phase, SocketAddress peer, String what) {
        return ConnectionException.of(Reason.TIMEOUT, phase, peer, what + " within " + total.toMillis() + " ms", null);
    }
}

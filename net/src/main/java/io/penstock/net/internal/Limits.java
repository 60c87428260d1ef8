package io.penstock.net.internal;

import io.penstock.net.Deadline;
import io.penstock.net.Timeouts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How long the operations of one user may wait: the timeouts for each, and one deadline over all. Limits are points of
 * {@link System#nanoTime()}, or {@link Limit#NEVER}.
 */
final class Limits {
    private volatile Timeouts timeouts;
    private volatile @Nullable FixedDeadline deadline;

    /** While a TLS handshake is under way: the limit of all its waits. Else 0. */
    private volatile long handshake;

    /** Those of whoever has lent the connection: their deadline holds where no other is set here. */
    private final @Nullable Limits lender;

    Limits(Timeouts timeouts) {
        this(timeouts, null);
    }

    Limits(Timeouts timeouts, @Nullable Limits lender) {
        this.timeouts = timeouts;
        this.lender = lender;
    }

    private @Nullable FixedDeadline fixed() {
        FixedDeadline mine = deadline;
        return mine == null && lender != null ? lender.fixed() : mine;
    }

    Timeouts timeouts() {
        return timeouts;
    }

    void timeouts(Timeouts each) {
        timeouts = each;
    }

    Deadline deadline(Duration total) {
        return set(System.nanoTime() + total.toNanos(), null);
    }

    /** A deadline for a part of what its user does: it does not outlast theirs, which is the one again afterwards. */
    Deadline deadlineWithin(Duration part) {
        FixedDeadline theirs = fixed();
        long at = System.nanoTime() + part.toNanos();
        return set(theirs == null ? at : Limit.earlier(at, theirs.at), theirs);
    }

    private Deadline set(long at, @Nullable FixedDeadline outer) {
        var set = new FixedDeadline(at, outer);
        deadline = set;
        return set;
    }

    void forgetDeadline() {
        deadline = null;
    }

    /** When dialling, or a handshake, that begins now is to be over, if the deadline does not come first. */
    long connect() {
        Duration total = timeouts.connect();
        return total.isZero() ? Limit.NEVER : System.nanoTime() + total.toNanos();
    }

    long read() {
        return from(timeouts.read());
    }

    long write() {
        return from(timeouts.write());
    }

    /** When a wait that begins now is over, by inactivity or by the deadline. */
    long from(Duration inactivity) {
        long whole = handshake;
        if (whole != 0) return whole;
        FixedDeadline fixed = fixed();
        if (inactivity.isZero()) return fixed == null ? Limit.NEVER : fixed.at;
        long idle = System.nanoTime() + inactivity.toNanos();
        return fixed != null && fixed.at - idle < 0 ? fixed.at : idle;
    }

    /** Whether the deadline has passed. */
    boolean isPast() {
        long whole = handshake;
        if (whole != 0) return Limit.isPast(whole);
        FixedDeadline fixed = fixed();
        return fixed != null && Limit.isPast(fixed.at);
    }

    /** Why a wait is over: the deadline, or else what was waited for in vain. */
    String text(String inactive) {
        return isPast() ? "the deadline has passed" : inactive;
    }

    /** From now on all waits are those of one handshake. */
    void beginHandshake(long limit) {
        FixedDeadline fixed = fixed();
        handshake = fixed == null ? limit : Limit.earlier(fixed.at, limit);
    }

    void endHandshake() {
        handshake = 0;
    }

    boolean isHandshake() {
        return handshake != 0;
    }

    /** When the handshake is to give up. */
    long handshake() {
        return handshake;
    }

    private final class FixedDeadline implements Deadline {
        private final long at;
        private final @Nullable FixedDeadline outer;

        FixedDeadline(long at, @Nullable FixedDeadline outer) {
            this.at = at;
            this.outer = outer;
        }

        @Override
        public Duration remaining() {
            return Duration.ofNanos(at - System.nanoTime());
        }

        @Override
        public void close() {
            if (deadline == this) deadline = outer;
        }
    }
}

package io.penstock.net.internal;

import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import io.penstock.net.event.Action;
import org.jspecify.annotations.Nullable;

/**
 * How long a relay may do nothing, how long it may last, and when its peers are asked whether they are there.
 *
 * <p>The timers are lazy: what goes on moves none of them, but is asked for when one fires. Only what a slow peer takes has to be looked at
 * more often, for nobody tells when that was.
 */
final class RelayLimits {
    /** How often within a limit, so that a peer that takes nothing any more has a quarter of it too much, at most. */
    private static final int LOOKS = 4;

    private final StreamRelay relay;
    private final long idle;
    private final long linger;
    private final long lifetime;
    private final long keepAlive;
    private volatile long lastMove = System.nanoTime();
    private volatile boolean halfEnded;

    private final SpinLock lock = new SpinLock();
    private @Nullable Action silence;
    private @Nullable Action whole;
    private @Nullable Action asking;
    private boolean over;

    /** What there was at the last look; only the timer that watches the silence changes it, and there is one at a time. */
    private long progress;

    private boolean delivering;

    RelayLimits(StreamRelay relay, RelayOptions options) {
        this.relay = relay;
        this.idle = options.idle().toNanos();
        this.linger = options.linger().toNanos();
        this.lifetime = options.lifetime().toNanos();
        this.keepAlive = options.keepAlive().toNanos();
    }

    void start() {
        progress = relay.progress(); // what was sent before does not count
        if (idle > 0) lookWithin(idle);
        if (lifetime > 0) whole(lifetime, () -> relay.endSoon(Cause.LIFETIME));
        if (keepAlive > 0) ask(keepAlive);
    }

    /** Not from the beginning: the kernel looks back how long it has been silent, and most tunnels have ended by then. */
    private void ask(long nanos) {
        lock.lock();
        try {
            if (!over) asking = relay.loop().timer(nanos, relay::keepAlive);
        } finally {
            lock.unlock();
        }
    }

    /** Something goes on. */
    void moved() {
        if (idle > 0 || linger > 0) lastMove = System.nanoTime();
    }

    /** One way has ended, and from now on the other has to go on. */
    void halfEnded() {
        if (linger == 0) return; // the limit for both holds
        lastMove = System.nanoTime();
        halfEnded = true;
        lookWithin(linger);
    }

    private long limit() {
        return halfEnded ? linger : idle;
    }

    private void lookWithin(long nanos) {
        lock.lock();
        try {
            if (silence != null) silence.cancel();
            silence = over ? null : relay.loop().timer(Math.min(nanos, limit() / LOOKS), this::look);
        } finally {
            lock.unlock();
        }
    }

    private void look() {
        long taken = relay.progress();
        boolean waits = relay.isDelivering();
        // a peer that takes something is slow, and not silent
        if (taken != progress && (waits || delivering)) lastMove = System.nanoTime();
        progress = taken;
        delivering = waits;
        long left = lastMove + limit() - System.nanoTime();
        if (left > 0) {
            lookWithin(left);
        } else {
            relay.endSoon(halfEnded ? Cause.LINGER : Cause.IDLE);
        }
    }

    /** What has been read has so long to leave. */
    void farewell(long nanos) {
        whole(nanos, relay::abort);
    }

    private void whole(long nanos, Runnable then) {
        lock.lock();
        try {
            if (whole != null) whole.cancel();
            whole = over ? null : relay.loop().timer(nanos, then);
        } finally {
            lock.unlock();
        }
    }

    void cancel() {
        lock.lock();
        try {
            over = true;
            if (silence != null) silence.cancel();
            if (whole != null) whole.cancel();
            if (asking != null) asking.cancel();
        } finally {
            lock.unlock();
        }
    }
}

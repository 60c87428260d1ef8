package io.penstock.net.internal;

import io.penstock.net.KeepAlive;
import io.penstock.net.Released;
import io.penstock.net.event.Action;
import org.jspecify.annotations.Nullable;

/** The place of a stream in its pool, until it ends or is taken over for good. */
final class Slot {
    private final EndpointPool home;
    private final Duplex stream;
    private final long bornAt = System.nanoTime();
    private final Runnable evict = this::evict;
    private final Action counted;
    private volatile boolean left;
    private int uses = 1;
    private long idleUntil;

    /** Whether it is on a shelf, whose lock guards this. */
    boolean shelved;

    /** Where its end has come to; guarded by the lock of the permits. */
    Permits.Stage stage = Permits.Stage.OPEN;

    /** @param counted to be cancelled when the pool has to wait for its end no more */
    Slot(EndpointPool home, Duplex stream, Action counted) {
        this.home = home;
        this.stream = stream;
        this.counted = counted;
    }

    Duplex stream() {
        return stream;
    }

    int reused() {
        return uses - 1;
    }

    long idleUntil() {
        return idleUntil;
    }

    /** Gives it to its next user. */
    StreamConnection handOut() {
        uses++;
        return stream.lend(home.pool().timeouts());
    }

    /** What the pool's options say about keeping it. */
    KeepAlive keepAlive() {
        return home.pool().options().keepAlive();
    }

    /**
     * Takes it from its last user: it is kept, or closed.
     *
     * @param flaw what would confuse the next user; null when they would find it as good as new
     */
    Released putBack(@Nullable Released flaw, KeepAlive limits) {
        Released outcome = flaw == null ? keep(limits) : flaw;
        if (outcome != Released.KEPT) home.refuse(this);
        return outcome;
    }

    private Released keep(KeepAlive limits) {
        long now = System.nanoTime();
        long life = limits.age().toNanos() - (now - bornAt);
        if (life <= 0 || uses >= limits.uses()) return Released.WORN;
        idleUntil = now + Math.min(limits.idle().toNanos(), life);
        return home.keep(this) ? Released.KEPT : Released.SURPLUS;
    }

    /** It is its user's for good: whoever waits for a connection need not wait for its end. */
    void leave() {
        left = true;
        counted.cancel();
        home.giveUp(this);
    }

    boolean hasLeft() {
        return left;
    }

    /** Whether it can be handed out. */
    boolean isGood() {
        return idleUntil - System.nanoTime() > 0 && stream.flaw() == null;
    }

    /** Has it evicted as soon as something comes, or the peer ends it, although nobody uses it. */
    void watch() {
        if (!stream.input().watch(evict)) evict();
    }

    void unwatch() {
        stream.input().unwatch();
    }

    private void evict() {
        home.evict(this);
    }
}

package io.penstock.net.internal;

import io.penstock.net.KeepAlive;
import io.penstock.net.Released;
import java.util.concurrent.atomic.AtomicBoolean;

/** A connection's place in its pool, for all its life. */
final class Slot {
    private final EndpointPool home;
    private final StreamConnection connection;
    private final long bornAt = System.nanoTime();
    private final AtomicBoolean out = new AtomicBoolean(true);
    private final Runnable evict = this::evict;
    private int uses = 1;
    private long idleUntil;

    /** Whether it is on a shelf, whose lock guards this. */
    boolean shelved;

    /** Where its end has come to; guarded by the lock of the permits. */
    Permits.Stage stage = Permits.Stage.OPEN;

    Slot(EndpointPool home, StreamConnection connection) {
        this.home = home;
        this.connection = connection;
    }

    StreamConnection connection() {
        return connection;
    }

    int reused() {
        return uses - 1;
    }

    long idleUntil() {
        return idleUntil;
    }

    /** Makes it as new for its next user. */
    StreamConnection handOut() {
        uses++;
        connection.renew(home.pool().timeouts());
        out.set(true);
        return connection;
    }

    Released release(KeepAlive limits) {
        connection.requireUnused();
        if (!out.compareAndSet(true, false)) {
            throw new IllegalStateException(connection + " has been released before");
        }
        connection.leaveScope();
        connection.inputHalf().forgetAll();
        Released outcome = keep(limits);
        if (outcome != Released.KEPT) home.refuse(this);
        return outcome;
    }

    private Released keep(KeepAlive limits) {
        connection.settle();
        Released flaw = connection.flaw();
        if (flaw != null) return flaw;
        long now = System.nanoTime();
        long life = limits.age().toNanos() - (now - bornAt);
        if (life <= 0 || uses >= limits.uses()) return Released.WORN;
        idleUntil = now + Math.min(limits.idle().toNanos(), life);
        return home.keep(this) ? Released.KEPT : Released.SURPLUS;
    }

    Released release() {
        return release(home.pool().options().keepAlive());
    }

    /** Whether it can be handed out. */
    boolean isGood() {
        return idleUntil - System.nanoTime() > 0 && connection.flaw() == null;
    }

    /** Has it evicted as soon as something comes, or the peer ends it, although nobody uses it. */
    void watch() {
        if (!connection.inputHalf().watch(evict)) evict();
    }

    void unwatch() {
        connection.inputHalf().unwatch();
    }

    private void evict() {
        home.evict(this);
    }
}

package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.Pool.PoolStats;
import io.penstock.net.PoolOptions;
import io.penstock.net.internal.Waiter.Grant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A pool's connections to one endpoint: a shelf of idle ones on each loop, and the permits for all of them.
 *
 * <p>Nobody waits beside an idle connection. Whoever puts one on a shelf looks afterwards whether somebody waits, and whoever begins
 * to wait looks at all shelves afterwards: one of the two sees the other.
 */
final class EndpointPool {
    private final LoopPool pool;
    private final Endpoint endpoint;
    private final List<Shelf> shelves;
    private final Permits permits;
    private final Tally tally;

    EndpointPool(LoopPool pool, Endpoint endpoint, Tally total) {
        this.pool = pool;
        this.endpoint = endpoint;
        this.permits = new Permits(pool);
        this.tally = new Tally(total);
        this.shelves = Stream.generate(() -> new Shelf(pool))
                .limit(pool.loops().loops().size())
                .toList();
    }

    // ---- to the user

    /**
     * A connection for a thread of the loop; a thread of no loop has to hop in any case, so any will do. Null when this has been forgotten
     * and there is another in its place.
     */
    @Nullable
    StreamConnection connect(@Nullable NettyLoop here) throws ConnectionException {
        if (!permits.hasWaiters()) {
            Slot kept = here == null ? takeAny() : take(shelves.get(here.index()));
            if (kept != null) return lend(kept);
        }
        Limit limit = pool.dialLimit();
        if (permits.tryTake()) return dial(limit);
        if (!permits.hasWaiters()) {
            Slot kept = takeAny();
            if (kept != null) return lend(kept);
        }
        return await(new Waiter(false, permits.lock(), pool.timerLoop()), limit);
    }

    @Nullable
    StreamConnection connectFresh() throws ConnectionException {
        Limit limit = pool.dialLimit();
        if (permits.tryTake()) return dial(limit);
        return await(new Waiter(true, permits.lock(), pool.timerLoop()), limit);
    }

    /** As {@link #connectFresh}, but neither waits nor makes room. */
    @Nullable
    StreamConnection dialOneMore() throws ConnectionException {
        if (permits.tryTake()) return dial(pool.dialLimit());
        if (permits.isRetired()) return null;
        throw failure(
                Reason.POOL_FULL,
                "the pool has opened all " + pool.options().limit()
                        + " connections that it may, idle ones included: none is left to be warmed up");
    }

    private StreamConnection lend(Slot slot) {
        tally.reused();
        StreamConnection connection = slot.handOut();
        connection.joinScope();
        return connection;
    }

    private StreamConnection dial(Limit limit) throws ConnectionException {
        var opened = new ArrayList<StreamConnection>(1);
        StreamConnection made;
        try {
            made = pool.dial(endpoint, limit, opened::add);
        } catch (Throwable e) {
            permits.failed();
            whenGone(opened, permits::failedAndGone);
            throw e;
        }
        Duplex stream = made.stream();
        var slot = new Slot(this, stream, pool.count(made));
        stream.joinPool(slot);
        permits.dialled();
        tally.dialled();
        stream.whenClosed(() -> permits.closing(slot));
        stream.whenGone(() -> permits.gone(slot));
        if (pool.isClosed()) {
            made.closeIdle();
            throw closed();
        }
        return made;
    }

    private static void whenGone(List<StreamConnection> all, Runnable work) {
        Runnable next = work;
        for (StreamConnection each : all) {
            Runnable rest = next;
            next = () -> each.stream().whenGone(rest);
        }
        next.run();
    }

    private @Nullable StreamConnection await(Waiter me, Limit limit) throws ConnectionException {
        pool.requireBlockable(endpoint);
        while (!permits.enqueue(me, limit.at())) {
            if (permits.isRetired()) return null;
            if (pool.isClosed()) throw closed();
            if (!me.wantsFresh() || !dropOldest()) throw full();
        }
        long since = System.nanoTime();
        while (true) {
            balance();
            Parking.Outcome outcome = me.park();
            Grant grant = permits.leave(me);
            if (grant instanceof Grant.Kept(var slot) && !slot.isGood()) {
                discard(slot);
                if (!permits.enqueueFirst(me, limit.at())) return null;
                continue;
            }
            if (me.hasWaited()) tally.waited(System.nanoTime() - since, grant == null);
            return switch (grant) {
                case Grant.Permit() -> dial(limit);
                case Grant.Kept(var slot) -> lend(slot);
                case Grant.Refusal() -> throw closed();
                case null -> throw inVain(outcome, limit);
            };
        }
    }

    private ConnectionException full() {
        tally.turnedAway();
        PoolOptions options = pool.options();
        return failure(
                Reason.POOL_FULL,
                "all " + options.limit() + " connections that the pool may open are in use"
                        + (options.backlog() > 0 ? ", and " + options.backlog() + " callers wait for one" : ""));
    }

    private ConnectionException inVain(Parking.Outcome outcome, Limit limit) {
        if (outcome == Parking.Outcome.INTERRUPTED) {
            return ConnectionException.of(Reason.INTERRUPTED, Phase.POOL, endpoint.address());
        }
        return limit.passed(
                Phase.POOL,
                endpoint.address(),
                "none of the " + pool.options().limit() + " connections that the pool may open became free");
    }

    private ConnectionException closed() {
        return failure(Reason.CLOSED, "the pool was closed");
    }

    private ConnectionException failure(Reason reason, String text) {
        return ConnectionException.of(reason, Phase.POOL, endpoint.address(), text, null);
    }

    // ---- from the user

    /** Keeps a connection that is as good as new, or gives it to the first who waits; false when it is one too many. */
    boolean keep(Slot slot) {
        if (permits.isOverLimit()) return false;
        if (permits.hasWaiters() && permits.give(slot)) return true;
        NettyLoop loop = slot.stream().loop();
        Slot surplus = shelves.get(loop.index()).put(slot);
        if (surplus == slot) return false;
        if (surplus != null) discard(surplus);
        slot.watch();
        pool.sweeper(loop).by(slot.idleUntil());
        balance();
        return true;
    }

    /** Closes a released connection that is not kept. */
    void refuse(Slot slot) {
        tally.refused();
        slot.stream().closeIdle();
    }

    /** A connection that was handed out is somebody's for good: it does not count any more. */
    void giveUp(Slot slot) {
        permits.gone(slot);
    }

    // ---- the idle ones

    /** The last one kept that is still good. */
    private @Nullable Slot take(Shelf shelf) {
        for (Slot slot = shelf.newest(); slot != null; slot = shelf.newest()) {
            slot.unwatch();
            if (slot.isGood()) return slot;
            discard(slot);
        }
        return null;
    }

    private @Nullable Slot takeAny() {
        for (Shelf shelf : shelves) {
            Slot slot = take(shelf);
            if (slot != null) return slot;
        }
        return null;
    }

    /** Closes the one that has been kept longest on some loop; false when none is kept. */
    private boolean dropOldest() {
        for (Shelf shelf : shelves) {
            Slot slot = shelf.oldest();
            if (slot != null) {
                discard(slot);
                return true;
            }
        }
        return false;
    }

    /**
     * Has no connection idle while somebody waits, or there are too many: gives it away, or closes it. Those that are about to be gone
     * make room for as many who wait.
     */
    private void balance() {
        while (permits.needsRoom() || permits.isOverLimit()) {
            Slot slot = takeAny();
            if (slot == null) return;
            if (permits.isOverLimit() || !permits.give(slot)) discard(slot); // the first in the queue wants a new one
        }
    }

    void evict(Slot slot) {
        if (shelves.get(slot.stream().loop().index()).remove(slot)) discard(slot);
    }

    private void discard(Slot slot) {
        slot.unwatch();
        tally.evicted();
        slot.stream().closeIdle();
    }

    /** Closes what has been idle on the loop for long enough. Returns when the next one is due. */
    long sweep(int loop, long now) {
        var next = new long[] {Limit.NEVER};
        shelves.get(loop)
                .removeIf(slot -> {
                    if (slot.idleUntil() - now <= 0) return true;
                    next[0] = Limit.earlier(next[0], slot.idleUntil());
                    return false;
                })
                .forEach(this::discard);
        return next[0];
    }

    // ---- the whole

    /** The options have changed. */
    void resized() {
        permits.resized();
        for (Shelf shelf : shelves) {
            while (shelf.size() > pool.options().idle()) {
                Slot slot = shelf.oldest();
                if (slot != null) discard(slot);
            }
        }
        balance();
    }

    /** The pool has been closed. */
    void close() {
        permits.close();
        for (Shelf shelf : shelves) {
            shelf.removeIf(_ -> true).forEach(slot -> {
                slot.unwatch();
                slot.stream().closeIdle();
            });
        }
    }

    /** Ends it for ever, unless it is in use. */
    boolean retire() {
        return permits.retire();
    }

    Tally.Gauges gauges() {
        return permits.gauges(shelves.stream().mapToInt(Shelf::size).sum());
    }

    PoolStats stats() {
        return tally.with(gauges());
    }

    LoopPool pool() {
        return pool;
    }
}

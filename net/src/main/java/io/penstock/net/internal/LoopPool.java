package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.event.Action;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A pool with a shelf of idle connections on each loop, and one count of open connections for each address. */
public final class LoopPool implements Pool {
    /** So many addresses are remembered for nothing. */
    private static final int FEW = 1000;

    private final Connector connector;
    private final NettyLoops loops;
    private final PoolOptions options;
    private final List<Shelf> shelves;

    /** Of each address. The map has locks, so a loop may only touch the counts in it (see {@link SpinLock}). */
    private final Map<SocketAddress, AtomicInteger> open = new ConcurrentHashMap<>();

    private volatile int tidyAt = FEW;
    private final AtomicLong dialled = new AtomicLong();
    private final AtomicLong reused = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong evicted = new AtomicLong();
    private volatile boolean closed;

    public LoopPool(Connector connector, PoolOptions options) {
        this.connector = connector;
        this.loops = (NettyLoops) connector.loops();
        this.options = options;
        this.shelves =
                loops.all().stream().map(loop -> new Shelf((NettyLoop) loop)).toList();
    }

    @Override
    public Connection connect(SocketAddress address) throws ConnectionException {
        NettyLoop here = NettyLoop.ofCurrentThread();
        Slot kept = here != null && here.owner() == loops
                ? shelves.get(here.index()).take(address)
                : takeAny(address);
        if (kept == null) return connectFresh(address);
        reused.incrementAndGet();
        kept.connection.joinScope();
        return kept.connection;
    }

    /** A thread that no loop carries has to hop in any case: a connection of any loop will do. */
    private @Nullable Slot takeAny(SocketAddress address) {
        for (Shelf shelf : shelves) {
            Slot kept = shelf.take(address);
            if (kept != null) return kept;
        }
        return null;
    }

    @Override
    public Connection connectFresh(SocketAddress address) throws ConnectionException {
        if (closed) throw new IllegalStateException("the pool is closed");
        AtomicInteger count = claim(address);
        for (; count == null; count = claim(address)) {
            if (!makeRoom(address)) {
                throw ConnectionException.of(
                        Reason.POOL_FULL,
                        Phase.POOL,
                        address,
                        "all " + options.limit() + " connections that the pool may open are in use",
                        null);
            }
        }
        StreamConnection connection;
        try {
            connection = (StreamConnection) connector.connect(address);
        } catch (Throwable e) {
            count.decrementAndGet();
            throw e;
        }
        dialled.incrementAndGet();
        connection.joinPool(new Slot(address, connection));
        connection.whenClosed(count::decrementAndGet);
        return connection;
    }

    /** Counts one more open connection to the address, and answers the count; null if that were too many. Not on a loop itself. */
    private @Nullable AtomicInteger claim(SocketAddress address) {
        var mine = new AtomicInteger();
        AtomicInteger count = open.compute(address, (_, known) -> {
            AtomicInteger it = known == null ? new AtomicInteger() : known;
            mine.set(it.incrementAndGet());
            return it;
        });
        if (open.size() > tidyAt) tidy();
        if (mine.get() <= options.limit()) return count;
        count.decrementAndGet();
        return null;
    }

    /** Forgets addresses without connections. */
    private void tidy() {
        for (SocketAddress each : open.keySet()) {
            open.computeIfPresent(each, (_, count) -> count.get() == 0 ? null : count);
        }
        tidyAt = Math.max(FEW, 2 * open.size());
    }

    /** How many addresses it remembers. */
    int addresses() {
        return open.size();
    }

    /** Closes a kept connection to the address, of whichever loop; false when there is none. */
    private boolean makeRoom(SocketAddress address) {
        for (Shelf shelf : shelves) {
            if (shelf.dropOldest(address)) return true;
        }
        return false;
    }

    @Override
    public PoolStats stats() {
        return new PoolStats(
                shelves.stream().mapToInt(Shelf::size).sum(),
                open.values().stream().mapToInt(AtomicInteger::get).sum(),
                dialled.get(),
                reused.get(),
                refused.get(),
                evicted.get());
    }

    @Override
    public void close() {
        closed = true;
        shelves.forEach(Shelf::clear);
    }

    /** A connection's place in the pool, for all its life. */
    final class Slot {
        private final SocketAddress address;
        private final StreamConnection connection;
        private final long bornAt = System.nanoTime();
        private final AtomicBoolean out = new AtomicBoolean(true);
        private int uses = 1;
        private boolean idle;
        private long idleUntil;

        Slot(SocketAddress address, StreamConnection connection) {
            this.address = address;
            this.connection = connection;
        }

        int reused() {
            return uses - 1;
        }

        /** Makes it as new for its next user. */
        void handOut() {
            uses++;
            if (connection.timeouts() != connector.timeouts()) connection.timeouts(connector.timeouts());
            out.set(true);
        }

        boolean release(KeepAlive limits) {
            if (!out.compareAndSet(true, false)) {
                throw new IllegalStateException(connection + " has been released before");
            }
            Shelf shelf = shelves.get(connection.nettyLoop().index());
            long now = System.nanoTime();
            boolean fit = !closed
                    && connection.isReusable()
                    && uses < limits.uses()
                    && now - bornAt < limits.age().toNanos();
            if (fit
                    && shelf.keep(
                            this,
                            now + Math.min(limits.idle().toNanos(), limits.age().toNanos() - (now - bornAt)))) {
                return true;
            }
            refused.incrementAndGet();
            connection.closeIdle();
            return false;
        }
    }

    /** The idle connections of one loop. Its lock is held for moments only, mostly by the loop's own threads. */
    private final class Shelf {
        private final NettyLoop loop;
        private final SpinLock lock = new SpinLock();
        private final Map<SocketAddress, ArrayDeque<Slot>> idle = new HashMap<>();
        private @Nullable SocketAddress lastAddress;
        private @Nullable ArrayDeque<Slot> last;
        private @Nullable Action sweeper;
        private long sweepAt;
        private int size;

        Shelf(NettyLoop loop) {
            this.loop = loop;
        }

        @Nullable
        Slot take(SocketAddress address) {
            for (Slot slot = pop(address); slot != null; slot = pop(address)) {
                slot.connection.inputHalf().unwatch();
                if (slot.idleUntil - System.nanoTime() > 0 && slot.connection.isReusable()) {
                    slot.handOut();
                    return slot;
                }
                discard(slot);
            }
            return null;
        }

        /** Mostly it is the same address object as before, and comparing addresses costs more than all the rest. */
        private @Nullable ArrayDeque<Slot> keptFor(SocketAddress address) {
            if (address != lastAddress || last == null) {
                last = idle.get(address);
                lastAddress = address;
            }
            return last;
        }

        /** Takes the one that was kept last off the shelf. */
        private @Nullable Slot pop(SocketAddress address) {
            lock.lock();
            try {
                ArrayDeque<Slot> kept = keptFor(address);
                return off(kept == null ? null : kept.pollLast());
            } finally {
                lock.unlock();
            }
        }

        private @Nullable Slot off(@Nullable Slot slot) {
            if (slot != null) {
                slot.idle = false;
                size--;
            }
            return slot;
        }

        /** Closes the one that has been kept longest. */
        boolean dropOldest(SocketAddress address) {
            Slot slot;
            lock.lock();
            try {
                ArrayDeque<Slot> kept = keptFor(address);
                slot = off(kept == null ? null : kept.pollFirst());
            } finally {
                lock.unlock();
            }
            if (slot == null) return false;
            slot.connection.inputHalf().unwatch();
            discard(slot);
            return true;
        }

        boolean keep(Slot slot, long until) {
            lock.lock();
            try {
                if (closed) return false; // and nobody will clear this shelf once more
                ArrayDeque<Slot> kept = keptFor(slot.address);
                if (kept == null) {
                    kept = new ArrayDeque<>();
                    idle.put(slot.address, kept);
                    lastAddress = slot.address;
                    last = kept;
                }
                if (kept.size() >= options.idle()) return false;
                slot.idle = true;
                slot.idleUntil = until;
                kept.addLast(slot);
                size++;
                if (sweeper == null || until - sweepAt < 0) sweepAt(until);
            } finally {
                lock.unlock();
            }
            if (!slot.connection.inputHalf().watch(() -> evict(slot))) evict(slot);
            return true;
        }

        /** Something came, or the peer ended it, although nobody uses it. */
        private void evict(Slot slot) {
            lock.lock();
            try {
                if (!slot.idle) return;
                slot.idle = false;
                size--;
                ArrayDeque<Slot> kept = idle.get(slot.address);
                if (kept != null) kept.remove(slot);
            } finally {
                lock.unlock();
            }
            discard(slot);
        }

        private void discard(Slot slot) {
            evicted.incrementAndGet();
            slot.connection.closeIdle();
        }

        /** One timer a shelf: it fires when the first of the idle connections is due, and looks at all of them. */
        private void sweepAt(long due) {
            if (sweeper != null) sweeper.cancel();
            sweepAt = due;
            sweeper = loop.timer(Math.max(0, due - System.nanoTime()), this::sweep);
        }

        private void sweep() {
            var expired = new ArrayDeque<Slot>();
            lock.lock();
            try {
                sweeper = null;
                long now = System.nanoTime();
                long next = Long.MAX_VALUE;
                for (ArrayDeque<Slot> kept : idle.values()) {
                    for (var each = kept.iterator(); each.hasNext(); ) {
                        Slot slot = each.next();
                        if (slot.idleUntil - now <= 0) {
                            each.remove();
                            slot.idle = false;
                            size--;
                            expired.add(slot);
                        } else {
                            next = next == Long.MAX_VALUE || slot.idleUntil - next < 0 ? slot.idleUntil : next;
                        }
                    }
                }
                idle.values().removeIf(ArrayDeque::isEmpty);
                lastAddress = null;
                last = null;
                if (next != Long.MAX_VALUE) sweepAt(next);
            } finally {
                lock.unlock();
            }
            expired.forEach(this::discard);
        }

        int size() {
            lock.lock();
            try {
                return size;
            } finally {
                lock.unlock();
            }
        }

        void clear() {
            var all = new ArrayDeque<Slot>();
            lock.lock();
            try {
                idle.values().forEach(all::addAll);
                idle.clear();
                lastAddress = null;
                last = null;
                size = 0;
                all.forEach(slot -> slot.idle = false);
            } finally {
                lock.unlock();
            }
            all.forEach(slot -> {
                slot.connection.inputHalf().unwatch();
                slot.connection.closeIdle();
            });
        }
    }
}

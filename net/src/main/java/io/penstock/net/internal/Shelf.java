package io.penstock.net.internal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The idle connections to one endpoint on one loop, whose threads mostly are the only ones that take its lock. */
final class Shelf {
    private final LoopPool pool;
    private final SpinLock lock = new SpinLock();
    private final ArrayDeque<Slot> idle = new ArrayDeque<>(2);

    Shelf(LoopPool pool) {
        this.pool = pool;
    }

    /** Puts one on the shelf. Returns the one that there is no room for: the oldest, or, where none is kept, the one given. */
    @Nullable
    Slot put(Slot slot) {
        lock.lock();
        try {
            int most = pool.options().idle();
            if (most == 0 || pool.isClosed()) return slot; // and nobody will clear this shelf once more
            slot.shelved = true;
            idle.addLast(slot);
            return idle.size() > most ? off(idle.pollFirst()) : null;
        } finally {
            lock.unlock();
        }
    }

    /** Takes off the one that was put there last. */
    @Nullable
    Slot newest() {
        lock.lock();
        try {
            return off(idle.pollLast());
        } finally {
            lock.unlock();
        }
    }

    /** Takes off the one that has been there longest. */
    @Nullable
    Slot oldest() {
        lock.lock();
        try {
            return off(idle.pollFirst());
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable Slot off(@Nullable Slot slot) {
        if (slot != null) slot.shelved = false;
        return slot;
    }

    /** Whether it was there. */
    boolean remove(Slot slot) {
        lock.lock();
        try {
            if (!slot.shelved) return false;
            slot.shelved = false;
            return idle.remove(slot);
        } finally {
            lock.unlock();
        }
    }

    /** Takes off those that the test is true of. It sees all of them, the oldest first. */
    List<Slot> removeIf(Predicate<Slot> test) {
        List<Slot> removed = new ArrayList<>();
        lock.lock();
        try {
            idle.removeIf(slot -> {
                if (!test.test(slot)) return false;
                slot.shelved = false;
                removed.add(slot);
                return true;
            });
            return removed;
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return idle.size();
        } finally {
            lock.unlock();
        }
    }
}

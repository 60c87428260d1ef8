package io.penstock.net.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Remembers a bounded number of things, each for its own time; the one not used for longest makes room. Any thread. */
final class AgeingMap<K, V extends Object> {
    private record Kept<V>(V value, long until) {}

    private final SpinLock lock = new SpinLock();
    private final LongSupplier clock;
    private final Map<K, Kept<V>> entries;

    /** @param clock a {@link System#nanoTime()} */
    AgeingMap(int most, LongSupplier clock) {
        this.clock = clock;
        this.entries = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<K, Kept<V>> eldest) {
                return size() > most;
            }
        };
    }

    void put(K key, V value, long nanos) {
        var kept = new Kept<>(value, clock.getAsLong() + nanos);
        lock.lock();
        try {
            entries.put(key, kept);
        } finally {
            lock.unlock();
        }
    }

    /** What is remembered, or null when there is nothing, or nothing any more. */
    @Nullable
    V get(K key) {
        long now = clock.getAsLong();
        lock.lock();
        try {
            Kept<V> kept = entries.get(key);
            if (kept == null) return null;
            if (kept.until - now > 0) return kept.value;
            entries.remove(key);
            return null;
        } finally {
            lock.unlock();
        }
    }

    void remove(K key) {
        lock.lock();
        try {
            entries.remove(key);
        } finally {
            lock.unlock();
        }
    }

    int size() {
        lock.lock();
        try {
            return entries.size();
        } finally {
            lock.unlock();
        }
    }
}

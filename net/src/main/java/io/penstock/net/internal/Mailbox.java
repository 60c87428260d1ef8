package io.penstock.net.internal;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where the one thread that made it waits for news from any others.
 *
 * <p>Without a lock, as the news come from loops too: see {@link SpinLock}.
 */
final class Mailbox<T> {
    private final Thread owner = Thread.currentThread();
    private final Queue<T> news = new ConcurrentLinkedQueue<>();

    /** Any thread. */
    void post(T item) {
        news.add(item);
        LockSupport.unpark(owner);
    }

    /** The next item, at once or when it comes; null when none has come by {@code limit}, a {@link System#nanoTime()}. */
    @Nullable
    T take(long limit) throws InterruptedException {
        while (true) {
            if (Thread.interrupted()) throw new InterruptedException();
            T item = news.poll();
            if (item != null) return item;
            if (limit == Limit.NEVER) {
                LockSupport.park(this);
            } else {
                long left = limit - System.nanoTime();
                if (left <= 0) return null;
                LockSupport.parkNanos(this, left);
            }
        }
    }

    /** The next item if there is one by now. Any thread. */
    @Nullable
    T poll() {
        return news.poll();
    }
}

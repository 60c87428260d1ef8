package io.penstock.net.internal;

import io.penstock.net.event.Action;
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

    /** The next item, at once or when it comes. */
    T take() throws InterruptedException {
        T item = next();
        for (; item == null; item = next()) LockSupport.park(this);
        return item;
    }

    /** As {@link #take()}; null when none has come by {@code limit}, a {@link System#nanoTime()}, of which that loop tells. */
    @Nullable
    T take(long limit, NettyLoop loop) throws InterruptedException {
        if (limit == Limit.NEVER) return take();
        T item = next();
        for (; item == null && !Limit.isPast(limit); item = next()) {
            // cheaper than one of the JDK's
            Action alarm = loop.timer(limit - System.nanoTime(), () -> LockSupport.unpark(owner));
            LockSupport.park(this);
            alarm.cancel();
        }
        return item;
    }

    private @Nullable T next() throws InterruptedException {
        if (Thread.interrupted()) throw new InterruptedException();
        return news.poll();
    }

    /** The next item if there is one by now. Any thread. */
    @Nullable
    T poll() {
        return news.poll();
    }
}

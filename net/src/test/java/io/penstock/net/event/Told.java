package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Loop;
import io.penstock.net.Spawned;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A continuation that keeps what it is told, and on which loop, and sees to it that it is never told twice at once. */
final class Told {
    /** One event, and where and when it was told. */
    record Telling(Event event, @Nullable Loop loop, Thread thread, long nanos) {}

    private final LinkedBlockingQueue<Telling> tellings = new LinkedBlockingQueue<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile boolean twiceAtOnce;

    final Continuation continuation = Continuation.of(this::handle);

    private void handle(Continuation self, Event event) {
        if (!busy.compareAndSet(false, true)) twiceAtOnce = true;
        tellings.add(new Telling(event, Loop.current(), Thread.currentThread(), System.nanoTime()));
        busy.set(false);
    }

    /** The next telling, which has to come. */
    Telling telling() {
        try {
            Telling next = tellings.poll(Spawned.LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertThat(next).as("an event").isNotNull();
            assertThat(twiceAtOnce).as("told twice at once").isFalse();
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The next event, which has to be of this type. */
    <E extends Event> E next(Class<E> type) {
        Event event = telling().event();
        assertThat(event).isInstanceOf(type);
        return type.cast(event);
    }

    int count() {
        return tellings.size();
    }
}

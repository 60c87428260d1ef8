package io.penstock.net.event;

import io.penstock.net.Loop;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler that is told events one at a time, with whatever it keeps between them.
 *
 * <p>It is never run concurrently with itself and never inside the call that tells it: events wait in order for a thread of the loop
 * to which the first one has bound it. So a continuation needs no lock for its own state.
 *
 * <p>Answers to Traffic Server's {@code TSCont}, with a queue in the place of its mutex. Created and told from any thread.
 */
public final class Continuation {
    /** What a continuation does with an event. What it throws is logged; the next event is told all the same. */
    @FunctionalInterface
    public interface Handler {
        void handle(Continuation self, Event event) throws Exception;
    }

    private static final Logger LOG = LoggerFactory.getLogger(Continuation.class);

    private final Handler handler;
    private final Queue<Event> waiting = new ConcurrentLinkedQueue<>();

    /** Events that have not been dealt with yet. Whoever makes the first one starts a thread, which goes on until there is none. */
    private final AtomicInteger due = new AtomicInteger();

    private volatile @Nullable Loop loop;

    private Continuation(Handler handler) {
        this.handler = handler;
    }

    public static Continuation of(Handler handler) {
        return new Continuation(handler);
    }

    /**
     * Tells an event; returns at once.
     *
     * @param where the loop to run on, if no earlier event has decided
     */
    public void tell(Event event, Loop where) {
        waiting.add(event);
        if (due.getAndIncrement() > 0) return;
        Loop home = loop;
        if (home == null) {
            home = where;
            loop = where;
        }
        home.spawn("continuation", this::run);
    }

    private void run() {
        do {
            Event event = Objects.requireNonNull(waiting.poll(), "an event is due");
            try {
                handler.handle(this, event);
            } catch (Throwable e) {
                LOG.error("A continuation failed at {}", event, e);
            }
        } while (due.decrementAndGet() > 0);
    }
}

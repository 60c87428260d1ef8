package io.penstock.net.event;

import io.penstock.net.Loop;
import java.util.ArrayDeque;
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
    private final ArrayDeque<Event> waiting = new ArrayDeque<>();
    private boolean running;
    private @Nullable Loop loop;

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
        Loop home;
        synchronized (this) {
            waiting.add(event);
            if (running) return;
            running = true;
            if (loop == null) loop = where;
            home = loop;
        }
        home.spawn("continuation", this::run);
    }

    private void run() {
        while (true) {
            Event event;
            synchronized (this) {
                event = waiting.poll();
                if (event == null) {
                    running = false;
                    return;
                }
            }
            try {
                handler.handle(this, event);
            } catch (Throwable e) {
                LOG.error("A continuation failed at {}", event, e);
            }
        }
    }
}

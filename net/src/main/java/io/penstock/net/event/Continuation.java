package io.penstock.net.event;

import io.penstock.net.Loop;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler that is told events one at a time, with whatever it keeps between them.
 *
 * <p>It is never run concurrently with itself and never inside the call that tells it: events wait in order for a thread of the loop
 * to which the first one has bound it. So a continuation needs no lock for its own state. The handler may park, and then the events
 * behind wait while the loop goes on; what would hold up the loop, such as file I/O, is for an {@linkplain #offloaded offloaded} one.
 *
 * <p>{@snippet :
 * Continuation greeter = Continuation.of((self, event) -> {
 *     switch ((NetEvent) event) {
 *         case NetEvent.Connected(Connection connection) -> connection.send("hello\n");
 *         case NetEvent.ConnectFailed(ConnectionException cause) -> log.warn("nobody there", cause);
 *         default -> throw new IllegalArgumentException("not asked for: " + event);
 *     }
 * });
 * }
 *
 * <p>Answers to Traffic Server's {@code TSCont}, with a queue in the place of its mutex. Created and told from any thread.
 */
public final class Continuation {
    /**
     * What a continuation does with an event. What it throws is logged, unless whoever has told it knows more: a hook and an intercept answer
     * 500, and an operation on a connection aborts that. The next event is told all the same.
     */
    @FunctionalInterface
    public interface Handler {
        void handle(Continuation self, Event event) throws Exception;
    }

    /** An event on its way, which may be taken back until the handler begins with it. Its methods run on the continuation's thread. */
    public interface Delivery {
        /** The event, now that the handler is free for it; null when it has been taken back. */
        @Nullable
        Event begin();

        /** The handler has thrown; comes before {@link #ended}. Unless whoever tells the event knows better, that is a line in the log. */
        default void failed(Event event, Throwable cause) {
            LOG.error("A continuation failed at {}", event, cause);
        }

        /** The handler is done with it, be it by a failure. */
        default void ended() {}
    }

    private static final Logger LOG = LoggerFactory.getLogger(Continuation.class);

    /** After so many events in a row the other threads of the loop have their turn. */
    private static final int TURN = 64;

    private final Handler handler;
    private final Queue<Delivery> waiting = new ConcurrentLinkedQueue<>();

    /** Events that have not been dealt with yet. Whoever makes the first one starts a thread, which goes on until there is none. */
    private final AtomicInteger due = new AtomicInteger();

    private final AtomicReference<@Nullable Loop> loop = new AtomicReference<>();

    private Continuation(Handler handler) {
        this.handler = handler;
    }

    public static Continuation of(Handler handler) {
        return new Continuation(handler);
    }

    /** A continuation whose handler runs on the {@linkplain Loop#offload offload pool}, still one event at a time: it may do file I/O and native calls. */
    public static Continuation offloaded(Handler handler) {
        return of((self, event) -> Objects.requireNonNull(Loop.current(), "a continuation runs on a loop")
                .offload(() -> {
                    handler.handle(self, event);
                    return self;
                }));
    }

    /** The loop it is bound to, or null before its first event. Answers to {@code TSContThreadAffinityGet}. */
    public @Nullable Loop loop() {
        return loop.get();
    }

    /**
     * Binds it to a loop, on which it is told what comes from now on; events that wait already, and what comes while they do, are still
     * told where it was. Answers to {@code TSContThreadAffinitySet}.
     *
     * @return this continuation
     */
    public Continuation bind(Loop to) {
        loop.set(to);
        return this;
    }

    /** Lets its next event decide anew where it runs. Answers to {@code TSContThreadAffinityClear}. */
    public void unbind() {
        loop.set(null);
    }

    /**
     * Tells an event; returns at once. What waits already is not limited here: whoever tells again and again sees to it, as an
     * {@link Acceptor} does.
     *
     * @param where the loop to run on, if no earlier event has decided
     */
    public void tell(Event event, Loop where) {
        tell(() -> event, where);
    }

    /** Tells an event that may still be taken back, as {@link #tell(Event, Loop)} does. */
    public void tell(Delivery delivery, Loop where) {
        waiting.add(delivery);
        if (due.getAndIncrement() == 0) home(where).spawn("continuation", this::run);
    }

    /** The loop it is bound to; this one, and from now on, where it was to none. */
    Loop home(Loop otherwise) {
        Loop bound = loop.get();
        if (bound == null && !loop.compareAndSet(null, otherwise)) bound = loop.get();
        return bound == null ? otherwise : bound;
    }

    private void run() {
        int told = 0;
        do {
            if (++told % TURN == 0) Thread.yield();
            handle(Objects.requireNonNull(waiting.poll(), "an event is due"));
        } while (due.decrementAndGet() > 0);
    }

    private void handle(Delivery delivery) {
        Event event = delivery.begin();
        if (event == null) return;
        try {
            handler.handle(this, event);
        } catch (Throwable e) {
            delivery.failed(event, e);
        } finally {
            Thread.interrupted(); // was meant for this event, and is not for the next
            delivery.ended();
        }
    }
}

package io.penstock.testkit;

import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.VioEvent;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A continuation that does something with each event, keeps it, and sees to it that it is never told two things at once. */
final class Observer {
    /** What to do with an event, besides keeping it. */
    @FunctionalInterface
    interface Act {
        void on(VioEvent event) throws Exception;
    }

    private final Act act;
    private final Queue<VioEvent> told = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile @Nullable Throwable failure;

    private final Continuation continuation = Continuation.of((self, event) -> handle(event));

    private Observer(Act act) {
        this.act = act;
    }

    static Observer of(Act act) {
        return new Observer(act);
    }

    static Observer silent() {
        return of(event -> {});
    }

    Continuation continuation() {
        return continuation;
    }

    private void handle(Event event) throws Exception {
        if (!busy.compareAndSet(false, true))
            failure = new AssertionError("told " + event + " while being told another");
        try {
            act.on((VioEvent) event);
        } catch (Throwable e) {
            failure = e;
            throw e; // which ends the connection: what follows would only look like a failure of its own
        } finally {
            busy.set(false);
            told.add((VioEvent) event);
        }
    }

    /** Whether there is an event that has been dealt with; fails when the continuation has. */
    boolean hasNext() {
        Throwable wrong = failure;
        if (wrong != null) throw new AssertionError("the continuation: " + wrong, wrong);
        return !told.isEmpty();
    }

    /** The next event, which has to come. */
    VioEvent next() {
        Await.until("the continuation is told something", this::hasNext);
        return told.remove();
    }

    /** The next event, which has to be of this type. */
    <E extends VioEvent> E next(Class<E> type) {
        VioEvent event = next();
        if (!type.isInstance(event)) throw new AssertionError("told " + event + " instead of " + type.getSimpleName());
        return type.cast(event);
    }

    /** The next event that is not about more room or more bytes, which has to be of this type. */
    <E extends VioEvent> E end(Class<E> type) {
        while (true) {
            VioEvent event = next();
            if (event instanceof VioEvent.ReadReady || event instanceof VioEvent.WriteReady) continue;
            if (!type.isInstance(event))
                throw new AssertionError("told " + event + " instead of " + type.getSimpleName());
            return type.cast(event);
        }
    }

    /** Passes over an event of this type, should one come within a moment. */
    void mayTell(Class<? extends VioEvent> type) {
        if (Await.within(Duration.ofMillis(30), this::hasNext)) next(type);
    }

    /** Fails when another event comes within a moment. */
    void expectNothing() {
        if (Await.within(Duration.ofMillis(30), this::hasNext))
            throw new AssertionError("told another event: " + told.peek());
    }
}

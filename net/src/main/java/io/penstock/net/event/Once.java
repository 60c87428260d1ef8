package io.penstock.net.event;

import io.penstock.net.Loop;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** An event that is told once: asked for, come, begun with; or cancelled at any time before that. */
final class Once implements Action, Continuation.Delivery {
    /** What {@link #state} is when it is neither null, nothing has come yet, nor the event that has. */
    private enum End {
        TOLD,
        CANCELLED
    }

    private final Continuation continuation;
    private final Loop home;
    private final Runnable over;
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();
    private volatile @Nullable Runnable withdrawal;

    Once(Continuation continuation, Loop home) {
        this(continuation, home, () -> {});
    }

    /** @param over is done when the event has been dealt with, or was cancelled */
    Once(Continuation continuation, Loop home, Runnable over) {
        this.continuation = continuation;
        this.home = home;
        this.over = over;
    }

    /** What ends the work for an event that nobody wants any more; to be said before anybody may cancel. */
    Once withdrawnBy(Runnable work) {
        withdrawal = work;
        return this;
    }

    /** The event has come. */
    void come(Event event) {
        if (state.compareAndSet(null, event)) {
            continuation.tell(this, home);
        } else {
            discard(event);
        }
    }

    @Override
    public @Nullable Event begin() {
        return state.get() instanceof Event come && state.compareAndSet(come, End.TOLD) ? come : null;
    }

    @Override
    public void ended() {
        over.run();
    }

    @Override
    public boolean cancel() {
        while (true) {
            Object was = state.get();
            if (was instanceof End) return false;
            if (!state.compareAndSet(was, End.CANCELLED)) continue;
            Runnable work = withdrawal;
            if (work != null) work.run();
            if (was instanceof Event come) discard(come);
            over.run();
            return true;
        }
    }

    /** Cancels it, unless somebody else has; whether it is never told now. */
    boolean prevent() {
        return cancel() || state.get() == End.CANCELLED;
    }

    /** Nobody else has what an event brings. */
    private static void discard(Event event) {
        switch (event) {
            case NetEvent.Connected(var connection) -> connection.abort();
            case NetEvent.Accepted(var connection) -> connection.abort();
            default -> {}
        }
    }
}

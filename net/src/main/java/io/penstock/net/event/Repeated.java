package io.penstock.net.event;

import io.penstock.net.Loop;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A timer that goes on; the next event is waited for when the last one has been dealt with, so there is never more than one. */
final class Repeated implements Action, Continuation.Delivery {
    private enum State {
        WAITING,
        TELLING,
        CANCELLED
    }

    private final Continuation continuation;
    private final Loop home;
    private final Duration period;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    /** Cancelled for tidiness only: what decides is the state. */
    private volatile Action timer;

    private long begun;

    @SuppressWarnings("this-escape") // nobody can see it before its time has come
    Repeated(Continuation continuation, Loop home, Duration period) {
        this.continuation = continuation;
        this.home = home;
        this.period = period;
        this.timer = home.schedule(period, this::come);
    }

    private void come() {
        continuation.tell(this, home);
    }

    @Override
    public @Nullable Event begin() {
        if (!state.compareAndSet(State.WAITING, State.TELLING)) return null;
        begun = System.nanoTime();
        return new TimerEvent.Timeout();
    }

    @Override
    public void ended() {
        if (!state.compareAndSet(State.TELLING, State.WAITING)) return;
        Duration rest = period.minusNanos(System.nanoTime() - begun);
        timer = home.schedule(rest.isPositive() ? rest : Duration.ZERO, this::come);
        if (state.get() == State.CANCELLED) timer.cancel(); // meanwhile, by somebody who knew the timer before
    }

    @Override
    public boolean cancel() {
        boolean waited = state.getAndSet(State.CANCELLED) == State.WAITING;
        timer.cancel();
        return waited;
    }
}

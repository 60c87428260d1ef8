package io.penstock.proxy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Where a session or transaction waits for the continuation it has told. */
final class Parked {
    /** One such wait. */
    static final class Wait {
        private final CompletableFuture<Void> resumed = new CompletableFuture<>();
    }

    private @Nullable Wait waiting;

    /** Prepares to be resumed; before the continuation is told, since it may answer at once. */
    synchronized Wait prepare() {
        var wait = new Wait();
        waiting = wait;
        return wait;
    }

    /**
     * Parks until {@link #resume()}; whether it came in time.
     *
     * @throws ExecutionException with the cause that {@link #fail} was called with
     */
    boolean await(Wait wait, Duration limit) throws InterruptedException, ExecutionException {
        try {
            wait.resumed.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return !end(wait); // or else at the last moment
        }
    }

    /** Whether a continuation has been told and has not resumed yet. */
    synchronized boolean isWaiting() {
        return waiting != null;
    }

    /** Lets the one that waits go on. */
    void resume() {
        Wait wait;
        synchronized (this) {
            wait = waiting;
            waiting = null;
        }
        if (wait == null) {
            throw new IllegalStateException(
                    "nothing waits to be resumed: it has been resumed before, has waited too long, or was not told a continuation");
        }
        wait.resumed.complete(null);
    }

    /** There will be no answer to wait for; false when that wait is over. */
    boolean fail(Wait wait, Throwable cause) {
        return end(wait) && wait.resumed.completeExceptionally(cause);
    }

    private synchronized boolean end(Wait wait) {
        if (waiting != wait) return false;
        waiting = null;
        return true;
    }
}

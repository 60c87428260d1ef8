package io.penstock.proxy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Where a session or transaction waits for the continuation it has told. */
final class Parked {
    private @Nullable CompletableFuture<Void> waiting;

    /** Prepares to be resumed; before the continuation is told, since it may answer at once. */
    synchronized void prepare() {
        waiting = new CompletableFuture<>();
    }

    /** Parks until {@link #resume()}; whether it came in time. */
    boolean await(Duration limit) throws InterruptedException {
        CompletableFuture<Void> resumed;
        synchronized (this) {
            resumed = waiting;
        }
        if (resumed == null) return true; // resumed before we came to wait
        try {
            resumed.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            synchronized (this) {
                if (waiting != resumed) return true; // at the last moment
                waiting = null;
                return false;
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("a wait for a continuation never fails", e);
        }
    }

    /** Whether a continuation has been told and has not resumed yet. */
    synchronized boolean isWaiting() {
        return waiting != null;
    }

    /** Lets the one that waits go on. */
    void resume() {
        CompletableFuture<Void> resumed;
        synchronized (this) {
            resumed = waiting;
            waiting = null;
        }
        if (resumed == null) {
            throw new IllegalStateException(
                    "nothing waits to be resumed: it has been resumed before, has waited too long, or was not told a continuation");
        }
        resumed.complete(null);
    }
}

package io.penstock.net;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;

/** Something that runs on a thread of its own while the test goes on. Every wait is bounded. */
public final class Spawned<T> {
    /** How long anything in a test may take. */
    public static final Duration LIMIT = Duration.ofSeconds(10);

    private final CompletableFuture<T> outcome = new CompletableFuture<>();
    private volatile Thread thread;
    private Duration limit = LIMIT;

    private Spawned() {}

    public static <T> Spawned<T> on(Loop loop, Callable<T> work) {
        var spawned = new Spawned<T>();
        spawned.thread = loop.spawn("test", () -> spawned.run(work));
        return spawned;
    }

    public static <T> Spawned<T> onPlatformThread(Callable<T> work) {
        var spawned = new Spawned<T>();
        spawned.thread = Thread.ofPlatform().daemon().name("test").start(() -> spawned.run(work));
        return spawned;
    }

    private void run(Callable<T> work) {
        try {
            outcome.complete(work.call());
        } catch (Throwable e) {
            outcome.completeExceptionally(e);
        }
    }

    /** Lets it take longer than usual. */
    public Spawned<T> within(Duration longer) {
        limit = longer;
        return this;
    }

    public Thread thread() {
        return thread;
    }

    public boolean isDone() {
        return outcome.isDone();
    }

    /** Waits until the thread waits for something. */
    public Spawned<T> parked() {
        Awaitility.await("the thread waits")
                .atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .until(() -> switch (thread.getState()) {
                    case WAITING, TIMED_WAITING, BLOCKED -> true;
                    case TERMINATED -> throw new AssertionError("the thread has ended instead of waiting: " + outcome);
                    case NEW, RUNNABLE -> false;
                });
        return this;
    }

    /** What the work returned. */
    public T value() {
        try {
            return outcome.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("it failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw stuck();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What the work threw. */
    public Throwable failure() {
        try {
            T value = outcome.get(limit.toNanos(), TimeUnit.NANOSECONDS);
            throw new AssertionError("it should have failed and returned " + value);
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (TimeoutException e) {
            throw stuck();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The reason of the {@link ConnectionException} the work threw. */
    public ConnectionException.Reason reason() {
        return failing().reason();
    }

    public ConnectionException failing() {
        Throwable failure = failure();
        if (failure instanceof ConnectionException connection) return connection;
        throw new AssertionError("it failed otherwise: " + failure, failure);
    }

    private AssertionError stuck() {
        var stuck = new AssertionError(thread + " is stuck");
        stuck.setStackTrace(thread.getStackTrace());
        return stuck;
    }
}

package io.penstock.testkit;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A blocking operation that runs on a thread of its own, so that the test's thread can play the peer meanwhile.
 *
 * <p>Every wait is bounded by {@link Await#LIMIT}; an operation that is stuck is shown with the stack of its thread.
 */
public final class Call<T> {
    /** What to do. */
    @FunctionalInterface
    public interface Body<T> {
        T run() throws Exception;
    }

    private final CompletableFuture<T> outcome = new CompletableFuture<>();
    private final Body<T> body;
    private volatile @Nullable Thread thread;
    private volatile long entered;
    private volatile long left;

    private Call(Body<T> body) {
        this.body = body;
    }

    /**
     * Starts the operation.
     *
     * @param starter starts a thread with the given task and answers it
     */
    public static <T> Call<T> start(Function<Runnable, Thread> starter, Body<T> body) {
        var call = new Call<T>(body);
        call.thread = starter.apply(call::run);
        return call;
    }

    /** Starts the operation on a platform thread. */
    public static <T> Call<T> onPlatformThread(Body<T> body) {
        return start(task -> Thread.ofPlatform().daemon().name("call").start(task), body);
    }

    private void run() {
        entered = System.nanoTime();
        try {
            T value = body.run();
            left = System.nanoTime();
            outcome.complete(value);
        } catch (Throwable e) {
            left = System.nanoTime();
            outcome.completeExceptionally(e);
        }
    }

    /** Waits for what the operation returns; fails when it throws. */
    public T value() {
        try {
            return outcome.get(Await.LIMIT.toNanos(), java.util.concurrent.TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("the operation failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw stuck();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for the operation", e);
        }
    }

    /** Waits for what the operation throws; fails when it returns, or throws something of another type. */
    public <X extends Throwable> X throwing(Class<X> type) {
        T value;
        try {
            value = outcome.get(Await.LIMIT.toNanos(), java.util.concurrent.TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (type.isInstance(e.getCause())) return type.cast(e.getCause());
            throw new AssertionError("the operation failed otherwise: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw stuck();
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while waiting for the operation", e);
        }
        var shown = value instanceof byte[] bytes ? bytes.length + " bytes: " + Payload.text(bytes) : "" + value;
        throw new AssertionError("the operation should have failed but returned " + shown);
    }

    /** Waits for the operation to fail for the given reason. */
    public ConnectionException failing(Reason reason) {
        var failure = throwing(ConnectionException.class);
        if (failure.reason() != reason)
            throw new AssertionError("failed, but not with " + reason + ": " + failure, failure);
        return failure;
    }

    /** Waits until the operation has begun and its thread is parked in it. */
    public Call<T> parked() {
        Await.until("the operation is parked", () -> {
            if (isDone()) throw new AssertionError("the operation ended instead of waiting: " + outcome);
            return entered != 0 && isWaiting();
        });
        return this;
    }

    private boolean isWaiting() {
        return switch (thread().getState()) {
            case WAITING, TIMED_WAITING, BLOCKED -> true;
            case NEW, RUNNABLE, TERMINATED -> false;
        };
    }

    public boolean isDone() {
        return outcome.isDone();
    }

    public void interrupt() {
        thread().interrupt();
    }

    /** How long the operation took, from its first instruction to its last; to be asked when it is done. */
    public Duration took() {
        return Duration.ofNanos(left - entered);
    }

    private Thread thread() {
        Thread runner = thread;
        if (runner == null) throw new IllegalStateException("the operation has not been started");
        return runner;
    }

    private AssertionError stuck() {
        var failure =
                new AssertionError("the operation is stuck after " + Await.LIMIT.toSeconds() + " s in " + thread());
        failure.setStackTrace(thread().getStackTrace());
        return failure;
    }
}

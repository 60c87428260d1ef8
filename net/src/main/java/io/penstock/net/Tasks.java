package io.penstock.net;

import io.penstock.net.internal.ForkedTasks;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Several things at once inside a handler: each task is a virtual thread on the same loop, and none outlives the block.
 *
 * <p>{@snippet :
 * try (var tasks = Tasks.open()) {
 *     Task<String> user = tasks.fork(() -> askForUser(id));
 *     Task<String> offers = tasks.fork(() -> askForOffers(id));
 *     exchange.respond(200, user.join() + offers.join());
 * }
 * }
 *
 * <p>A task that fails stops no other: its failure is thrown by its {@link Task#join()}, and logged where nobody asks for it.
 * {@link #allOrNone} is for those who want it otherwise. Each task is a {@link Scope}: a connection that it opens and leaves open is closed
 * at its end, unless it was {@linkplain Connection#transfer transferred}, say to the scope of whoever waits for it.
 *
 * <p>Owned by the thread that opened it, which alone forks and waits; a task that wants tasks opens its own.
 *
 * <p>Answers to OpenResty's light threads. The shape is that of the JDK's {@code StructuredTaskScope}, which is a preview in Java 25.
 */
public interface Tasks extends AutoCloseable {
    /** Tasks on the loop of the calling thread, or on the JDK's default scheduler where it has none. */
    static Tasks open() {
        return ForkedTasks.open(Loop.current());
    }

    /** Tasks on this loop. */
    static Tasks open(Loop loop) {
        return ForkedTasks.open(loop);
    }

    /** Starts the work on a virtual thread named after the calling one. Never runs it inside this call. */
    <T extends @Nullable Object> Task<T> fork(Callable<? extends T> work);

    /** Starts the work on a virtual thread of this name. Never runs it inside this call. */
    <T extends @Nullable Object> Task<T> fork(String name, Callable<? extends T> work);

    /**
     * Waits until one of the tasks has finished, however, and answers it; of several the one that finished first. Those whose outcome has
     * been delivered do not count, so that a loop gets one after the other.
     *
     * <p>{@snippet :
     * Task<String> first = tasks.any(primary, replica);
     * }
     *
     * @param tasks some of these tasks
     * @throws IllegalStateException when there is none left to wait for
     */
    <T extends @Nullable Object> Task<T> any(Collection<? extends Task<? extends T>> tasks) throws InterruptedException;

    /** Waits for one of two as {@link #any(Collection)} does. */
    default <T extends @Nullable Object> Task<T> any(Task<? extends T> one, Task<? extends T> other)
            throws InterruptedException {
        return any(List.of(one, other));
    }

    /** Waits for one of all that were forked as {@link #any(Collection)} does. */
    Task<?> any() throws InterruptedException;

    /**
     * Waits until each of the tasks has finished, however.
     *
     * @param tasks some of these tasks, or none for all of them
     */
    void all(Task<?>... tasks) throws InterruptedException;

    /**
     * Waits until each of the tasks has succeeded; as soon as one has not, cancels the others and throws its failure.
     *
     * @param tasks some of these tasks, or none for all of them
     * @throws Exception what the first to fail threw, which is thereby delivered
     */
    void allOrNone(Task<?>... tasks) throws Exception;

    /** Cancels what has not finished, and waits until it has. Idempotent. An interruption does not end the wait, and stays set. */
    @Override
    void close();
}

package io.penstock.net;

/**
 * Work that {@link Tasks} have forked, on a virtual thread of its own.
 *
 * <p>Its outcome is delivered once: to the first {@link #join()}.
 */
public interface Task<T> {
    /** The name of its thread, for logs. */
    String name();

    /** Whether it has finished: returned, failed, or been cancelled before it began. Any thread. */
    boolean isDone();

    /**
     * Waits until it has finished, and returns its result. Only for the thread that opened the {@link Tasks}.
     *
     * @throws Exception what the work threw
     * @throws java.util.concurrent.CancellationException when it was cancelled, whatever it made of that
     * @throws InterruptedException when the waiting thread is interrupted; the task goes on
     * @throws IllegalStateException when its outcome has been delivered before, or on another thread
     */
    T join() throws Exception;

    /**
     * Interrupts it; before it has begun, it never does. Does not wait. Any thread.
     *
     * <p>An interrupted thread that waits for a connection closes it, in both directions.
     *
     * @return whether it came in time: {@link #join()} will say that it was cancelled
     */
    boolean cancel();
}

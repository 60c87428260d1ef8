package io.penstock.net;

import java.time.Duration;
import java.util.List;

/**
 * The event loops of a process, by default one for each core; everything that opens connections is given one of these.
 *
 * <p>Owned by whoever opened it. All methods may be called from any thread; {@link #close(Duration)} not from a loop.
 */
public interface Loops extends AutoCloseable {
    static Loops open() {
        return open(LoopOptions.DEFAULT);
    }

    static Loops open(LoopOptions options) {
        return io.penstock.net.internal.NettyLoops.open(options);
    }

    /** The loops, in the order of their index. */
    List<Loop> all();

    /** The loops in turn. */
    Loop next();

    /** The transport in use: {@code epoll}, {@code nio} or {@code io_uring}. */
    String transport();

    /** What schedules the virtual threads: {@code loop (...)} or {@code default (...)}, with the back end and the reason. */
    String scheduler();

    /** How often, and how long, virtual threads have held up their loop. */
    Stalls stalls();

    /**
     * Loop stalls since the start.
     *
     * @param count turns longer than the threshold
     * @param total the sum of their durations
     */
    record Stalls(long count, Duration total) {}

    /** How many connections were left open by a {@link Scope} and closed at its end, since the start. */
    long abandoned();

    /**
     * Waits until all connections have ended and all spawned threads have finished, at most for the grace period; then aborts
     * what is left, interrupts its threads, and ends the loops. Idempotent.
     *
     * @return whether everything had ended by itself
     */
    boolean close(Duration grace);

    /** Closes with a grace of 2 s. */
    @Override
    default void close() {
        close(Duration.ofSeconds(2));
    }
}

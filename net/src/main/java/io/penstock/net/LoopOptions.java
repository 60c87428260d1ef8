package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.time.Duration;

/**
 * How to run event loops.
 *
 * @param count how many; 1 or more
 * @param transport what talks to the operating system
 * @param scheduler what schedules the virtual threads
 * @param stallThreshold how long a virtual thread may hold its loop before the watchdog reports it; {@link Duration#ZERO}
 *     switches the watchdog off
 */
public record LoopOptions(int count, Transport transport, Scheduler scheduler, Duration stallThreshold) {
    /** What talks to the operating system. */
    public enum Transport {
        /** epoll where there is one, else NIO. */
        AUTO,
        EPOLL,
        NIO,
        IO_URING
    }

    /** What schedules the virtual threads. */
    public enum Scheduler {
        /** The loops where the JDK lets us, else the JDK's default scheduler, with one log line. */
        AUTO,
        /** The loops, or fail to open. */
        LOOP,
        /** The JDK's default scheduler: same behaviour, more thread hops. */
        DEFAULT
    }

    /** A loop for each core, the best transport and scheduler, 50 ms to the watchdog. */
    public static final LoopOptions DEFAULT = new LoopOptions(
            Runtime.getRuntime().availableProcessors(), Transport.AUTO, Scheduler.AUTO, Duration.ofMillis(50));

    public LoopOptions {
        if (count < 1) {
            throw new IllegalArgumentException("there must be at least one loop, not " + count);
        }
        if (stallThreshold.isNegative()) {
            throw new IllegalArgumentException(
                    "the stall threshold must be 0 (off) or more: " + Durations.text(stallThreshold));
        }
    }

    public LoopOptions withCount(int loops) {
        return new LoopOptions(loops, transport, scheduler, stallThreshold);
    }

    public LoopOptions withTransport(Transport choice) {
        return new LoopOptions(count, choice, scheduler, stallThreshold);
    }

    public LoopOptions withScheduler(Scheduler choice) {
        return new LoopOptions(count, transport, choice, stallThreshold);
    }

    public LoopOptions withStallThreshold(Duration threshold) {
        return new LoopOptions(count, transport, scheduler, threshold);
    }
}

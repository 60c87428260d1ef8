package io.penstock.proxy;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * The failures of plugins in the log: the first of a kind with its stack; of those like it, at most one line for each interval, with how
 * many there were since the last one. So a plugin that fails for every request tells why, and leaves the others a log that can be read.
 *
 * <p>Bounded; any thread.
 */
final class FailureLog {
    /** At most one line of a kind within this. */
    static final Duration INTERVAL = Duration.ofSeconds(10);

    /** The stack comes again after this: the log that had it may be gone. */
    static final Duration STACK_INTERVAL = Duration.ofMinutes(10);

    private static final int MOST_KINDS = 256;

    private final Logger log;
    private final LongSupplier clock;
    private final Consumer<Runnable> later;
    private final Map<String, Kind> kinds = new ConcurrentHashMap<>();
    private final AtomicBoolean restDue = new AtomicBoolean();

    private static final class Kind {
        private final AtomicLong lineDue;
        private final AtomicLong stackDue;
        private final AtomicLong unsaid = new AtomicLong();

        Kind(long now) {
            lineDue = new AtomicLong(now);
            stackDue = new AtomicLong(now);
        }
    }

    /**
     * @param clock a {@link System#nanoTime()}
     * @param later runs what it is given after an {@link #INTERVAL}
     */
    FailureLog(Logger log, LongSupplier clock, Consumer<Runnable> later) {
        this.log = log;
        this.clock = clock;
        this.later = later;
    }

    /** @param where in whose life it happened: {@code transaction 17} */
    void failed(String where, PluginFailure failure) {
        long now = clock.getAsLong();
        Kind kind = kind(failure, now);
        if (isDue(kind.stackDue, now, STACK_INTERVAL)) {
            kind.lineDue.set(now + INTERVAL.toNanos());
            long unsaid = kind.unsaid.getAndSet(0);
            String more = unsaid == 0 ? "" : " (and " + unsaid + " of its kind since the last line)";
            Throwable cause = failure.getCause(); // whose stack is the plugin's, and its words are in the line already
            log.error("{}: {}{}", where, failure.getMessage(), more, cause == null ? failure : cause);
            return;
        }
        kind.unsaid.incrementAndGet();
        if (isDue(kind.lineDue, now, INTERVAL)) {
            log.error(
                    "{}: {} ({} of its kind since the last line; the first one had the stack)",
                    where,
                    failure.getMessage(),
                    kind.unsaid.getAndSet(0));
        } else if (restDue.compareAndSet(false, true)) {
            later.accept(this::tellRest); // there may be no other that would tell of this one
        }
    }

    /** Tells what was counted and not yet told. */
    void tellRest() {
        restDue.set(false);
        kinds.forEach((name, kind) -> {
            long unsaid = kind.unsaid.getAndSet(0);
            if (unsaid > 0) log.error("{} more failures since the last line: plugin {}", unsaid, name);
        });
    }

    private static boolean isDue(AtomicLong due, long now, Duration interval) {
        long since = due.get();
        return now - since >= 0 && due.compareAndSet(since, now + interval.toNanos());
    }

    private Kind kind(PluginFailure failure, long now) {
        String name = failure.kind();
        Kind known = kinds.get(name);
        if (known != null) return known;
        if (kinds.size() >= MOST_KINDS) {
            tellRest();
            kinds.clear();
        }
        var fresh = new Kind(now);
        Kind first = kinds.putIfAbsent(name, fresh);
        return first == null ? fresh : first;
    }
}

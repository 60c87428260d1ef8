package io.penstock.net.internal;

import io.penstock.net.Loop;
import io.penstock.net.Loops.Stalls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Names whoever holds up a loop: thread, duration and stack, as a log line, a count and a flight recorder event.
 *
 * <p>It looks at each loop every half threshold. A loop costs nothing for it but a counter it keeps anyway: if the same thread is
 * carried and no turn has begun since, the turn is that old at least.
 */
final class StallWatchdog implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    private final List<NettyLoop> loops;
    private final long threshold;
    private final Watch[] watches;
    private final Thread thread;
    private volatile boolean stopped;
    private volatile Stalls stalls = new Stalls(0, Duration.ZERO);

    /** What was seen of one loop. */
    private static final class Watch {
        long turn = -1;
        long since;

        @Nullable
        Thread culprit;

        @Nullable
        LoopStall event;

        boolean reported;
        Level level = Level.WARN;

        /** Up to when a stall that lasts has been added to the total. */
        long counted;
    }

    private StallWatchdog(List<NettyLoop> loops, Duration threshold) {
        this.loops = loops;
        this.threshold = threshold.toNanos();
        this.watches = new Watch[loops.size()];
        for (int i = 0; i < watches.length; i++) watches[i] = new Watch();
        this.thread = Thread.ofPlatform().daemon().name("penstock-watchdog").unstarted(this);
    }

    static StallWatchdog start(List<NettyLoop> loops, Duration threshold) {
        var watchdog = new StallWatchdog(loops, threshold);
        watchdog.thread.start();
        return watchdog;
    }

    void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    Stalls stalls() {
        return stalls;
    }

    @Override
    public void run() {
        while (!stopped) {
            LockSupport.parkNanos(this, Math.max(threshold / 2, TimeUnit.MILLISECONDS.toNanos(1)));
            long now = System.nanoTime();
            for (int i = 0; i < watches.length; i++) look(loops.get(i), watches[i], now);
        }
    }

    private void look(NettyLoop loop, Watch watch, long now) {
        Thread carried = loop.carried();
        long turn = loop.turns();
        if (carried != null && turn == watch.turn && carried == watch.culprit) {
            if (!watch.reported && now - watch.since >= threshold) report(loop, watch, carried, now);
            return;
        }
        if (watch.reported) wentOn(loop, watch, now);
        watch.turn = turn;
        watch.since = now;
        watch.culprit = carried;
    }

    private void report(NettyLoop loop, Watch watch, Thread culprit, long now) {
        StackTraceElement[] stack = culprit.getStackTrace();
        if (loop.turns() != watch.turn || loop.carried() != culprit) return; // it parked while we looked: not its fault
        watch.reported = true;
        watch.counted = now;
        stalls = new Stalls(stalls.count() + 1, stalls.total().plusNanos(now - watch.since));
        var text = new StringBuilder();
        for (StackTraceElement frame : stack) text.append("\n    at ").append(frame);
        watch.event = LoopStall.begin(loop.index(), culprit.getName(), text.toString());
        boolean loading = isLoading(stack);
        watch.level = loading ? Level.INFO : Level.WARN;
        LOG.atLevel(watch.level)
                .log(
                        "{} has been held up for {} ms by the thread {}; {}{}",
                        loop,
                        TimeUnit.NANOSECONDS.toMillis(now - watch.since),
                        culprit.getName(),
                        loading
                                ? "the JVM loads classes for it, as it does once"
                                : "blocking work belongs into Loop.offload",
                        loading ? "" : text);
    }

    /** Whether it is the JVM that takes its time, and not the code. */
    private static boolean isLoading(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            String type = frame.getClassName();
            boolean loads = type.startsWith("jdk.internal.loader.")
                    && frame.getMethodName().startsWith("loadClass");
            if (loads || type.equals("java.lang.invoke.MethodHandleNatives")) return true;
        }
        return false;
    }

    private void wentOn(NettyLoop loop, Watch watch, long now) {
        stalls = new Stalls(stalls.count(), stalls.total().plusNanos(now - watch.counted));
        watch.reported = false;
        if (watch.event != null) watch.event.commit(now - watch.since);
        watch.event = null;
        LOG.atLevel(watch.level)
                .log(
                        "{} goes on after about {} ms held up by {}",
                        loop,
                        TimeUnit.NANOSECONDS.toMillis(now - watch.since),
                        watch.culprit == null ? "a thread that has ended" : watch.culprit.getName());
    }
}

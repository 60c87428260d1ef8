package io.penstock.net.internal;

import io.penstock.net.event.Action;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Makes virtual threads that run where we say. The only class of the house that reaches into the JDK.
 *
 * <p>A virtual thread has a scheduler, an {@link Executor} that is given the thread's continuation each time it may go on. JDK 25
 * lets nobody choose it, so we open the door by {@code --add-opens java.base/java.lang=...}; later JDKs will have an interface
 * for it; where neither is there, threads run on the JDK's default scheduler, which is correct and costs more hops.
 *
 * @see Strand what a scheduler must never do
 */
final class LoopThreads {
    /** One way to make a virtual thread. */
    private interface BackEnd {
        /** An unstarted thread whose continuation is given to the scheduler. */
        Thread unstarted(Executor scheduler, String name, Runnable body) throws Throwable;
    }

    private static final @Nullable Executor DEFAULT_SCHEDULER;
    private static final @Nullable BackEnd BACK_END;
    private static final String DESCRIPTION;

    static {
        Executor fallback = null;
        BackEnd backEnd = null;
        String description;
        try {
            fallback = defaultSchedulerOf(MethodHandles.lookup());
            backEnd = jdkInternal(MethodHandles.lookup());
            description = "loop (java.lang.ThreadBuilders)";
        } catch (ReflectiveOperationException | RuntimeException internal) {
            try {
                backEnd = SchedulerApi.open();
                description = "loop (Thread.VirtualThreadScheduler)";
            } catch (ReflectiveOperationException | RuntimeException api) {
                description =
                        "default (start the JVM with --add-opens java.base/java.lang=ALL-UNNAMED for the loop scheduler)";
                LoggerFactory.getLogger(LoopThreads.class)
                        .info("Virtual threads use the JDK's default scheduler: {}", internal.getMessage());
            }
        }
        DEFAULT_SCHEDULER = fallback;
        BACK_END = backEnd;
        DESCRIPTION = description;
        warmPoller();
    }

    private LoopThreads() {}

    /** Whether threads can be carried by a loop. */
    static boolean canChooseScheduler() {
        return BACK_END != null;
    }

    static String description() {
        return DESCRIPTION;
    }

    /** An unstarted virtual thread carried by whatever the scheduler runs its continuation on. */
    static Thread unstarted(Executor scheduler, String name, Runnable body) {
        BackEnd backEnd = BACK_END;
        if (backEnd == null) return unstartedOnDefault(name, body);
        try {
            return backEnd.unstarted(scheduler, name, body);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("The JDK refuses to make a virtual thread: " + e, e);
        }
    }

    /** An unstarted virtual thread on the JDK's default scheduler, whichever thread asks. */
    static Thread unstartedOnDefault(String name, Runnable body) {
        BackEnd backEnd = BACK_END;
        Executor fallback = DEFAULT_SCHEDULER;
        if (backEnd == null || fallback == null) {
            return Thread.ofVirtual().name(name).unstarted(body);
        }
        try {
            return backEnd.unstarted(fallback, name, body);
        } catch (Throwable e) {
            throw new IllegalStateException("The JDK refuses to make a virtual thread: " + e, e);
        }
    }

    /** Runs a continuation, or any other short work, on the JDK's default scheduler, or on what comes nearest to it. */
    static void executeOnDefault(Runnable work) {
        Executor fallback = DEFAULT_SCHEDULER;
        if (fallback != null) {
            fallback.execute(work);
        } else {
            ForkJoinPool.commonPool().execute(work); // not by a virtual thread: none can carry another
        }
    }

    /** Does so after a delay. */
    static Action timerOnDefault(long delayNanos, Runnable work) {
        var due = new AtomicBoolean(true);
        CompletableFuture.delayedExecutor(delayNanos, TimeUnit.NANOSECONDS, LoopThreads::executeOnDefault)
                .execute(() -> {
                    if (due.compareAndSet(true, false)) work.run();
                });
        return () -> due.compareAndSet(true, false);
    }

    private static BackEnd jdkInternal(MethodHandles.Lookup lookup) throws ReflectiveOperationException {
        Class<?> builders = Class.forName("java.lang.ThreadBuilders");
        MethodHandle newVirtualThread = MethodHandles.privateLookupIn(builders, lookup)
                .findStatic(
                        builders,
                        "newVirtualThread",
                        MethodType.methodType(Thread.class, Executor.class, String.class, int.class, Runnable.class));
        return (scheduler, name, body) -> (Thread) newVirtualThread.invokeExact(scheduler, name, 0, body);
    }

    private static Executor defaultSchedulerOf(MethodHandles.Lookup lookup) throws ReflectiveOperationException {
        Class<?> virtualThread = Class.forName("java.lang.VirtualThread");
        MethodHandles.Lookup inside = MethodHandles.privateLookupIn(virtualThread, lookup);
        var field = virtualThread.getDeclaredField("DEFAULT_SCHEDULER");
        return (Executor) inside.unreflectVarHandle(field).get();
    }

    /**
     * Makes the JDK start the threads behind its own blocking sockets now. They inherit the scheduler of whoever needs them
     * first; if that were one of ours, every blocking socket of the process would be polled on one event loop.
     */
    private static void warmPoller() {
        Thread warmer = unstartedOnDefault("penstock-poller-warm-up", PollerWarmUp::run);
        warmer.start();
        boolean interrupted = false;
        while (true) {
            try {
                warmer.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true; // a start-up of milliseconds is finished all the same
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    /** The interface that JDKs after 25 are to have; looked up, so that this compiles without them. */
    private static final class SchedulerApi {
        static BackEnd open() throws ReflectiveOperationException {
            Class<?> scheduler = Class.forName("java.lang.Thread$VirtualThreadScheduler");
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            MethodHandle adapt =
                    lookup.findStatic(scheduler, "adapt", MethodType.methodType(scheduler, Executor.class));
            MethodHandle choose = lookup.findVirtual(
                    Thread.Builder.OfVirtual.class,
                    "scheduler",
                    MethodType.methodType(Thread.Builder.OfVirtual.class, scheduler));
            return (executor, name, body) -> ((Thread.Builder.OfVirtual)
                            choose.invoke(Thread.ofVirtual(), adapt.invoke(executor)))
                    .name(name)
                    .unstarted(body);
        }
    }
}

package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.Loop;
import io.penstock.net.Task;
import io.penstock.net.Tasks;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tasks on a loop, or on the default scheduler.
 *
 * <p>Everything but the outcome of a task belongs to the thread that opened it, and that is the only one ever to wait: a finished task has
 * but to unpark it, and there is nothing to lock.
 */
public final class ForkedTasks implements Tasks {
    private static final Logger LOG = LoggerFactory.getLogger(Tasks.class);

    private final @Nullable NettyLoop loop;
    private final Thread opener = Thread.currentThread();
    private final Set<Forked<?>> undelivered = new LinkedHashSet<>();
    private final AtomicInteger finished = new AtomicInteger();
    private int forks;
    private boolean closed;

    private ForkedTasks(@Nullable NettyLoop loop) {
        this.loop = loop;
    }

    public static ForkedTasks open(@Nullable Loop loop) {
        return new ForkedTasks((NettyLoop) loop);
    }

    @Override
    public <T extends @Nullable Object> Task<T> fork(Callable<? extends T> work) {
        return fork(opener.getName() + "/" + (forks + 1), work);
    }

    @Override
    public <T extends @Nullable Object> Task<T> fork(String name, Callable<? extends T> work) {
        requireOpener();
        if (closed) throw new IllegalStateException("these tasks have been closed: " + name + " cannot be forked");
        forks++;
        var task = new Forked<T>(name, work);
        undelivered.add(task);
        if (loop != null) {
            loop.spawn(name, task::run);
        } else {
            LoopThreads.unstartedOnDefault(name, task::run).start();
        }
        return task;
    }

    @Override
    @SuppressWarnings("unchecked") // a task only produces, so a task of a kind of T is a task of T
    public <T extends @Nullable Object> Task<T> any(Collection<? extends Task<? extends T>> tasks)
            throws InterruptedException {
        return (Task<T>) awaitFirst(undelivered(tasks));
    }

    @Override
    public Task<?> any() throws InterruptedException {
        requireOpener();
        return awaitFirst(undelivered);
    }

    private Forked<?> awaitFirst(Collection<Forked<?>> some) throws InterruptedException {
        if (some.isEmpty()) throw new IllegalStateException("there is no task left to wait for");
        await(() -> firstOf(some) != null);
        return Objects.requireNonNull(firstOf(some));
    }

    private static @Nullable Forked<?> firstOf(Collection<Forked<?>> tasks) {
        Forked<?> first = null;
        int at = Integer.MAX_VALUE;
        for (Forked<?> each : tasks) {
            Outcome outcome = each.outcome.get();
            if (outcome instanceof Finished done && done.at < at) {
                first = each;
                at = done.at;
            }
        }
        return first;
    }

    @Override
    public void all(Task<?>... tasks) throws InterruptedException {
        Collection<Forked<?>> some = someOrAll(tasks);
        await(() -> some.stream().allMatch(Forked::isDone));
    }

    @Override
    public void allOrNone(Task<?>... tasks) throws Exception {
        Collection<Forked<?>> some = someOrAll(tasks);
        await(() -> some.stream().allMatch(Forked::isDone) || some.stream().anyMatch(Forked::hasFailed));
        Forked<?> failed = firstOf(some.stream().filter(Forked::hasFailed).toList());
        if (failed == null) return;
        some.forEach(Forked::cancel);
        failed.join();
    }

    private Collection<Forked<?>> someOrAll(Task<?>[] tasks) {
        requireOpener();
        return tasks.length == 0 ? List.copyOf(undelivered) : undelivered(List.of(tasks));
    }

    /** Those of the tasks whose outcome nobody has got yet. */
    private Collection<Forked<?>> undelivered(Collection<? extends Task<?>> tasks) {
        requireOpener();
        var some = new LinkedHashSet<Forked<?>>();
        for (Task<?> each : tasks) {
            var task = (Forked<?>) each;
            if (task.tasks() != this) throw new IllegalArgumentException(task.name() + " is none of these tasks");
            if (undelivered.contains(task)) some.add(task);
        }
        return some;
    }

    private void await(BooleanSupplier done) throws InterruptedException {
        if (loop != null && loop.eventLoop().inEventLoop()) {
            throw new IllegalStateException("waiting for tasks would block the event loop that runs them");
        }
        while (!done.getAsBoolean()) {
            LockSupport.park(this);
            if (Thread.interrupted()) throw new InterruptedException();
        }
    }

    private void requireOpener() {
        if (Thread.currentThread() != opener) {
            throw new IllegalStateException(
                    "tasks belong to the thread that opened them, which is " + opener.getName());
        }
    }

    @Override
    public void close() {
        requireOpener();
        closed = true;
        undelivered.forEach(Forked::cancel);
        boolean interrupted = false;
        while (!undelivered.isEmpty()) {
            try {
                await(() -> undelivered.stream().allMatch(Forked::isDone));
                undelivered.forEach(Forked::logUnseenFailure);
                undelivered.clear();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }

    // ---- a task

    /** Where a task is. Null before it begins. */
    private sealed interface Outcome {}

    private enum Running implements Outcome {
        RUNNING,
        CANCELLED
    }

    /** @param at how many had finished before */
    private record Finished(
            int at, @Nullable Object result, @Nullable Throwable failure) implements Outcome {}

    private final class Forked<T extends @Nullable Object> implements Task<T> {
        private final String name;
        private final Callable<? extends T> work;
        final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
        private volatile @Nullable Thread thread;

        Forked(String name, Callable<? extends T> work) {
            this.name = name;
            this.work = work;
        }

        ForkedTasks tasks() {
            return ForkedTasks.this;
        }

        void run() {
            thread = Thread.currentThread();
            if (!outcome.compareAndSet(null, Running.RUNNING)) return;
            Object result = null;
            Throwable failure = null;
            try (var _ = ConnectionScope.enter(name)) {
                result = work.call();
            } catch (Throwable e) {
                failure = e;
            }
            if (!outcome.compareAndSet(Running.RUNNING, finished(result, failure))) outcome.set(cancelled(failure));
            LockSupport.unpark(opener);
        }

        private Finished finished(@Nullable Object result, @Nullable Throwable failure) {
            return new Finished(finished.getAndIncrement(), result, failure);
        }

        private Finished cancelled(@Nullable Throwable by) {
            var failure = new CancellationException(name + " was cancelled");
            if (by != null) failure.initCause(by);
            return finished(null, failure);
        }

        @Override
        public boolean cancel() {
            if (outcome.compareAndSet(null, cancelled(null))) {
                LockSupport.unpark(opener);
                return true;
            }
            if (!outcome.compareAndSet(Running.RUNNING, Running.CANCELLED)) return outcome.get() == Running.CANCELLED;
            Objects.requireNonNull(thread).interrupt();
            return true;
        }

        @Override
        @SuppressWarnings({"unchecked", "NullAway"}) // the result is the work's own, and null only where T may be
        public T join() throws Exception {
            requireOpener();
            if (!undelivered.contains(this)) {
                throw new IllegalStateException("the outcome of " + name + " has been delivered already");
            }
            await(this::isDone);
            undelivered.remove(this);
            var done = (Finished) Objects.requireNonNull(outcome.get());
            switch (done.failure) {
                case null -> {
                    return (T) done.result;
                }
                case Exception e -> throw e;
                case Error e -> throw e;
                case Throwable e -> throw new IllegalStateException(name + " threw " + e, e);
            }
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean isDone() {
            return outcome.get() instanceof Finished;
        }

        boolean hasFailed() {
            return outcome.get() instanceof Finished done && done.failure != null;
        }

        /** A failure that nobody asked for must not pass unseen. */
        void logUnseenFailure() {
            if (!(outcome.get() instanceof Finished done) || done.failure == null) return;
            switch (done.failure) {
                case CancellationException _, ConnectionException _ -> LOG.debug("{} failed", name, done.failure);
                default -> LOG.error("{} failed, and nobody asked for its result", name, done.failure);
            }
        }

        @Override
        public String toString() {
            return "task " + name;
        }
    }
}

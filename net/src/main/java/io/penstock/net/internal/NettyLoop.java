package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.penstock.net.ConnectionException;
import io.penstock.net.Loop;
import io.penstock.net.event.Action;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A loop on top of a Netty event loop. */
public final class NettyLoop implements Loop {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
    private static final int SCRATCH = 16 * 1024;
    private static final ThreadLocal<@Nullable NettyLoop> CURRENT = new ThreadLocal<>();
    private static final VarHandle CARRIED;
    private static final VarHandle TURNS;

    static {
        try {
            var lookup = MethodHandles.lookup();
            CARRIED = lookup.findVarHandle(NettyLoop.class, "carried", Thread.class);
            TURNS = lookup.findVarHandle(NettyLoop.class, "turns", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final NettyLoops owner;
    private final int index;
    private final NettyLoops.Turns eventLoop;
    private final boolean carries;

    // Maps without locks: the loop, a thread it carries and a foreign one may meet here, and a lock would hang them
    // (see SpinLock).
    private final Map<Long, OpenSocket> connections = new ConcurrentSkipListMap<>();
    private final Map<Long, Thread> threads = new ConcurrentSkipListMap<>();
    private final Map<Long, Runnable> releases = new ConcurrentSkipListMap<>();
    private final AtomicLong numbers = new AtomicLong();

    /** Work for when all threads that may run now have had their turn. Only carried threads and the loop touch it: one carrier. */
    private final ArrayDeque<Runnable> deferred = new ArrayDeque<>();

    private final Runnable runDeferred = this::runDeferred;

    /** See {@link #scratch()}. On the loop only. */
    private ByteBuf scratch = Unpooled.EMPTY_BUFFER;

    private final Pipes pipes = new Pipes();

    /** The thread being carried. Written by the loop only; for anyone but that thread itself a mere hint. */
    @SuppressWarnings("unused") // through CARRIED
    private @Nullable Thread carried;

    /** How many turns there have been, so that the watchdog can tell one long turn from many short ones. */
    @SuppressWarnings("unused") // through TURNS
    private long turns;

    NettyLoop(NettyLoops owner, int index, NettyLoops.Turns eventLoop, boolean carries) {
        this.owner = owner;
        this.index = index;
        this.eventLoop = eventLoop;
        this.carries = carries;
    }

    public static @Nullable NettyLoop ofCurrentThread() {
        return CURRENT.get();
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public Thread spawn(String name, Task task) {
        Thread thread = unstarted(name, task);
        start(thread);
        return thread;
    }

    /** A thread to be {@linkplain #start started} or forgotten. */
    Thread unstarted(String name, Task task) {
        return carries
                ? Strand.unstarted(this, name, () -> live(task))
                : LoopThreads.unstartedOnDefault(name, () -> live(task));
    }

    void start(Thread thread) {
        threads.put(thread.threadId(), thread);
        thread.start();
    }

    private void live(Task task) {
        CURRENT.set(this);
        Thread me = Thread.currentThread();
        try {
            task.run();
        } catch (ConnectionException e) {
            LOG.debug("{} ended by its connection", me.getName(), e);
        } catch (InterruptedException e) {
            LOG.debug("{} was interrupted", me.getName(), e);
        } catch (Throwable e) {
            LOG.error("{} failed", me.getName(), e);
        } finally {
            threads.remove(me.threadId());
            owner.ended();
        }
    }

    @Override
    public Action schedule(Duration delay, Task task) {
        return timer(delay.toNanos(), () -> spawn("penstock-timer", task));
    }

    /** Runs short, non-blocking work on the loop itself after a delay. After the loop's end: elsewhere, but never not. */
    Action timer(long delayNanos, Runnable work) {
        try {
            var future = eventLoop.schedule(work, delayNanos, TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            return LoopThreads.timerOnDefault(delayNanos, work);
        }
    }

    @Override
    public <T> T offload(Callable<T> work) throws Exception {
        Future<T> running = owner.workers().submit(work);
        try {
            return running.get();
        } catch (InterruptedException e) {
            running.cancel(true);
            throw e;
        } catch (CancellationException e) {
            throw new RejectedExecutionException("the loops were closed before the work had begun", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Exception failure -> throw failure;
                case Error error -> throw error;
                case null, default -> throw e;
            }
        }
    }

    @Override
    public boolean isCarrying() {
        return carried == Thread.currentThread();
    }

    @Override
    public int connections() {
        return connections.size();
    }

    /** Runs short, non-blocking work on the loop, in order, never inside this call. After the loop's end: elsewhere, but never not. */
    public void execute(Runnable work) {
        if (!tryExecute(work)) LoopThreads.executeOnDefault(work);
    }

    /** As {@link #execute}, for what somebody waits for: a loop that is ending may accept what it never gets to, and it is done elsewhere then. */
    void executeAnyway(Runnable work) {
        var begun = new AtomicBoolean();
        Runnable once = () -> {
            if (begun.compareAndSet(false, true)) work.run();
        };
        execute(once);
        if (eventLoop.isShutdown()) LoopThreads.executeOnDefault(once);
    }

    private boolean tryExecute(Runnable work) {
        try {
            eventLoop.execute(work);
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    /**
     * Has the loop do short, non-blocking work, and waits for what comes of it. After the loop's end the caller does it.
     *
     * <p>A loop that is ending may accept what it never gets to. So then the caller tries as well; of two attempts one comes to nothing.
     *
     * @throws Exception what the work throws
     */
    <T> T call(Callable<T> work) throws Exception {
        var done = new CompletableFuture<T>();
        var begun = new AtomicBoolean();
        Runnable once = () -> {
            if (!begun.compareAndSet(false, true)) return;
            try {
                done.complete(work.call());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        };
        if (eventLoop.inEventLoop() || !tryExecute(once) || eventLoop.isShutdown()) once.run();
        try {
            return done.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof Exception failure ? failure : e;
        }
    }

    /**
     * Gives a thread its next turn.
     *
     * <p>A loop that is ending may accept what it never gets to. So then the thread gets its turn elsewhere as well; of two turns the JDK
     * lets one begin and the other come to nothing.
     */
    void resume(Strand strand) {
        try {
            eventLoop.execute(strand);
            if (!eventLoop.isShutdown()) return;
        } catch (RejectedExecutionException e) {
            // it has ended
        }
        LoopThreads.executeOnDefault(strand);
    }

    /**
     * Runs the work on the loop when the threads that may run now have had their turn.
     *
     * <p>So the output of many connections leaves in one go: a peer on another core that has been woken by the first of it finds the
     * rest without going to sleep in between, which saves this side a wake-up for each.
     */
    void defer(Runnable work) {
        if (isCarrying()) {
            if (deferred.isEmpty() && !tryExecute(runDeferred)) {
                LoopThreads.executeOnDefault(work); // the loop has ended, and nobody else may touch what is deferred
                return;
            }
            deferred.add(work);
        } else {
            execute(work);
        }
    }

    private void runDeferred() {
        for (Runnable work = deferred.poll(); work != null; work = deferred.poll()) {
            try {
                work.run();
            } catch (Throwable e) {
                LOG.error("Work that {} was to do failed", this, e); // and must not take the others' with it
            }
        }
    }

    /** A turn: the thread runs until it parks. On the loop. */
    void carry(Thread thread, Runnable continuation) {
        if (!eventLoop.inEventLoop()) { // the loop has ended and the default scheduler helps out
            continuation.run();
            return;
        }
        CARRIED.setOpaque(this, thread);
        TURNS.setOpaque(this, turns + 1);
        try {
            continuation.run();
        } finally {
            CARRIED.setOpaque(this, (Thread) null);
        }
    }

    /** An empty direct buffer to send small things from, instead of allocating one each time. On the loop only. */
    ByteBuf scratch() {
        renewScratch(); // whoever was lent it last may have failed, and left in it what is for another peer
        if (scratch.capacity() == 0) scratch = Unpooled.directBuffer(SCRATCH, SCRATCH);
        return scratch;
    }

    /** Makes the scratch buffer empty again, or, where the socket has kept it, leaves it to the socket. On the loop only. */
    void renewScratch() {
        if (scratch.refCnt() > 1) {
            scratch.release();
            scratch = Unpooled.EMPTY_BUFFER;
        } else {
            scratch.clear();
        }
    }

    /** Of which something may be taken on the loop only. */
    Pipes pipes() {
        return pipes;
    }

    /** For what is off the heap, and what a loop that is ending may not come to; until it is {@link #released}, by the number returned. */
    long releaseAtEnd(Runnable release) {
        long number = numbers.incrementAndGet();
        releases.put(number, release);
        return number;
    }

    void released(long number) {
        releases.remove(number);
    }

    /** When the loop has ended. */
    void releaseKept() {
        for (Runnable release : releases.values()) {
            try {
                release.run();
            } catch (RuntimeException e) {
                LOG.error("Something that {} had kept could not be released", this, e);
            }
        }
        if (scratch.capacity() > 0) scratch.release();
        scratch = Unpooled.EMPTY_BUFFER;
        pipes.close();
    }

    /** The thread being carried at the moment, for the watchdog. */
    @Nullable
    Thread carried() {
        return (Thread) CARRIED.getOpaque(this);
    }

    long turns() {
        return (long) TURNS.getOpaque(this);
    }

    public EventLoop eventLoop() {
        return eventLoop;
    }

    /** Null where the loop does not wait with epoll. On the loop only. */
    @Nullable
    LazyEpoll epoll() {
        return eventLoop.epoll();
    }

    NettyLoops owner() {
        return owner;
    }

    void opened(OpenSocket connection) {
        connections.put(connection.id(), connection);
    }

    void closed(OpenSocket connection) {
        connections.remove(connection.id());
        owner.ended();
    }

    Collection<OpenSocket> openConnections() {
        return connections.values();
    }

    Collection<Thread> threads() {
        return threads.values();
    }

    @Override
    public String toString() {
        return "loop " + index;
    }
}

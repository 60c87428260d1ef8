package io.penstock.net.internal;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.ResolverOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All loops of a process, their offload workers and their watchdog. */
public final class NettyLoops implements Loops {
    /** The longest the loop runs queued threads before it looks at its sockets again. */
    private static final long TASK_QUANTUM_MILLIS = 5;

    /** How long close waits for the loops themselves, which end at once unless one of their threads hogs them. */
    static final long LOOP_END_SECONDS = 3;

    private static final Logger LOG = LoggerFactory.getLogger(Loops.class);
    private static final int WORKERS = 32;
    private static final int WORK_QUEUE = 10_000;

    /** Those of this process that have not been closed. */
    private static final List<NettyLoops> OPEN = new CopyOnWriteArrayList<>();

    private final SocketTransport transport;
    private final MultiThreadIoEventLoopGroup group;
    private final List<NettyLoop> loops;
    private final boolean carries;
    private final ThreadPoolExecutor workers;

    /** For what only computes, and must not wait behind what blocks: one thread for each core. */
    private final ThreadPoolExecutor computers;

    private final @Nullable StallWatchdog watchdog;
    private final AtomicReference<@Nullable Resolver> resolver = new AtomicReference<>();
    private final Experience experience = new Experience(System::nanoTime);
    private final AtomicInteger turn = new AtomicInteger();
    private final Set<NettyListener> listeners = ConcurrentHashMap.newKeySet();
    private final AtomicLong abandoned = new AtomicLong();
    private boolean closing;
    private boolean closed;

    /** The thread that waits for everything to end. */
    private volatile @Nullable Thread closer;

    private boolean closedInOrder;

    private NettyLoops(LoopOptions options) {
        transport = SocketTransport.of(options.transport());
        carries = switch (options.scheduler()) {
            case DEFAULT -> false;
            case AUTO -> LoopThreads.canChooseScheduler();
            case LOOP -> {
                if (!LoopThreads.canChooseScheduler()) {
                    throw new IllegalStateException(
                            "The loop scheduler was asked for, but: " + LoopThreads.description());
                }
                yield true;
            }
        };
        group = new Group(options.count(), transport.handlers());
        var all = new ArrayList<NettyLoop>();
        for (var executor : group) all.add(new NettyLoop(this, all.size(), (Turns) executor, carries));
        loops = List.copyOf(all);
        workers = threads(WORKERS, "penstock-worker");
        computers = threads(Runtime.getRuntime().availableProcessors(), "penstock-tls");
        watchdog = carries && options.stallThreshold().isPositive()
                ? StallWatchdog.start(loops, options.stallThreshold())
                : null;
    }

    private static ThreadPoolExecutor threads(int count, String name) {
        var threads = new ThreadPoolExecutor(
                count,
                count,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(WORK_QUEUE),
                new DefaultThreadFactory(name, true));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    public static NettyLoops open(LoopOptions options) {
        var opened = new NettyLoops(options);
        OPEN.add(opened);
        return opened;
    }

    /** The loops for a thread that has none. */
    static NettyLoops anyOpen() {
        var each = OPEN.iterator();
        if (!each.hasNext())
            throw new IllegalStateException("no loops are open in this process: Loops.open() is to come first");
        return each.next();
    }

    /** The loop that carries the calling thread, or is it; else the next one of those that were opened first. */
    static NettyLoop anyLoop() {
        NettyLoop current = NettyLoop.ofCurrentThread();
        if (current != null) return current;
        for (NettyLoops each : OPEN) {
            for (NettyLoop loop : each.loops) {
                if (loop.eventLoop().inEventLoop()) return loop;
            }
        }
        return anyOpen().next();
    }

    @Override
    public List<Loop> all() {
        return List.copyOf(loops);
    }

    List<NettyLoop> loops() {
        return loops;
    }

    /** What all who dial by these loops have learnt: many a connector is made for a single connection. */
    Experience experience() {
        return experience;
    }

    @Override
    public NettyLoop next() {
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    @Override
    public String transport() {
        return transport.label();
    }

    @Override
    public String scheduler() {
        if (carries) return LoopThreads.description();
        return LoopThreads.canChooseScheduler() ? "default (as configured)" : LoopThreads.description();
    }

    @Override
    public Stalls stalls() {
        return watchdog == null ? new Stalls(0, Duration.ZERO) : watchdog.stalls();
    }

    @Override
    public long abandoned() {
        return abandoned.get();
    }

    void countAbandoned() {
        abandoned.incrementAndGet();
    }

    /** Where new connections go: the caller's loop, so that it stays on its carrier, or the next one. */
    NettyLoop here() {
        NettyLoop current = NettyLoop.ofCurrentThread();
        return current != null && current.owner() == this ? current : next();
    }

    NettyLoop of(EventLoop eventLoop) {
        for (NettyLoop loop : loops) {
            if (loop.eventLoop() == eventLoop) return loop;
        }
        throw new IllegalArgumentException("not one of these loops: " + eventLoop);
    }

    MultiThreadIoEventLoopGroup group() {
        return group;
    }

    SocketTransport sockets() {
        return transport;
    }

    ExecutorService workers() {
        return workers;
    }

    ThreadPoolExecutor computers() {
        return computers;
    }

    /** The resolver of those who do not bring their own. */
    public Resolver resolver() {
        Resolver made = resolver.get();
        if (made != null) return made;
        resolver.compareAndSet(null, DnsResolver.of(this, ResolverOptions.system()));
        return Objects.requireNonNull(resolver.get());
    }

    /** Those to be closed with the loops at the latest. */
    Set<NettyListener> listeners() {
        return listeners;
    }

    /** Something has ended that close may be waiting for. */
    void ended() {
        Thread waiting = closer;
        if (waiting != null) LockSupport.unpark(waiting);
    }

    @Override
    public boolean close(Duration grace) {
        requireForeignThread();
        synchronized (this) {
            if (closing) return awaitOtherCloser();
            closing = true;
        }
        OPEN.remove(this);
        boolean inOrder = awaitQuiet(grace);
        // a loop that ends may leave them open, and their ports taken
        listeners.forEach(NettyListener::close);
        inOrder &= isQuiet();
        if (!inOrder) {
            for (NettyLoop loop : loops) {
                loop.openConnections().forEach(OpenSocket::abort);
                loop.threads().forEach(Thread::interrupt);
            }
            awaitQuiet(Duration.ofSeconds(1)); // lets interrupted threads leave in peace
        }
        if (watchdog != null) watchdog.stop();
        // what no worker has begun would leave whoever waits for it waiting for ever
        for (var each : List.of(workers, computers)) {
            each.shutdownNow().forEach(work -> ((Future<?>) work).cancel(false));
        }
        if (group.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(LOOP_END_SECONDS, TimeUnit.SECONDS)) {
            loops.forEach(NettyLoop::releaseKept);
        } else {
            LOG.warn(
                    "A loop has not ended within {} s: a thread that it carries does not let go of it",
                    LOOP_END_SECONDS);
        }
        synchronized (this) {
            closedInOrder = inOrder;
            closed = true;
            notifyAll();
        }
        return inOrder;
    }

    private void requireForeignThread() {
        NettyLoop current = NettyLoop.ofCurrentThread();
        if ((current != null && current.owner() == this) || isAnyLoopItself()) {
            throw new IllegalStateException("loops cannot be closed by a thread that they carry");
        }
    }

    /** Whether the calling thread is an event loop: not a thread that one carries, but the carrier. */
    boolean isAnyLoopItself() {
        for (NettyLoop loop : loops) {
            if (loop.eventLoop().inEventLoop()) return true;
        }
        return false;
    }

    private synchronized boolean awaitOtherCloser() {
        boolean interrupted = false;
        while (!closed && !interrupted) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
        return closedInOrder;
    }

    private boolean awaitQuiet(Duration grace) {
        long deadline = System.nanoTime() + grace.toNanos();
        closer = Thread.currentThread();
        try {
            while (!isQuiet()) {
                long left = deadline - System.nanoTime();
                if (left <= 0 || Thread.currentThread().isInterrupted()) return false;
                LockSupport.parkNanos(this, left);
            }
            return true;
        } finally {
            closer = null;
        }
    }

    private boolean isQuiet() {
        for (NettyLoop loop : loops) {
            if (!loop.openConnections().isEmpty() || !loop.threads().isEmpty()) return false;
        }
        return true;
    }

    /** Netty's group, with a shorter stretch of tasks between two looks at the sockets. */
    private static final class Group extends MultiThreadIoEventLoopGroup {
        Group(int count, IoHandlerFactory handlers) {
            super(count, new DefaultThreadFactory("penstock-loop", true), handlers);
        }

        @Override
        protected IoEventLoop newChild(Executor executor, IoHandlerFactory handlers, Object... args) {
            return new Turns(this, executor, handlers);
        }
    }

    /** Netty's loop, which may be asked for what it waits with. */
    static final class Turns extends SingleThreadIoEventLoop {
        private Turns(IoEventLoopGroup group, Executor executor, IoHandlerFactory handlers) {
            super(
                    group,
                    executor,
                    handlers,
                    Integer.MAX_VALUE,
                    RejectedExecutionHandlers.reject(),
                    TASK_QUANTUM_MILLIS);
        }

        /** Null where that is something else. */
        @Nullable
        LazyEpoll epoll() {
            return ioHandler() instanceof LazyEpoll epoll ? epoll : null;
        }
    }
}

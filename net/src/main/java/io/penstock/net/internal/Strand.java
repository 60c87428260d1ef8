package io.penstock.net.internal;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The scheduler of one virtual thread: it puts the thread's continuation into the queue of the loop that carries it.
 *
 * <p>One scheduler a thread, rather than one for all, because then the loop knows which thread it is running. And because the JDK
 * gives a thread's scheduler to its children too: a child shows up here as a foreign continuation and is sent to the JDK's default
 * scheduler, so that a library which starts virtual threads of its own does not fill our loop with them.
 *
 * <p>A scheduler must not run a continuation inside {@code execute}, which may be called by a virtual thread; and it must never
 * reject, or the thread would wait for ever and whoever woke it would get the exception. Both are kept by {@link NettyLoop#resume}.
 */
final class Strand implements Executor, Runnable {
    private final NettyLoop loop;
    private final Thread thread;

    /** Set by the first call, which is the start of our thread: it can have no children before. */
    private volatile @Nullable Runnable continuation;

    private Strand(NettyLoop loop, String name, Runnable body) {
        this.loop = loop;
        this.thread = LoopThreads.unstarted(this, name, body);
    }

    static Thread unstarted(NettyLoop loop, String name, Runnable body) {
        return new Strand(loop, name, body).thread;
    }

    @Override
    public void execute(Runnable task) {
        Runnable own = continuation;
        if (own == null) {
            own = task;
            continuation = task;
        }
        if (own == task) {
            loop.resume(this);
        } else {
            LoopThreads.executeOnDefault(task);
        }
    }

    /** A turn of the thread: from where it parked to where it parks next. */
    @Override
    public void run() {
        Runnable own = continuation;
        if (own == null) throw new IllegalStateException("a strand is run before it is started");
        loop.carry(thread, own);
    }
}

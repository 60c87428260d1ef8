package io.penstock.net;

import io.penstock.net.event.Action;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * One event loop: a thread that serves a share of the connections, and the carrier of the virtual threads that handle them.
 *
 * <p>Code on a thread {@linkplain #spawn spawned} here may block on connections, locks, queues and sleeps: the virtual thread
 * parks and the loop goes on. Everything spawned on one loop runs on one carrier, one thread at a time, switching only where a
 * thread parks. What must not happen here is work that holds the carrier: long computing, file I/O, native calls. That goes
 * through {@link #offload}; a {@linkplain LoopOptions#stallThreshold watchdog} names whoever forgets it.
 *
 * <p>Answers to Traffic Server's event threads and OpenResty's light threads. All methods may be called from any thread.
 */
public interface Loop {
    /** Work for a virtual thread; what it throws is logged with the thread's name. */
    @FunctionalInterface
    interface Task {
        void run() throws Exception;
    }

    /** The loop of the calling virtual thread, or null when it was not spawned by a loop. */
    static @Nullable Loop current() {
        return io.penstock.net.internal.NettyLoop.ofCurrentThread();
    }

    /** The index of this loop among its {@link Loops}, from 0. */
    int index();

    /**
     * Starts a virtual thread on this loop. It is never run inside this call, and never refused: after the loop has ended it
     * runs on the default scheduler, so that whoever waits for it is not stranded.
     */
    Thread spawn(String name, Task task);

    /**
     * Spawns the task after the delay; {@link Action#cancel()} prevents it as long as it has not started. Never refused, as with
     * {@link #spawn}; but a task whose time has not come when the loops are closed never runs.
     */
    Action schedule(Duration delay, Task task);

    /**
     * Runs blocking or long work on a bounded pool of platform threads, and parks the calling thread until it is done.
     *
     * @return what the work returned
     * @throws Exception what the work threw
     */
    <T> T offload(Callable<T> work) throws Exception;

    /** Whether the calling thread is a virtual thread that this loop carries right now. */
    boolean isCarrying();

    /** The number of open connections of this loop. */
    int connections();
}

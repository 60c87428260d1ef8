package io.penstock.net.internal;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The pipes of a loop: few, for nobody has one who has nothing in it. */
final class Pipes {
    /** Each is two open files, and as long as it is full a megabyte of the kernel's. */
    private static final int MOST = 64;

    private static final int KEPT = 4;

    private final ArrayDeque<Pipe> idle = new ArrayDeque<>(KEPT);
    private final AtomicInteger open = new AtomicInteger();

    /** An empty pipe, to be given back; null when there is none to be had. On the loop. */
    @Nullable
    Pipe take() {
        Pipe pipe = idle.poll();
        if (pipe != null) return pipe;
        if (open.incrementAndGet() <= MOST) pipe = Pipe.open();
        if (pipe == null) open.decrementAndGet();
        return pipe;
    }

    /** Takes an empty one back. On the loop. */
    void giveBack(Pipe pipe) {
        if (idle.size() < KEPT) {
            idle.push(pipe);
        } else {
            dispose(pipe);
        }
    }

    /** Closes one instead of giving it back, with what is in it. Any thread. */
    void dispose(Pipe pipe) {
        open.decrementAndGet();
        pipe.close();
    }

    /** When the loop has ended. */
    void close() {
        idle.forEach(this::dispose);
        idle.clear();
    }
}

package io.penstock.testkit;

import io.penstock.net.Loop;

/** Which kind of thread calls a connection. */
public enum Caller {
    /** A virtual thread that the connection's loop has spawned: the usual one. */
    LOOP {
        @Override
        Thread start(Loop loop, Runnable task) {
            return loop.spawn("caller", task::run);
        }
    },
    /** A virtual thread on the JDK's own scheduler. */
    FOREIGN_VIRTUAL {
        @Override
        Thread start(Loop loop, Runnable task) {
            return Thread.ofVirtual().name("foreign caller").start(task);
        }
    },
    /** A platform thread. */
    PLATFORM {
        @Override
        Thread start(Loop loop, Runnable task) {
            return Thread.ofPlatform().daemon().name("platform caller").start(task);
        }
    };

    abstract Thread start(Loop loop, Runnable task);
}

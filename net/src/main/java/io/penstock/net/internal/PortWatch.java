package io.penstock.net.internal;

import io.netty.channel.IoHandle;
import io.netty.channel.IoRegistration;

/** How a loop watches a socket that is none of Netty's channels. All on the loop. */
interface PortWatch extends IoHandle {
    /** Who is told what has become worth trying, perhaps without need; on the loop. */
    interface Signals {
        void readable();

        void writable();

        /** The loop is ending. */
        void lost();
    }

    /** To be called once, when the loop knows of it. */
    void start(IoRegistration registration);

    /** Whether {@link Signals#readable()} is told of all that comes; otherwise once for each {@link #wantReadable()}. */
    boolean isAlwaysReading();

    void wantReadable();

    /** Has {@link Signals#writable()} told once. */
    void wantWritable();

    /** To be called before the registration is cancelled. */
    default void stop() {}
}

package io.penstock.net.internal;

import org.jspecify.annotations.Nullable;

/**
 * Finds the pool of an endpoint that was asked for lately by the same object.
 *
 * <p>Comparing endpoints may mean comparing certificates, which costs more than all the rest of borrowing; and mostly it is the same
 * few objects over and over. An entry is immutable, so that threads may race for its place.
 */
final class RecentPools {
    private static final int FEW = 16;

    private record Entry(Object asked, EndpointPool pool) {}

    /** Of each loop, and at the end of threads that no loop carries. */
    private final @Nullable Entry[][] entries;

    RecentPools(int loops) {
        entries = new Entry[loops + 1][FEW];
    }

    @Nullable
    EndpointPool find(@Nullable NettyLoop here, Object asked) {
        Entry entry = of(here)[place(asked)];
        return entry != null && entry.asked == asked ? entry.pool : null;
    }

    void remember(@Nullable NettyLoop here, Object asked, EndpointPool pool) {
        of(here)[place(asked)] = new Entry(asked, pool);
    }

    void forget(@Nullable NettyLoop here, Object asked) {
        of(here)[place(asked)] = null;
    }

    private @Nullable Entry[] of(@Nullable NettyLoop here) {
        return entries[here == null ? entries.length - 1 : here.index()];
    }

    private static int place(Object asked) {
        return System.identityHashCode(asked) & FEW - 1;
    }
}

package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/**
 * How much has to lie in a TCP socket until the loop is told of it, {@code SO_RCVLOWAT}: in a stream that flows and flows a part that is
 * worth a wake-up, instead of each segment. It is what a network card does for its host.
 *
 * <p>Of less than a part the kernel says nothing, so as long as there is a mark, a clock has what lies there fetched. And no answer is much
 * later by it: what comes behind something that went the other way has to flow for a while before there is a mark again.
 *
 * <p>On the loop.
 */
final class LowWaterMark {
    static final int PART = 512 * 1024;

    /** The ticks of the clock, the same for all streams; what lies there waits for two of them at most. */
    private static final long TICK_NANOS = 4_000_000;

    /** So long a stream has to have flown, and after so long a pause it has to anew. */
    private static final long A_WHILE_NANOS = 250_000_000;

    /** So many ticks in a row that find something, but no part, and it flows no more. */
    private static final int PATIENCE = 8;

    static final int SO_RCVLOWAT = 18;
    private static final MemorySegment MARKED = Arena.global().allocateFrom(JAVA_INT, PART);
    private static final MemorySegment UNMARKED = Arena.global().allocateFrom(JAVA_INT, 1);

    private final NettyLoop loop;
    private final SocketLink socket;
    private final Runnable fetch;
    private final boolean possible;

    private boolean flows;
    private long since;
    private long last;
    private boolean set;

    /** Since the kernel has told of something. */
    private int ticks;

    private boolean ticking;
    private boolean fetching;

    /**
     * @param fetch takes what lies in the socket; what it leaves there, the next tick finds
     */
    LowWaterMark(NettyLoop loop, SocketLink socket, Runnable fetch) {
        this.loop = loop;
        this.socket = socket;
        this.fetch = fetch;
        this.possible = socket.remoteAddress() instanceof InetSocketAddress;
    }

    /** Much has come. */
    void flow() {
        if (fetching) return;
        ticks = 0;
        if (set || !possible) return;
        long now = System.nanoTime();
        if (!flows || now - last > A_WHILE_NANOS) since = now;
        flows = true;
        last = now;
        if (now - since > A_WHILE_NANOS) {
            set = true;
            option(MARKED);
            tickLater();
        }
    }

    /** Something went the other way, or the kernel is to tell of whatever comes. */
    void forget() {
        flows = false;
        remove();
    }

    private void remove() {
        if (!set) return;
        set = false;
        option(UNMARKED); // and the kernel tells at once of what there is
    }

    private void tickLater() {
        if (ticking) return;
        ticking = true;
        loop.timer(TICK_NANOS - Math.floorMod(System.nanoTime(), TICK_NANOS), this::tick);
    }

    private void tick() {
        ticking = false;
        if (!set) return;
        if (ticks++ > 0 && !lookedAfter()) return;
        tickLater();
    }

    /** Nothing has been told for a tick. False when there is no mark any more. */
    private boolean lookedAfter() {
        if (socket.waiting() == 0) {
            last = System.nanoTime();
            remove(); // and sets it again with the next that comes: nothing has waited
        } else if (ticks > PATIENCE) {
            forget();
        } else {
            fetching = true;
            fetch.run();
            fetching = false;
        }
        return set;
    }

    /** Where the kernel refuses, it tells of everything, as ever. */
    private void option(MemorySegment mark) {
        int descriptor = socket.descriptor();
        if (descriptor < 0) return;
        try {
            Kernel.option(descriptor, Kernel.SOL_SOCKET, SO_RCVLOWAT, mark);
        } catch (Errno refused) {
            // it was none of those who have such a mark
        }
    }
}

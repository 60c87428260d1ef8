package io.penstock.net.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What earlier attempts have taught: which addresses failed, or were overtaken, and which family won for a host (RFC 8305 §4). Bounded; any
 * thread.
 *
 * <p>An address is doubted for a minute, so that one that is well again is soon used. Whenever it fails at its next chance, that doubles: a
 * black hole costs those who dial once a minute hardly more than those who dial all the time.
 */
final class Experience {
    private static final int MOST = 4096;
    private static final long SHORTEST_DOUBT = TimeUnit.MINUTES.toNanos(1);
    private static final long LONGEST_DOUBT = TimeUnit.MINUTES.toNanos(32);
    private static final long FAMILY_NANOS = TimeUnit.MINUTES.toNanos(10);

    /** @param nanos how long it lasts */
    private record Doubt(long until, long nanos) {}

    private final LongSupplier clock;
    private final AgeingMap<InetSocketAddress, Doubt> doubts;
    private final AgeingMap<String, StandardProtocolFamily> families;

    Experience(LongSupplier clock) {
        this.clock = clock;
        doubts = new AgeingMap<>(MOST, clock);
        families = new AgeingMap<>(MOST, clock);
    }

    /** It did not answer, or was overtaken by one that began later. */
    void failed(InetSocketAddress address) {
        long now = clock.getAsLong();
        Doubt before = doubts.get(address);
        long nanos = SHORTEST_DOUBT;
        if (before != null) {
            boolean hadAChance = before.until - now <= 0; // or else it was tried beside others, by several at once
            nanos = hadAChance ? Math.min(2 * before.nanos, LONGEST_DOUBT) : before.nanos;
        }
        doubts.put(address, new Doubt(now + nanos, nanos), 2 * nanos + SHORTEST_DOUBT);
    }

    void won(String host, InetSocketAddress address) {
        doubts.remove(address);
        families.put(host, Candidates.family(address.getAddress()), FAMILY_NANOS);
    }

    boolean hasFailed(InetAddress address, int port) {
        Doubt doubt = doubts.get(new InetSocketAddress(address, port));
        return doubt != null && doubt.until - clock.getAsLong() > 0;
    }

    /** The family to begin with; null when nothing is known. */
    @Nullable
    StandardProtocolFamily family(String host) {
        return families.get(host);
    }
}

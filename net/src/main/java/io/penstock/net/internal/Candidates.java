package io.penstock.net.internal;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The addresses still to be tried, in the order of RFC 8305 §4: as they were found, the families in turns, and those that have failed of
 * late behind all others. For one thread.
 */
final class Candidates {
    private final Deque<InetAddress> sixes = new ArrayDeque<>();
    private final Deque<InetAddress> fours = new ArrayDeque<>();
    private final Deque<InetAddress> doubtful = new ArrayDeque<>();
    private final Set<InetAddress> known = new HashSet<>();
    private final Predicate<InetAddress> isDoubtful;

    /** The family that is next. */
    private @Nullable StandardProtocolFamily turn;

    private final boolean settled;
    private boolean begun;

    /**
     * @param first the family to begin with; null for that of the first address, IPv6 when it comes in time
     * @param isDoubtful whether an address has failed of late
     */
    Candidates(@Nullable StandardProtocolFamily first, Predicate<InetAddress> isDoubtful) {
        this.turn = first;
        this.settled = first != null;
        this.isDoubtful = isDoubtful;
    }

    static StandardProtocolFamily family(InetAddress address) {
        return address instanceof Inet6Address ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
    }

    void add(List<InetAddress> found) {
        if (found.isEmpty()) return;
        StandardProtocolFamily leading = family(found.getFirst());
        if (!settled && !begun && (turn == null || leading == StandardProtocolFamily.INET6)) turn = leading;
        for (InetAddress address : found) {
            if (known.add(address)) queueOf(address).add(address);
        }
    }

    private Deque<InetAddress> queueOf(InetAddress address) {
        if (isDoubtful.test(address)) return doubtful;
        return family(address) == StandardProtocolFamily.INET6 ? sixes : fours;
    }

    boolean isEmpty() {
        return sixes.isEmpty() && fours.isEmpty() && doubtful.isEmpty();
    }

    /** Whether an address of the family that RFC 8305 prefers has been found, so that there is nothing to wait for. */
    boolean hasPreferred() {
        return !sixes.isEmpty();
    }

    /** Takes the next; there must be one. */
    InetAddress next() {
        begun = true;
        boolean six = turn == StandardProtocolFamily.INET6 ? !sixes.isEmpty() : fours.isEmpty();
        Deque<InetAddress> from = six ? sixes : fours;
        InetAddress next = from.isEmpty() ? doubtful.remove() : from.remove();
        turn = family(next) == StandardProtocolFamily.INET6
                ? StandardProtocolFamily.INET
                : StandardProtocolFamily.INET6;
        return next;
    }
}

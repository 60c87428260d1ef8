package io.penstock.net.internal;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What earlier attempts have taught: which addresses failed of late, and which family won for a host. Bounded; any thread. */
final class Experience {
    private static final int MOST = 4096;
    private static final long FAILURE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long FAMILY_NANOS = TimeUnit.MINUTES.toNanos(10);

    private final AgeingMap<InetSocketAddress, Boolean> failed;
    private final AgeingMap<String, StandardProtocolFamily> families;

    Experience(LongSupplier clock) {
        failed = new AgeingMap<>(MOST, clock);
        families = new AgeingMap<>(MOST, clock);
    }

    void failed(InetSocketAddress address) {
        failed.put(address, true, FAILURE_NANOS);
    }

    void won(String host, InetSocketAddress address) {
        failed.remove(address);
        families.put(host, Candidates.family(address.getAddress()), FAMILY_NANOS);
    }

    boolean hasFailed(InetAddress address, int port) {
        return failed.get(new InetSocketAddress(address, port)) != null;
    }

    /** The family to begin with; null when nothing is known. */
    @Nullable
    StandardProtocolFamily family(String host) {
        return families.get(host);
    }
}

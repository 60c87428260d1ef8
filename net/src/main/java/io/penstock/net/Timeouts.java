package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.time.Duration;

/**
 * The inactivity limits of a connection's operations: how long one may wait without any progress.
 *
 * <p>They are not deadlines: every byte starts them anew. {@link Connection#deadline} bounds the whole. A limit of
 * {@link Duration#ZERO} means none.
 *
 * @param connect from the first attempt to the established connection, all addresses included
 * @param read waiting for input
 * @param write waiting for the peer to take output
 */
public record Timeouts(Duration connect, Duration read, Duration write) {
    /** 10 s to connect, 60 s to read, 60 s to write. */
    public static final Timeouts DEFAULT = of(Duration.ofSeconds(10), Duration.ofSeconds(60), Duration.ofSeconds(60));

    public Timeouts {
        if (connect.isNegative() || read.isNegative() || write.isNegative()) {
            throw new IllegalArgumentException("a timeout must be 0 (none) or more: " + Durations.text(connect) + ", "
                    + Durations.text(read) + ", " + Durations.text(write));
        }
    }

    public static Timeouts of(Duration connect, Duration read, Duration write) {
        return new Timeouts(connect, read, write);
    }

    public Timeouts withConnect(Duration limit) {
        return new Timeouts(limit, read, write);
    }

    public Timeouts withRead(Duration limit) {
        return new Timeouts(connect, limit, write);
    }

    public Timeouts withWrite(Duration limit) {
        return new Timeouts(connect, read, limit);
    }
}

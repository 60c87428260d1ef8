package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Relay} passes on what it gets. Immutable. A limit of {@link Duration#ZERO} means none.
 *
 * <p>A tap sees the bytes of one direction, chunk by chunk, before they are passed on: read-only, and valid inside the call only, so who
 * wants to keep some copies them. It runs on the loop that reads them and holds up all of that loop's connections: it may count and copy,
 * but not wait. When it throws, the relay fails.
 *
 * @param idle how long nothing may go either way; a stalled peer is idle too
 * @param linger how long nothing may go on in a relay of which one side has ended its stream; takes the place of {@code idle} then
 * @param lifetime how long it may last altogether
 * @param closeOnEof whether the end of one stream is the end of both, as RFC 9110 §9.3.6 has it for CONNECT: what has come by then is still
 *     delivered, both ways. Else each direction ends for itself
 * @param keepAlive how long a TCP connection may be silent until the operating system asks whether the peer is still there, and how long
 *     it waits between the questions; {@code SO_KEEPALIVE} is set as late as that, so a short tunnel does without
 * @param splice whether the kernel moves the bytes from socket to socket
 * @param there sees what goes from the first connection to the second; null for nobody
 * @param back sees what goes from the second connection to the first; null for nobody
 */
public record RelayOptions(
        Duration idle,
        Duration linger,
        Duration lifetime,
        boolean closeOnEof,
        Duration keepAlive,
        Splice splice,
        @Nullable Consumer<ByteBuffer> there,
        @Nullable Consumer<ByteBuffer> back) {
    /**
     * When {@code splice(2)} moves the bytes of a direction, which then never come to this process. It needs two TCP or UNIX sockets without
     * TLS on one loop of the transport epoll, and nobody who looks at the bytes; elsewhere they are copied, whatever is chosen.
     */
    public enum Splice {
        /** While much goes that way: for little it costs more than copying. */
        AUTO,
        /** From the first byte on. */
        ALWAYS,
        /** Never. */
        OFF
    }

    /** No limits, half-close each way, asks silent TCP peers every 30 s, splices what pays, no taps. */
    public static final RelayOptions DEFAULT = new RelayOptions(
            Duration.ZERO, Duration.ZERO, Duration.ZERO, false, Duration.ofSeconds(30), Splice.AUTO, null, null);

    public RelayOptions {
        for (Duration limit : new Duration[] {idle, linger, lifetime, keepAlive}) {
            if (limit.isNegative()) {
                throw new IllegalArgumentException(
                        "a limit of a relay must be 0 (none) or more, not " + Durations.text(limit));
            }
        }
    }

    public RelayOptions withIdle(Duration limit) {
        return new RelayOptions(limit, linger, lifetime, closeOnEof, keepAlive, splice, there, back);
    }

    public RelayOptions withLinger(Duration limit) {
        return new RelayOptions(idle, limit, lifetime, closeOnEof, keepAlive, splice, there, back);
    }

    public RelayOptions withLifetime(Duration limit) {
        return new RelayOptions(idle, linger, limit, closeOnEof, keepAlive, splice, there, back);
    }

    public RelayOptions withCloseOnEof(boolean both) {
        return new RelayOptions(idle, linger, lifetime, both, keepAlive, splice, there, back);
    }

    public RelayOptions withKeepAlive(Duration period) {
        return new RelayOptions(idle, linger, lifetime, closeOnEof, period, splice, there, back);
    }

    public RelayOptions withSplice(Splice choice) {
        return new RelayOptions(idle, linger, lifetime, closeOnEof, keepAlive, choice, there, back);
    }

    public RelayOptions withTaps(@Nullable Consumer<ByteBuffer> first, @Nullable Consumer<ByteBuffer> second) {
        return new RelayOptions(idle, linger, lifetime, closeOnEof, keepAlive, splice, first, second);
    }
}

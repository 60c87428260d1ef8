package io.penstock.net;

import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to open a datagram socket.
 *
 * @param local where it is bound: a UDP address, port 0 for any free one; a UNIX path, or an {@link AbstractUnixAddress}. Null for
 *     any free port of all addresses, or, connected to a UNIX socket, for a name that the kernel makes up
 * @param timeouts what it starts with
 * @param largest the largest datagram that is received whole, in bytes; what is longer is truncated, and says so. At most 1 MiB
 * @param socketOptions what is set before it is bound, see {@link Datagrams#option}
 * @param standardStreams whether descriptor 0, 1 or 2 may be meant by {@link Datagrams#adopt}, as where inetd waits for this process. Such
 *     a number is not closed when it is adopted but leads to {@code /dev/null} from then on
 */
public record DatagramOptions(
        @Nullable SocketAddress local,
        Timeouts timeouts,
        int largest,
        Map<SocketOption<?>, Object> socketOptions,
        boolean standardStreams) {
    /** How many routers a datagram may pass: 1 to 255. */
    public static final SocketOption<Integer> TTL = new Named<>("IP_TTL", Integer.class);

    private static final int MOST = 1 << 20;

    /** Any free port, the {@linkplain Timeouts#DEFAULT usual} timeouts, 65,535 bytes, which is all that UDP can carry; no standard streams. */
    public static final DatagramOptions DEFAULT = new DatagramOptions(null, Timeouts.DEFAULT, 65_535, Map.of(), false);

    public DatagramOptions {
        if (largest < 0 || largest > MOST) {
            throw new IllegalArgumentException("the largest datagram has 0 to " + MOST + " bytes, not " + largest);
        }
        socketOptions = Map.copyOf(socketOptions);
    }

    /** The usual options at a local address. */
    public static DatagramOptions at(SocketAddress local) {
        return DEFAULT.withLocal(local);
    }

    public DatagramOptions withLocal(SocketAddress address) {
        return new DatagramOptions(address, timeouts, largest, socketOptions, standardStreams);
    }

    public DatagramOptions withTimeouts(Timeouts limits) {
        return new DatagramOptions(local, limits, largest, socketOptions, standardStreams);
    }

    public DatagramOptions withLargest(int bytes) {
        return new DatagramOptions(local, timeouts, bytes, socketOptions, standardStreams);
    }

    public <T> DatagramOptions withSocketOption(SocketOption<T> name, T value) {
        var more = new HashMap<>(socketOptions);
        more.put(name, value);
        return new DatagramOptions(local, timeouts, largest, more, standardStreams);
    }

    public DatagramOptions withStandardStreams(boolean allowed) {
        return new DatagramOptions(local, timeouts, largest, socketOptions, allowed);
    }

    private record Named<T>(String name, Class<T> type) implements SocketOption<T> {}
}

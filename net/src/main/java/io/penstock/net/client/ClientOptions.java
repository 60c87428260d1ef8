package io.penstock.net.client;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Client} works. Immutable.
 *
 * <p>{@snippet :
 * var options = ClientOptions.DEFAULT
 *         .withConnector(ConnectorOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofSeconds(2))))
 *         .withMarks(256 * 1024, 1024 * 1024)
 *         .withIdle(Duration.ofSeconds(30));
 * }
 *
 * @param connector how it is dialled, and how long a peer may take nothing of what is sent: the write timeout; the read timeout is of no
 *     meaning here, see {@code idle}
 * @param pool where connections come from, and are given back to when the client is closed; dials as its own connector does. Null for none
 * @param datagrams has the client send and receive datagrams, UDP or UNIX, instead of a stream; null for a stream
 * @param framing what is a packet
 * @param lowMark {@code bufferEmpty} is told when no more bytes than that wait to be sent; less than {@code highMark}
 * @param highMark {@code bufferFull} is told when at least so many bytes wait to be sent
 * @param limit the most bytes that wait to be sent: what would be more is refused; at least {@code highMark}, and 66 KiB. A datagram
 *     counts as 256 bytes more than it has. Up to 64 KiB that the connection has taken over do not count
 * @param idle how long nothing may come until that is told; {@link Duration#ZERO} for never
 */
public record ClientOptions(
        ConnectorOptions connector,
        @Nullable Pool pool,
        @Nullable DatagramOptions datagrams,
        Framing framing,
        long lowMark,
        long highMark,
        long limit,
        Duration idle) {
    /** Dials as {@link ConnectorOptions#DEFAULT}, no pool, no framing; 256 KiB, 1 MiB and 8 MiB; no idle event. */
    public static final ClientOptions DEFAULT = new ClientOptions(
            ConnectorOptions.DEFAULT, null, null, Framing.none(), 256 << 10, 1 << 20, 8 << 20, Duration.ZERO);

    /** A datagram, or a file, counts as no more. */
    private static final int LEAST = 66 * 1024;

    public ClientOptions {
        if (limit < LEAST)
            throw new IllegalArgumentException("the limit is at least " + LEAST + " bytes, not " + limit);
        if (lowMark < 0 || highMark <= lowMark || limit < highMark) {
            throw new IllegalArgumentException("the marks must be 0 <= low < high <= limit: low " + lowMark + ", high "
                    + highMark + ", limit " + limit);
        }
        if (datagrams != null && pool != null) throw new IllegalArgumentException("datagrams come from no pool");
        if (idle.isNegative()) throw new IllegalArgumentException("the idle time must be 0 (none) or more: " + idle);
    }

    public ClientOptions withConnector(ConnectorOptions options) {
        return new ClientOptions(options, pool, datagrams, framing, lowMark, highMark, limit, idle);
    }

    public ClientOptions withPool(Pool shared) {
        return new ClientOptions(connector, shared, datagrams, framing, lowMark, highMark, limit, idle);
    }

    public ClientOptions withDatagrams(DatagramOptions how) {
        return new ClientOptions(connector, pool, how, framing, lowMark, highMark, limit, idle);
    }

    public ClientOptions withFraming(Framing packets) {
        return new ClientOptions(connector, pool, datagrams, packets, lowMark, highMark, limit, idle);
    }

    public ClientOptions withMarks(long low, long high) {
        return new ClientOptions(connector, pool, datagrams, framing, low, high, limit, idle);
    }

    public ClientOptions withLimit(long most) {
        return new ClientOptions(connector, pool, datagrams, framing, lowMark, highMark, most, idle);
    }

    public ClientOptions withIdle(Duration silence) {
        return new ClientOptions(connector, pool, datagrams, framing, lowMark, highMark, limit, silence);
    }

    /**
     * Opens a connection by the same options, for who would rather wait than be told: the blocking client. Parks.
     *
     * <p>{@snippet :
     * Connection connection = options.connect(loops, Endpoint.of("mail.example", 25));
     * Framed lines = connection.framed(options.framing());
     * }
     */
    public Connection connect(Loops loops, Endpoint endpoint) throws ConnectionException {
        return pool == null ? Connector.of(loops, connector).connect(endpoint) : pool.connect(endpoint);
    }
}

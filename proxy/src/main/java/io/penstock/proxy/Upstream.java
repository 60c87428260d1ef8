package io.penstock.proxy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.KeepAlive;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A group of origins that serve the same, asked in turn, and the pool of connections to them.
 *
 * <p>An origin that could not be connected to is passed over for a second, unless all of them are in that state. Shared by all loops;
 * owned by whoever opened it.
 */
public final class Upstream implements AutoCloseable {
    /** How long an origin is passed over after it could not be connected to. */
    private static final long REST_NANOS = Duration.ofSeconds(1).toNanos();

    private final String name;
    private final List<Server> servers;
    private final Pool pool;
    private final KeepAlive keepAlive;
    private final @Nullable TlsClient tls;
    private final Destination destination = new Pooled();
    private final AtomicInteger turn = new AtomicInteger();

    /** One origin. */
    static final class Server {
        final SocketAddress address;
        private final Endpoint endpoint;
        private final AtomicLong restsUntil = new AtomicLong(System.nanoTime());

        Server(SocketAddress address, @Nullable TlsClient tls) {
            this.address = address;
            this.endpoint = endpoint(address, tls);
        }

        void failed() {
            restsUntil.set(System.nanoTime() + REST_NANOS);
        }

        boolean rests() {
            return restsUntil.get() - System.nanoTime() > 0;
        }
    }

    private Upstream(String name, List<Server> servers, Pool pool, KeepAlive keepAlive, @Nullable TlsClient tls) {
        this.name = name;
        this.servers = servers;
        this.pool = pool;
        this.keepAlive = keepAlive;
        this.tls = tls;
    }

    /** A group with the default timeouts and pool. */
    public static Upstream of(String name, Loops loops, List<? extends SocketAddress> servers) {
        return of(name, loops, servers, Timeouts.DEFAULT, PoolOptions.DEFAULT, KeepAlive.DEFAULT);
    }

    /** A group of origins that speak plain HTTP. */
    public static Upstream of(
            String name,
            Loops loops,
            List<? extends SocketAddress> servers,
            Timeouts timeouts,
            PoolOptions pool,
            KeepAlive keepAlive) {
        return of(name, loops, servers, timeouts, pool, keepAlive, null);
    }

    /**
     * A group of origins.
     *
     * @param servers their addresses, at least one; an unresolved one is resolved for each connection
     * @param tls how the connections to all of them are secured, each for the name of its host; null for plain HTTP
     */
    public static Upstream of(
            String name,
            Loops loops,
            List<? extends SocketAddress> servers,
            Timeouts timeouts,
            PoolOptions pool,
            KeepAlive keepAlive,
            @Nullable TlsClient tls) {
        if (servers.isEmpty()) throw new IllegalArgumentException("upstream " + name + " has no server");
        return new Upstream(
                name,
                servers.stream().map(address -> new Server(address, tls)).toList(),
                Pool.of(Connector.of(loops, timeouts), pool),
                keepAlive,
                tls);
    }

    private static Endpoint endpoint(SocketAddress address, @Nullable TlsClient tls) {
        Endpoint plain = Endpoint.of(address);
        return tls == null ? plain : plain.withTls(tls);
    }

    public String name() {
        return name;
    }

    /** The number of origins. */
    public int size() {
        return servers.size();
    }

    public Pool.PoolStats stats() {
        return pool.stats();
    }

    /** Closes the idle connections. */
    @Override
    public void close() {
        pool.close();
    }

    /** The next origin in turn, one that does not rest if there is any. */
    Server next() {
        int first = turn.getAndIncrement();
        for (int i = 0; i < servers.size(); i++) {
            Server server = servers.get(Math.floorMod(first + i, servers.size()));
            if (!server.rests()) return server;
        }
        return servers.get(Math.floorMod(first, servers.size()));
    }

    /** Where a connection to an origin leads; one that a plugin has chosen is secured as those of the group are. */
    Endpoint endpoint(SocketAddress origin) {
        for (Server server : servers) {
            if (server.address == origin) return server.endpoint;
        }
        return endpoint(origin, tls);
    }

    Destination destination() {
        return destination;
    }

    private final class Pooled implements Destination {
        @Override
        public Connection connect(SocketAddress origin, boolean fresh) throws ConnectionException {
            return fresh ? pool.connectFresh(endpoint(origin)) : pool.connect(endpoint(origin));
        }

        @Override
        public void done(Connection connection, boolean reusable) {
            if (reusable) {
                connection.release(keepAlive);
            } else {
                connection.abort();
            }
        }
    }
}

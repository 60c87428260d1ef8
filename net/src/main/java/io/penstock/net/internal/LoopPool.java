package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Loop;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Action;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A pool for each endpoint, found fast. */
public final class LoopPool implements Pool {
    /** So many endpoints are remembered for nothing. */
    private static final int FEW = 1000;

    private final Connector connector;
    private final NettyLoops loops;
    private volatile PoolOptions options;

    /** It has locks, so a loop itself may only look things up in it (see {@link SpinLock}). */
    private final Map<Endpoint, EndpointPool> pools = new ConcurrentHashMap<>();

    private final RecentPools recent;
    private final List<Sweeper> sweepers;
    private final Tally total = new Tally(null);
    private final OpenConnections open = new OpenConnections();
    private volatile int tidyAt = FEW;
    private volatile boolean closed;

    public LoopPool(Connector connector, PoolOptions options) {
        this.connector = connector;
        this.loops = (NettyLoops) connector.loops();
        this.options = options;
        this.recent = new RecentPools(loops.loops().size());
        this.sweepers = loops.loops().stream()
                .map(loop -> new Sweeper(loop, () -> sweep(loop.index())))
                .toList();
    }

    // ---- taking

    @Override
    public Connection connect(SocketAddress address) throws ConnectionException {
        return connect(address, false);
    }

    @Override
    public Connection connect(Endpoint endpoint) throws ConnectionException {
        return connect(endpoint, false);
    }

    @Override
    public Connection connectFresh(SocketAddress address) throws ConnectionException {
        return connect(address, true);
    }

    @Override
    public Connection connectFresh(Endpoint endpoint) throws ConnectionException {
        return connect(endpoint, true);
    }

    private Connection connect(Object to, boolean fresh) throws ConnectionException {
        NettyLoop here = NettyLoop.ofCurrentThread();
        if (here != null && here.owner() != loops) here = null;
        while (true) {
            if (closed) throw new IllegalStateException("the pool is closed");
            EndpointPool pool = recent.find(here, to);
            if (pool == null) {
                pool = poolOf(to instanceof Endpoint endpoint ? endpoint : Endpoint.of((SocketAddress) to));
                recent.remember(here, to, pool);
            }
            StreamConnection connection = fresh ? pool.connectFresh() : pool.connect(here);
            if (connection != null) return connection;
            recent.forget(here, to);
        }
    }

    private EndpointPool poolOf(Endpoint endpoint) {
        EndpointPool known = pools.get(endpoint);
        if (known != null) return known;
        if (pools.size() > tidyAt) tidy();
        return pools.computeIfAbsent(endpoint, it -> new EndpointPool(this, it, total));
    }

    /** Forgets endpoints without connections. */
    private void tidy() {
        for (Endpoint each : pools.keySet()) {
            pools.computeIfPresent(each, (_, pool) -> pool.retire() ? null : pool);
        }
        tidyAt = Math.max(FEW, 2 * pools.size());
    }

    // ---- for the pools of the endpoints

    NettyLoops loops() {
        return loops;
    }

    boolean isClosed() {
        return closed;
    }

    Timeouts timeouts() {
        return connector.timeouts();
    }

    /** The end of what begins now, of waiting and dialling together. */
    Limit dialLimit() {
        return Limit.in(connector.timeouts().connect());
    }

    /** @param opened takes all that are opened on the way, even if they come to nothing */
    StreamConnection dial(Endpoint endpoint, Limit limit, Consumer<StreamConnection> opened)
            throws ConnectionException {
        return (StreamConnection)
                (connector instanceof NettyConnector dialler
                        ? dialler.connect(endpoint, limit, opened)
                        : connector.connect(endpoint));
    }

    /** Waits for its end when the pool is drained, until the action is cancelled. */
    Action count(StreamConnection connection) {
        return open.add(connection);
    }

    /** The loop whose timer ends a wait of the calling thread. */
    NettyLoop timerLoop() {
        return loops.here();
    }

    void requireBlockable(Endpoint endpoint) {
        if (loops.isAnyLoopItself()) {
            throw new IllegalStateException("waiting for a connection to " + endpoint.address()
                    + " would block an event loop; spawn a thread for it");
        }
    }

    Sweeper sweeper(NettyLoop loop) {
        return sweepers.get(loop.index());
    }

    private long sweep(int loop) {
        long now = System.nanoTime();
        long next = Limit.NEVER;
        for (EndpointPool pool : pools.values()) next = Limit.earlier(next, pool.sweep(loop, now));
        return next;
    }

    // ---- the whole

    @Override
    public void warmUp(Endpoint endpoint, int count) throws ConnectionException {
        requireBlockable(endpoint);
        PoolOptions now = options;
        List<NettyLoop> all = loops.loops();
        if (count < 0 || count > now.limit() || count > (long) now.idle() * all.size()) {
            throw new IllegalArgumentException("the pool opens " + now.limit() + " connections and keeps " + now.idle()
                    + " on each of " + all.size() + " loops: it cannot be warmed up with " + count);
        }
        List<CompletableFuture<Void>> dials = new ArrayList<>();
        for (int i = 0; i < count; i++) dials.add(dialToKeep(endpoint, all.get(i % all.size())));
        for (CompletableFuture<Void> dial : dials) await(dial, endpoint);
    }

    private CompletableFuture<Void> dialToKeep(Endpoint endpoint, Loop loop) {
        var done = new CompletableFuture<Void>();
        loop.spawn("penstock-warm-up", () -> {
            try {
                StreamConnection made = null;
                while (made == null) made = poolOf(endpoint).dialOneMore();
                made.release();
                done.complete(null);
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private static void await(CompletableFuture<Void> dial, Endpoint endpoint) throws ConnectionException {
        try {
            dial.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, Phase.POOL, endpoint.address());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectionException failure) throw failure;
            throw ConnectionException.of(
                    Reason.FAILED, Phase.POOL, endpoint.address(), "a connection could not be dialled", e.getCause());
        }
    }

    @Override
    public PoolOptions options() {
        return options;
    }

    @Override
    public void options(PoolOptions changed) {
        options = changed;
        pools.values().forEach(EndpointPool::resized);
    }

    @Override
    public PoolStats stats() {
        return total.with(
                pools.values().stream().map(EndpointPool::gauges).reduce(Tally.Gauges.NONE, Tally.Gauges::plus));
    }

    @Override
    public PoolStats stats(Endpoint endpoint) {
        EndpointPool pool = pools.get(endpoint);
        return pool == null ? new Tally(null).with(Tally.Gauges.NONE) : pool.stats();
    }

    @Override
    public Set<Endpoint> endpoints() {
        return Set.copyOf(pools.keySet());
    }

    @Override
    public boolean drain(Duration grace) {
        close();
        return open.awaitNone(grace.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() {
        closed = true;
        pools.values().forEach(EndpointPool::close);
    }
}

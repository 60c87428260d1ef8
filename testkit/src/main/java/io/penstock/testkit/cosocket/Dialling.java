package io.penstock.testkit.cosocket;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Datagrams;
import io.penstock.net.Endpoint;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** Opens the connections of a scene: through a pool of its own where the script speaks of one, as the peer always does. */
final class Dialling implements AutoCloseable {
    private final Scene scene;
    private final Loops loops;
    private @Nullable Pool pool;

    Dialling(Scene scene, Loops loops) {
        this.scene = scene;
        this.loops = loops;
    }

    Connection connect(Step.Connect to, Timeouts limits) throws Exception {
        SocketAddress address = scene.places().address(to.target());
        Connector connector = Connector.of(loops, limits);
        if (!scene.script().pools()) return connector.connect(address);
        Pool from = pool;
        if (from == null) {
            from = Pool.of(connector, bounds(to));
            pool = from;
        }
        String tag = to.pool() == null ? "" : to.pool();
        return from.connect(Endpoint.of(address).withTag(tag));
    }

    Datagrams datagrams(Step.Connected to) throws Exception {
        return Datagrams.connect(loops, scene.places().address(to.target()));
    }

    /** Without a backlog the peer bounds only how many are kept. */
    private static PoolOptions bounds(Step.Connect to) {
        int size = to.size() == 0 ? 30 : to.size();
        PoolOptions kept = PoolOptions.DEFAULT.withIdle(size);
        return to.backlog() < 0 ? kept : kept.withLimit(size).withBacklog(to.backlog());
    }

    @Override
    public void close() {
        Pool from = pool;
        if (from != null) from.close();
    }
}

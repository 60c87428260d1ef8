package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.internal.HttpService;
import io.penstock.net.ConnectionException;
import io.penstock.net.KeepAlive;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import io.penstock.proxy.TransactionRecord.Log;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A proxy in front of one upstream, listening on a port of its own.
 *
 * <p>Closing it checks what must be true of every test: no session is left, every connection to an origin is back in the pool or gone,
 * and there were as many ends of transactions as begins.
 */
final class Rig implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(10);

    static {
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
    }

    private final Loops loops;
    private final Upstream upstream;
    private final Proxy proxy;
    private final HttpServer server;
    private final LinkedBlockingQueue<TransactionRecord> records = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<TransactionRecord> takeOvers = new LinkedBlockingQueue<>();
    private final List<Wire> clients = new ArrayList<>();

    /** What a rig is made of; the defaults are one loop that carries the threads, and no plugin. */
    static final class Setup {
        private final List<SocketAddress> origins;
        private final Map<String, Plugin> plugins = new LinkedHashMap<>();
        private @Nullable String host;
        private String path = "/";
        private Scheduler scheduler = Scheduler.LOOP;
        private int loops = 1;
        private ProxyOptions options = ProxyOptions.DEFAULT;
        private HttpServerOptions server = HttpServerOptions.DEFAULT;
        private Timeouts timeouts = Timeouts.DEFAULT;
        private PoolOptions pool = PoolOptions.DEFAULT;
        private String @Nullable [] upgrades;
        private @Nullable ConnectOptions connect;

        private Setup(List<SocketAddress> origins) {
            this.origins = origins;
        }

        Setup plugin(Plugin plugin) {
            return plugin("plugin", plugin);
        }

        Setup plugin(String name, Plugin plugin) {
            plugins.put(name, plugin);
            return this;
        }

        /** Sends only these to the origins, in the place of everything. */
        Setup only(@Nullable String forHost, String below) {
            host = forHost;
            path = below;
            return this;
        }

        Setup scheduler(Scheduler choice) {
            scheduler = choice;
            return this;
        }

        Setup loops(int count) {
            loops = count;
            return this;
        }

        Setup options(ProxyOptions choice) {
            options = choice;
            return this;
        }

        Setup server(HttpServerOptions choice) {
            server = choice;
            return this;
        }

        Setup timeouts(Timeouts choice) {
            timeouts = choice;
            return this;
        }

        Setup readTimeout(Duration limit) {
            return timeouts(timeouts.withRead(limit));
        }

        Setup pool(int limit, int backlog) {
            pool = PoolOptions.DEFAULT.withLimit(limit).withBacklog(backlog);
            return this;
        }

        Setup upgrades(String... protocols) {
            upgrades = protocols;
            return this;
        }

        Setup connect(ConnectOptions choice) {
            connect = choice;
            return this;
        }

        private Handler handler(Proxy proxy) {
            return connect == null ? proxy : proxy.withConnect(connect);
        }

        private Route route(Upstream upstream) {
            Route route = Route.to(host, path, upstream);
            return upgrades == null ? route : route.withUpgrades(upgrades);
        }

        Rig start() throws Exception {
            return new Rig(this);
        }
    }

    private Rig(Setup setup) throws Exception {
        loops = Loops.open(LoopOptions.DEFAULT
                .withCount(setup.loops)
                .withScheduler(setup.scheduler)
                .withStallThreshold(Duration.ZERO));
        upstream = Upstream.of("web", loops, setup.origins, setup.timeouts, setup.pool, KeepAlive.DEFAULT);
        proxy = Proxy.of(loops, setup.options, List.of(setup.route(upstream)), new Log() {
            @Override
            public void takenOver(TransactionRecord record) {
                takeOvers.add(record);
            }

            @Override
            public void closed(TransactionRecord record) {
                records.add(record);
            }
        });
        try {
            for (var each : setup.plugins.entrySet()) proxy.start(each.getKey(), each.getValue());
        } catch (Exception e) {
            loops.close();
            throw e;
        }
        server = HttpServer.listen(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), setup.server, setup.handler(proxy));
    }

    static Setup before(Origin origin) {
        return before(origin.address());
    }

    static Setup before(SocketAddress... origins) {
        return new Setup(List.of(origins));
    }

    /** A proxy without an origin to ask. */
    static Setup alone() throws IOException {
        return before(Origin.dead());
    }

    SocketAddress address() {
        return server.address();
    }

    Wire client() throws IOException {
        return keep(Wire.to(address()));
    }

    Wire slowClient(int receiveBuffer) throws IOException {
        return keep(Wire.to(address(), receiveBuffer));
    }

    private Wire keep(Wire client) {
        clients.add(client);
        return client;
    }

    Message get(String target, String... fields) throws IOException {
        return client().get(target, fields);
    }

    /** The next record of a transaction that has ended. */
    TransactionRecord record() throws InterruptedException {
        TransactionRecord record = records.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(record).as("the record of a transaction").isNotNull();
        return record;
    }

    /** The next record of a connection that was taken over. */
    TransactionRecord takeOver() throws InterruptedException {
        TransactionRecord record = takeOvers.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
        assertThat(record).as("the record of a take-over").isNotNull();
        return record;
    }

    /** The records that have come so far and were not taken. */
    int recordsLeft() {
        return records.size();
    }

    /** Another listener of the same proxy, for clients that are told of by a PROXY header. */
    Listener listenBehindProxy() throws ConnectionException {
        return Listener.open(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                ListenerOptions.DEFAULT.withProxyHeader(true),
                new HttpService(HttpServerOptions.DEFAULT, proxy)::serve);
    }

    Upstream upstream() {
        return upstream;
    }

    Proxy proxy() {
        return proxy;
    }

    Loop loop() {
        return loops.all().getFirst();
    }

    HttpServer server() {
        return server;
    }

    /** Stops everything at once: what is under way is interrupted. */
    void closeLoops() {
        loops.close(Duration.ZERO);
    }

    @Override
    public void close() throws Exception {
        try {
            for (Wire client : clients) client.close();
            await("the sessions' ends").atMost(LIMIT).until(() -> proxy.sessions() == 0);
            await("every connection to be back or gone: " + upstream.stats())
                    .atMost(LIMIT)
                    .until(() -> upstream.stats().open() == upstream.stats().idle());
        } finally {
            server.close();
            upstream.close();
            proxy.close();
            loops.close();
        }
    }
}

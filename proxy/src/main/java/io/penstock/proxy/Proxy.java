package io.penstock.proxy;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.TakeOverEnd;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.event.Continuation;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.proxy.TransactionRecord.Log;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A proxy: routes, hooks and plugins, as the {@link Handler} of any number of HTTP servers.
 *
 * <p>{@snippet :
 * var proxy = Proxy.of(loops, List.of(Route.to(null, "/", Upstream.of("web", loops, List.of(origin)))));
 * proxy.start("greeter", new Greeter());
 * HttpServer.listen(loops, new InetSocketAddress(8080), proxy);
 * }
 *
 * <p>Owned by whoever made it; all methods from any thread.
 */
public final class Proxy implements Handler, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Proxy.class);

    private final Loops loops;
    private final ProxyOptions options;
    private final Routes routes;

    /** Of the plugins that answer CONNECT. */
    private final Routes connects = new Routes(List.of());

    private final ForwardedHeads heads;
    private final Log log;
    private final Hooks hooks = new Hooks();
    private final FailureLog failures;
    private final Map<Connection, Session> sessions = new ConcurrentHashMap<>();
    private final List<Started> plugins = new ArrayList<>();
    private final Connector connector;
    private final Pool pool;

    private record Started(String name, Plugin plugin) {}

    private Proxy(Loops loops, ProxyOptions options, List<Route> routes, Log log) {
        this.loops = loops;
        this.options = options;
        this.routes = new Routes(routes);
        this.heads = new ForwardedHeads(options);
        this.log = log;
        this.connector = Connector.of(loops);
        this.pool = Pool.of(connector);
        this.failures = new FailureLog(
                LOG, System::nanoTime, task -> loops.all().getFirst().schedule(FailureLog.INTERVAL, task::run));
    }

    /** A proxy with the default options that keeps no log. */
    public static Proxy of(Loops loops, List<Route> routes) {
        return of(loops, ProxyOptions.DEFAULT, routes, Log.NONE);
    }

    public static Proxy of(Loops loops, ProxyOptions options, List<Route> routes, Log log) {
        return new Proxy(loops, options, routes, log);
    }

    /** Starts a plugin; to be done before the first client comes. */
    public void start(String name, Plugin plugin) throws Exception {
        plugin.start(new Context(name));
        synchronized (plugins) {
            plugins.add(new Started(name, plugin));
        }
    }

    // ---- the handler

    @Override
    public void handle(Exchange exchange) throws ConnectionException, InterruptedException {
        Session session = sessions.get(exchange.connection());
        if (session == null) throw new IllegalStateException("this proxy was not told of " + exchange.connection());
        new Transaction(this, session, exchange).run();
    }

    @Override
    public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
        Session session = sessions.get(exchange.connection());
        if (session != null) session.takeOverEnded(end);
    }

    @Override
    public void opened(Connection connection) {
        opened(connection, null);
    }

    private void opened(Connection connection, @Nullable ForwardProxy connects) {
        var session = new Session(this, connection, connects);
        sessions.put(connection, session);
        try {
            session.at(Hook.SESSION_START);
        } catch (PluginFailure e) {
            session.log(e);
            connection.abort();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A request that never became a transaction is in the log all the same. */
    @Override
    public void refused(Connection connection, int status, String reason) {
        LOG.debug("session {}: answered {}: {}", connection.id(), status, reason);
        log.closed(new TransactionRecord(
                0,
                connection.id(),
                Instant.now(),
                connection.remoteAddress(),
                connection.localAddress(),
                null,
                status,
                0,
                0,
                -1,
                -1,
                -1,
                0,
                null,
                null,
                false,
                0,
                EndedBy.CLIENT,
                Phase.READ_REQUEST_HEAD,
                null));
    }

    @Override
    public void closed(Connection connection) {
        Session session = sessions.remove(connection);
        if (session == null) return;
        session.atAll(Hook.SESSION_CLOSE);
    }

    /**
     * This proxy for the server of clients who may CONNECT to what the options allow; for all others it refuses.
     *
     * @return to be given to a server in the place of this; it need not be closed
     */
    public Handler withConnect(ConnectOptions options) {
        var connects = new ForwardProxy(options, loops);
        return new Handler() {
            @Override
            public void opened(Connection connection) {
                Proxy.this.opened(connection, connects);
            }

            @Override
            public void handle(Exchange exchange) throws ConnectionException, InterruptedException {
                Proxy.this.handle(exchange);
            }

            @Override
            public void refused(Connection connection, int status, String reason) {
                Proxy.this.refused(connection, status, reason);
            }

            @Override
            public void takeOverEnded(Exchange exchange, TakeOverEnd end) {
                Proxy.this.takeOverEnded(exchange, end);
            }

            @Override
            public void closed(Connection connection) {
                Proxy.this.closed(connection);
            }
        };
    }

    /** Stops the plugins, the last one first, and closes what they shared. Upstreams stay their owner's. */
    @Override
    public void close() {
        List<Started> started;
        synchronized (plugins) {
            started = List.copyOf(plugins).reversed();
            plugins.clear();
        }
        for (Started each : started) {
            try {
                each.plugin().stop();
            } catch (Exception e) {
                LOG.error("plugin {} failed to stop", each.name(), e);
            }
        }
        pool.close();
        failures.tellRest();
    }

    /** The pool that plugins share, {@link PluginContext#pool()}. */
    public Pool.PoolStats pluginPool() {
        return pool.stats();
    }

    /** The number of client connections. */
    public int sessions() {
        return sessions.size();
    }

    // ---- for the house

    void takenOver(Transaction transaction) {
        if (log != Log.NONE) log.takenOver(transaction.record());
    }

    void closed(Transaction transaction) {
        if (log != Log.NONE) log.closed(transaction.record());
    }

    Hooks hooks() {
        return hooks;
    }

    FailureLog failures() {
        return failures;
    }

    Routes routes() {
        return routes;
    }

    Routes connects() {
        return connects;
    }

    ForwardedHeads heads() {
        return heads;
    }

    ProxyOptions options() {
        return options;
    }

    private final class Context implements PluginContext {
        private final String name;

        Context(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public <T> Registration on(Hook<T> hook, HookHandler<T> handler) {
            return hooks.add(hook, name, new Hooks.Call.Blocking<>(handler));
        }

        @Override
        public <T> Registration on(Hook<T> hook, Continuation continuation) {
            return hooks.add(hook, name, new Hooks.Call.Told<>(continuation));
        }

        @Override
        public Registration route(String path, Handler handler) {
            return add(routes, new Route(null, path, new Route.ToHandler(handler, name)));
        }

        @Override
        public Registration route(String host, String path, Handler handler) {
            return add(routes, new Route(host, path, new Route.ToHandler(handler, name)));
        }

        @Override
        public Registration connect(String host, Handler handler) {
            return add(connects, new Route(host, "/", new Route.ToHandler(handler, name)));
        }

        private Registration add(Routes among, Route route) {
            String rival = among.rival(route, name);
            if (rival != null) {
                throw new IllegalStateException("the route " + (route.host() == null ? "" : route.host()) + route.path()
                        + " is plugin " + rival + "'s already; one of the two must have another path or host");
            }
            return among.add(route);
        }

        @Override
        public Loops loops() {
            return loops;
        }

        @Override
        public Connector connector() {
            return connector;
        }

        @Override
        public Pool pool() {
            return pool;
        }
    }
}

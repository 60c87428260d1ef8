package io.penstock.server;

import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.ConnectionException;
import io.penstock.net.KeepAlive;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Systemd;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsTrust;
import io.penstock.net.internal.TlsContexts;
import io.penstock.proxy.ConnectOptions;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.Proxy;
import io.penstock.proxy.ProxyOptions;
import io.penstock.proxy.Route;
import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.Upstream;
import io.penstock.server.admin.AdminHandler;
import io.penstock.server.admin.ProcessMetrics;
import io.penstock.server.admin.ProxyMetrics;
import io.penstock.server.config.Address;
import io.penstock.server.config.Config;
import io.penstock.server.config.InheritedSocket;
import io.penstock.server.config.Place;
import io.penstock.server.config.TlsFiles;
import io.penstock.server.log.AccessLog;
import io.penstock.server.plugin.PluginClass;
import io.penstock.server.plugin.PluginException;
import io.penstock.server.plugin.PluginSources;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The program: event loops, a proxy with its routes and plugins, listeners, and an administration listener.
 *
 * <p>{@link #start} brings it up in the order in which it is read here; {@link #stop} takes it down without losing a request that
 * was accepted. Owned by the command line; its methods are called from one platform thread, never from a loop.
 */
final class Penstock {
    private static final Logger LOG = LoggerFactory.getLogger(Penstock.class);

    /**
     * A plugin and its name.
     *
     * @param file where it was compiled from; empty for one that is part of the program
     */
    record Named(String name, Plugin plugin, Optional<Path> file) {
        Named(String name, Plugin plugin) {
            this(name, plugin, Optional.empty());
        }
    }

    /** A listener of the configuration at one of its sockets: a socket unit of systemd may have several. */
    private record Listening(Config.Listener listener, HttpServer server) {}

    private final Config config;
    private final Loops loops;
    private final Map<String, Upstream> upstreams = new LinkedHashMap<>();
    private final List<Listening> listeners = new ArrayList<>();
    private Optional<AccessLog> accessLog = Optional.empty();
    private @Nullable Proxy proxy;
    private @Nullable HttpServer admin;
    private volatile boolean ready;

    /** What ends from now on has not come to its end. */
    private volatile boolean cutOff;

    private Penstock(Config config) {
        this.config = config;
        this.loops = Loops.open(LoopOptions.DEFAULT
                .withCount(config.loops().orElse(LoopOptions.DEFAULT.count()))
                .withTransport(config.transport())
                .withStallThreshold(config.watchdog().threshold()));
    }

    /** The plugins that a configuration names, compiled and instantiated. */
    static List<Named> plugins(Config config) throws PluginException {
        List<Named> plugins = new ArrayList<>();
        if (config.plugins().isPresent()) {
            for (PluginClass<Plugin> compiled :
                    PluginSources.of(Plugin.class).compile(config.plugins().get())) {
                plugins.add(new Named(compiled.name(), compiled.instantiate(), Optional.of(compiled.file())));
            }
        }
        return plugins;
    }

    /**
     * Starts everything; when it returns, requests are answered. When it fails, nothing is left running.
     *
     * @param plugins in the order in which they are called at each hook
     */
    static Penstock start(Config config, List<Named> plugins) throws StartException {
        Penstock penstock;
        try {
            penstock = new Penstock(config);
        } catch (IllegalStateException e) { // a transport or scheduler that was asked for and is not to be had here
            throw new StartException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
        }
        boolean started = false;
        try {
            penstock.openAccessLog();
            penstock.openUpstreams();
            PrometheusRegistry registry = new PrometheusRegistry();
            Proxy proxy = penstock.openProxy(registry, plugins);
            penstock.listen(proxy);
            penstock.listenForAdministration(registry, proxy);
            penstock.ready = true;
            started = true;
            LOG.info(
                    "Ready on {}: {} {} loops, {} scheduler",
                    penstock.addresses().stream().map(Penstock::written).collect(Collectors.joining(", ")),
                    config.loops().orElse(LoopOptions.DEFAULT.count()),
                    penstock.loops.transport(),
                    penstock.loops.scheduler());
            return penstock;
        } finally {
            if (!started) {
                penstock.stop(Duration.ZERO);
            }
        }
    }

    /** Where it listens, with real ports. */
    List<SocketAddress> addresses() {
        return servers().map(HttpServer::address).toList();
    }

    private Stream<HttpServer> servers() {
        return listeners.stream().map(Listening::server);
    }

    /** As in a configuration; a name that is no file is for sockets that were inherited only. */
    private static String written(SocketAddress address) {
        return address instanceof AbstractUnixAddress
                ? "unix:" + address
                : Address.of(address).toString();
    }

    /** Where the administration listener listens, if there is one. */
    Optional<SocketAddress> adminAddress() {
        return Optional.ofNullable(admin).map(HttpServer::address);
    }

    Loops loops() {
        return loops;
    }

    /**
     * Reads the certificates of the listeners again, for connections that are accepted from now on. A listener whose files cannot be used
     * stays as it is. One at a time: of two, the later one reads the newer files.
     */
    synchronized void renewCertificates() {
        int renewed = 0;
        for (Listening each : listeners) {
            try {
                if (each.listener().tls().isPresent()) {
                    each.server().tls(TlsFiles.of(each.listener().tls().get()));
                    renewed++;
                }
            } catch (IOException | RuntimeException e) {
                LOG.error(
                        "The listener at {} keeps its certificates: {}",
                        each.listener().address(),
                        e.toString());
            }
        }
        LOG.info(
                "HUP: certificates of {} listeners were read again. Anything else in the configuration is read at the start only:"
                        + " restart Penstock for it",
                renewed);
    }

    void reopenLogs() {
        accessLog.ifPresent(AccessLog::reopen);
    }

    /**
     * Stops accepting, answers what is in flight, and ends; what is not done after the grace period is cut off. The
     * administration listener goes last, so that {@code /readyz} can tell.
     *
     * @return whether everything ended by itself
     */
    boolean stop(Duration grace) {
        ready = false;
        boolean drained = drain(grace);
        if (admin != null) {
            admin.close();
        }
        if (proxy != null) {
            proxy.close();
        }
        upstreams.values().forEach(Upstream::close);
        // cut off while this was draining, nobody is to wait here
        loops.close(cutOff ? Duration.ZERO : Duration.ofSeconds(1));
        accessLog.ifPresent(AccessLog::close);
        return drained;
    }

    /** Aborts what is in flight, so that it is in the access log; for somebody who ends the process next, whatever {@link #stop} waits for. */
    void cutOff() {
        cutOff = true;
        servers().forEach(server -> server.drain(Duration.ZERO));
        loops.close(Duration.ZERO); // what waits for an origin ends with it
        accessLog.ifPresent(AccessLog::close);
    }

    private boolean drain(Duration grace) {
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            boolean drained = true;
            for (Future<Boolean> server : each.invokeAll(servers()
                    .map(server -> (Callable<Boolean>) () -> server.drain(grace))
                    .toList())) {
                drained &= server.get();
            }
            return drained && !cutOff;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            LOG.error("A listener could not be drained", e.getCause());
            return false;
        }
    }

    private void openAccessLog() throws StartException {
        try {
            accessLog = AccessLog.open(config.accessLog());
        } catch (IOException e) {
            ExitCode code = e instanceof AccessDeniedException ? ExitCode.CANNOT_BIND : ExitCode.FAILED;
            throw new StartException(code, "the access log cannot be opened: " + e, e);
        }
    }

    private void openUpstreams() throws StartException {
        for (Map.Entry<String, Config.Upstream> each : config.upstreams().entrySet()) {
            try {
                upstreams.put(each.getKey(), open(each.getKey(), each.getValue()));
            } catch (IOException | IllegalArgumentException e) {
                throw new StartException(ExitCode.FAILED, "upstream " + each.getKey() + ": " + e.getMessage(), e);
            }
        }
    }

    private Upstream open(String name, Config.Upstream upstream) throws IOException {
        Config.Timeouts timeouts = upstream.timeouts();
        TlsClient tls = upstream.security().isPresent()
                ? TlsFiles.of(upstream.security().get())
                : null;
        if (tls != null) {
            TlsContexts.prepare(tls); // to fail here, and not at each request
            if (tls.trust() == TlsTrust.NOBODY_CHECKS) {
                LOG.warn(
                        "Upstream {}: with 'verify: false' any certificate is believed, so whoever is on the way can read and"
                                + " change everything; this is for tests",
                        name);
            }
        }
        return Upstream.of(
                name,
                loops,
                upstream.servers().stream()
                        .map(server -> server.address().toSocketAddress())
                        .toList(),
                Timeouts.of(timeouts.connect(), timeouts.read(), timeouts.write()),
                PoolOptions.DEFAULT
                        .withIdle(upstream.keepAlive().idle())
                        .withLimit(upstream.connections().limit())
                        .withBacklog(upstream.connections().queue()),
                KeepAlive.DEFAULT.withIdle(upstream.keepAlive().idleTimeout()),
                tls);
    }

    private Proxy openProxy(PrometheusRegistry registry, List<Named> plugins) throws StartException {
        List<Route> routes = config.routes().stream().map(this::route).toList();
        Proxy opened = Proxy.of(
                loops,
                ProxyOptions.DEFAULT
                        .withName(config.forwarded().name())
                        .withTrustForwarded(config.forwarded().trust())
                        .withTunnels(ProxyOptions.DEFAULT
                                .tunnels()
                                .withIdle(config.tunnels().idleTimeout())
                                .withLinger(config.tunnels().linger())
                                .withLifetime(config.tunnels().lifetime())),
                routes,
                log(registry));
        proxy = opened;
        for (Named plugin : plugins) {
            try {
                opened.start(plugin.name(), plugin.plugin());
                LOG.info("Plugin {} started", plugin.name());
            } catch (Exception | LinkageError | AssertionError | StackOverflowError e) {
                throw new StartException(
                        ExitCode.FAILED,
                        "plugin " + plugin.name() + " failed to start" + place(plugin, e) + ": " + e,
                        e);
            }
        }
        return opened;
    }

    private Route route(Config.Route route) {
        Upstream upstream = Objects.requireNonNull(upstreams.get(route.upstream()));
        Route to = Route.to(route.host().orElse(null), route.path(), upstream);
        return route.upgrades()
                .map(each -> to.withUpgrades(each.toArray(String[]::new)))
                .orElse(to);
    }

    /** Where in its own file it failed, or what it called from there; the file alone when the line cannot be told. */
    private static String place(Named plugin, Throwable failure) {
        ClassLoader own = plugin.plugin().getClass().getClassLoader();
        String file = plugin.file().map(Path::toString).orElse("");
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            for (StackTraceElement each : cause.getStackTrace()) {
                if (each.getLineNumber() > 0 && Objects.equals(each.getClassLoaderName(), own.getName())) {
                    return " at " + (file.isEmpty() ? each.getFileName() : file) + ":" + each.getLineNumber();
                }
            }
        }
        return file.isEmpty() ? "" : " (" + file + ")";
    }

    /** Metrics are only counted when there is someone to ask for them. */
    private TransactionRecord.Log log(PrometheusRegistry registry) {
        List<TransactionRecord.Log> logs = new ArrayList<>();
        accessLog.ifPresent(logs::add);
        if (config.admin().address().isPresent()) {
            List<String> protocols = config.routes().stream()
                    .flatMap(route -> route.upgrades().stream())
                    .flatMap(List::stream)
                    .toList();
            logs.add(new ProxyMetrics(registry, upstreams.keySet(), protocols));
        }
        return switch (logs.size()) {
            case 0 -> TransactionRecord.Log.NONE;
            case 1 -> logs.getFirst();
            default -> new Logs(logs);
        };
    }

    /** Several in the place of one. */
    private record Logs(List<TransactionRecord.Log> all) implements TransactionRecord.Log {
        @Override
        public void takenOver(TransactionRecord record) {
            all.forEach(log -> log.takenOver(record));
        }

        @Override
        public void closed(TransactionRecord record) {
            all.forEach(log -> log.closed(record));
        }
    }

    private void listen(Proxy proxy) throws StartException {
        Config.Limits limits = config.limits();
        Config.Client client = config.client();
        HttpServerOptions options = HttpServerOptions.DEFAULT
                .withHead(
                        Math.toIntExact(limits.requestLine().bytes()),
                        Math.toIntExact(limits.header().bytes()),
                        limits.headers())
                .withBody(limits.body().bytes(), HttpServerOptions.DEFAULT.unreadBodyLimit())
                .withTimeouts(client.headTimeout(), client.idleTimeout(), client.bodyTimeout(), client.bodyTimeout());
        for (Config.Listener listener : config.listeners()) {
            HttpServerOptions own = secured(options, listener);
            Handler handler = listener.connect()
                    .map(connect -> new ConnectOptions(connect.allow(), connect.internal(), connect.timeout()))
                    .map(proxy::withConnect)
                    .orElse(proxy);
            switch (listener.address()) {
                case Address address -> listeners.add(new Listening(listener, bind(address, own, handler)));
                case InheritedSocket socket -> {
                    for (int descriptor : socket.among(Systemd.sockets())) {
                        listeners.add(new Listening(listener, adopt(socket, descriptor, own, handler)));
                    }
                }
            }
        }
    }

    private static HttpServerOptions secured(HttpServerOptions options, Config.Listener listener)
            throws StartException {
        if (listener.tls().isEmpty()) {
            return options;
        }
        try {
            return options.withTls(TlsFiles.of(listener.tls().get()));
        } catch (IOException | IllegalArgumentException e) { // it was there when the configuration was checked
            throw cannotListen(listener.address(), String.valueOf(e.getMessage()), e);
        }
    }

    private static StartException cannotListen(Place place, String why, Exception cause) {
        return new StartException(ExitCode.CANNOT_BIND, "cannot listen on " + place + ": " + why, cause);
    }

    private void listenForAdministration(PrometheusRegistry registry, Proxy handler) throws StartException {
        if (config.admin().address().isEmpty()) {
            return;
        }
        Map<String, Supplier<Pool.PoolStats>> pools = new LinkedHashMap<>();
        upstreams.forEach((name, upstream) -> pools.put(name, upstream::stats));
        pools.put(ProcessMetrics.PLUGINS, handler::pluginPool);
        Map<String, String> build = new LinkedHashMap<>();
        build.put("version", BuildInfo.version());
        build.put("java", Runtime.version().toString());
        build.put("transport", loops.transport());
        build.put("scheduler", loops.scheduler());
        ProcessMetrics metrics = new ProcessMetrics(registry)
                .build(build)
                .loops(loops)
                .pools(pools)
                .gauge(
                        "penstock_client_connections",
                        "Open connections of clients.",
                        () -> servers().mapToInt(HttpServer::connections).sum())
                .gauge(
                        "penstock_client_connections_busy",
                        "Those in a transaction.",
                        () -> servers().mapToInt(HttpServer::busy).sum())
                .gauge(
                        "penstock_client_connections_taken_over",
                        "Those that are taken over, by a tunnel or a plugin.",
                        () -> servers().mapToInt(HttpServer::takenOver).sum())
                .counter(
                        "penstock_tls_handshake_failures_total",
                        "Clients that could not be secured: the log names them.",
                        () -> servers().mapToLong(HttpServer::tlsFailures).sum())
                .gauge("penstock_ready", "1 when requests are taken, 0 while draining.", () -> ready ? 1 : 0);
        accessLog.ifPresent(
                log -> metrics.counter("penstock_access_log_lines_total", "Lines of the access log.", log::written)
                        .counter("penstock_access_log_dropped_total", "Lines that were lost.", log::dropped));
        admin = bind(
                config.admin().address().get(), HttpServerOptions.DEFAULT, new AdminHandler(registry, () -> ready));
        LOG.info("Administration on {}", Address.of(admin.address()));
    }

    private HttpServer adopt(InheritedSocket socket, int descriptor, HttpServerOptions options, Handler handler)
            throws StartException {
        try {
            return HttpServer.adopt(loops, descriptor, options, handler);
        } catch (ConnectionException | IllegalArgumentException | UnsupportedOperationException e) {
            throw cannotListen(socket, String.valueOf(e.getMessage()), e);
        }
    }

    private HttpServer bind(Address address, HttpServerOptions options, Handler handler) throws StartException {
        SocketAddress at = address.toSocketAddress();
        if (at instanceof InetSocketAddress named && named.isUnresolved()) {
            at = new InetSocketAddress(named.getHostString(), named.getPort());
            if (((InetSocketAddress) at).isUnresolved()) {
                throw new StartException(
                        ExitCode.CANNOT_BIND, "cannot listen on " + address + ": the name has no address");
            }
        }
        try {
            return HttpServer.listen(loops, at, options, handler);
        } catch (ConnectionException e) {
            throw cannotListen(
                    address,
                    String.valueOf(
                            e.getCause() == null ? e.getMessage() : e.getCause().getMessage()),
                    e);
        } catch (IllegalArgumentException e) { // TLS options that the engine does not take
            throw cannotListen(address, String.valueOf(e.getMessage()), e);
        }
    }
}

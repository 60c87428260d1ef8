package io.penstock.server.config;

import io.penstock.server.admin.ProcessMetrics;
import io.penstock.server.admin.ProxyMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What must hold between the values of a configuration; a mistake is reported where the value stands. */
final class Checks {
    private static final Pattern HOST = Pattern.compile("(\\*\\.)?[A-Za-z0-9_.-]*[A-Za-z0-9_-]|\\[[0-9A-Fa-f:.]+]");
    private static final Pattern PROTOCOL =
            Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+(/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?");

    private final Source source;
    private final List<Binder.Bound> bound;
    private final Set<String> upstreams;

    /**
     * @param upstreams the names of all upstreams, those with mistakes as well: these are reported already
     */
    Checks(Source source, List<Binder.Bound> bound, Set<String> upstreams) {
        this.source = source;
        this.bound = bound;
        this.upstreams = new TreeSet<>(upstreams);
    }

    void run() {
        listenersDiffer();
        namesAreFree();
        adminIsOutOfReach();
        serversHaveAHost();
        routesLeadSomewhere();
        routesDiffer();
        upgradesAreProtocols();
        pluginsAreADirectory();
        tlsIsPossible();
    }

    private Stream<Binder.Bound> at(String path) {
        return bound.stream().filter(value -> value.path().equals(path));
    }

    private void listenersDiffer() {
        Map<Object, Integer> lines = new HashMap<>();
        Stream.concat(at("listeners[].address"), at("admin.address")).forEach(address -> {
            if (address.value() instanceof Address.Tcp tcp && tcp.port() == 0) {
                return;
            }
            Integer line = lines.putIfAbsent(address.value(), Source.lineOf(address.node()));
            if (line != null) {
                source.problem(
                        address.node(), "address " + address.value() + " is taken by the listener on line " + line);
            }
        });
    }

    private void adminIsOutOfReach() {
        boolean exposed = at("admin.expose").anyMatch(expose -> expose.value().equals(true));
        at("admin.address").filter(_ -> !exposed).forEach(address -> {
            if (!((Address) address.value()).local()) {
                source.problem(
                        address.node(),
                        "the admin listener has no authentication, so " + address.value()
                                + " must be a loopback address such as 127.0.0.1:9901, or set 'expose: true'");
            }
        });
    }

    private void serversHaveAHost() {
        at("upstreams{}.servers[]").forEach(server -> {
            if (server.value() instanceof Server(Address.Tcp(String host, int port), boolean _)
                    && (host.isEmpty() || port == 0)) {
                source.problem(server.node(), "a server needs a host and a port, such as 127.0.0.1:9000");
            }
        });
    }

    /** Metrics tell upstreams from what is none by these. */
    private void namesAreFree() {
        at("upstreams{}").forEach(upstream -> {
            if (upstream.label().equals(ProcessMetrics.PLUGINS)
                    || upstream.label().equals(ProxyMetrics.NO_UPSTREAM)) {
                source.problem(
                        upstream.node(),
                        "'" + upstream.label() + "' stands for something else in the metrics; choose another name");
            }
        });
    }

    private void routesLeadSomewhere() {
        at("routes[].path").forEach(path -> {
            if (!path.value().toString().startsWith("/")) {
                source.problem(path.node(), "a path starts with '/', not '" + path.value() + "'");
            }
        });
        at("routes[].host").forEach(host -> {
            if (!HOST.matcher(host.value().toString()).matches()) {
                source.problem(
                        host.node(),
                        "expected a host such as example.com or *.example.com, not '" + host.value() + "'");
            }
        });
        at("routes[].upstream").forEach(upstream -> {
            String name = upstream.value().toString();
            if (!upstreams.contains(name)) {
                source.problem(
                        upstream.node(),
                        "there is no upstream '" + name + "'" + Nearest.suggest(name, upstreams, "choose from"));
            }
        });
    }

    private void routesDiffer() {
        record Target(String host, String path) {}
        Map<Target, Integer> lines = new HashMap<>();
        at("routes[]").forEach(bound -> {
            Config.Route route = (Config.Route) bound.value();
            Target target = new Target(route.host().orElse("").toLowerCase(Locale.ROOT), route.path());
            Integer line = lines.putIfAbsent(target, Source.lineOf(bound.node()));
            if (line != null) {
                source.problem(bound.node(), "this route has the host and path of the one on line " + line);
            }
        });
    }

    private void upgradesAreProtocols() {
        at("routes[].upgrades[]").forEach(upgrade -> {
            if (upgrade.value().equals("*")) {
                source.problem(
                        upgrade.node(),
                        "'*' is not a protocol: name each that clients may upgrade to, as [websocket, tcp]");
            } else if (!PROTOCOL.matcher(upgrade.value().toString()).matches()) {
                source.problem(
                        upgrade.node(), "expected a protocol such as websocket or tcp, not '" + upgrade.value() + "'");
            }
        });
    }

    private void pluginsAreADirectory() {
        at("plugins").forEach(plugins -> {
            if (!Files.isDirectory((Path) plugins.value())) {
                source.problem(plugins.node(), "there is no directory " + plugins.value());
            }
        });
    }

    private void tlsIsPossible() {
        TlsChecks tls = new TlsChecks(source);
        at("listeners[].tls").forEach(bound -> tls.listener((Config.ListenerTls) bound.value(), bound.node()));
        at("upstreams{}.tls").forEach(bound -> tls.upstream((Config.UpstreamTls) bound.value(), bound.node()));
        at("upstreams{}").forEach(bound -> tls.servers((Config.Upstream) bound.value(), bound.node()));
        Set<Object> named = Collections.newSetFromMap(new IdentityHashMap<>());
        at("upstreams{}")
                .map(bound -> (Config.Upstream) bound.value())
                .filter(upstream -> upstream.security()
                        .filter(section -> section.serverName().isEmpty())
                        .isPresent())
                .forEach(upstream -> named.addAll(upstream.servers()));
        at("upstreams{}.servers[]")
                .filter(bound -> named.contains(bound.value()))
                .forEach(bound -> tls.server((Server) bound.value(), bound.node()));
    }
}

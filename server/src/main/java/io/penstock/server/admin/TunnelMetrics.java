package io.penstock.server.admin;

import io.penstock.proxy.TransactionRecord.TakenOver;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Counts connections that were taken over, by what is spoken on them. Any thread; never blocks. */
final class TunnelMetrics {
    /** What is neither in the configuration nor known here: plugins may switch to anything, and labels are bounded. */
    private static final String OTHER = "other";

    private final Set<String> protocols;
    private final Gauge open;
    private final Counter opened;
    private final Counter closed;
    private final Counter bytes;

    TunnelMetrics(PrometheusRegistry registry, Collection<String> configured) {
        protocols = new HashSet<>(Set.of("websocket", "connect", "raw"));
        configured.forEach(each -> protocols.add(nameOf(each)));
        open = Gauge.builder()
                .name("penstock_tunnels_open")
                .help("Connections that are taken over now: upgrades, CONNECT, and by plugins.")
                .labelNames("protocol")
                .register(registry);
        opened = counter("penstock_tunnels_opened_total", "Connections that were taken over.", "protocol")
                .register(registry);
        closed = counter("penstock_tunnels_closed_total", "Those that have ended, by how.", "protocol", "cause")
                .register(registry);
        bytes = counter(
                        "penstock_tunnel_bytes_total",
                        "Bytes that came from clients (in) and went to them (out) in tunnels that have ended.",
                        "protocol",
                        "direction")
                .register(registry);
        protocols.forEach(each -> {
            open.labelValues(each).set(0);
            opened.labelValues(each);
            bytes.labelValues(each, "in");
            bytes.labelValues(each, "out");
        });
    }

    private static Counter.Builder counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).withoutExemplars();
    }

    void opened(TakenOver tunnel) {
        String protocol = label(tunnel);
        opened.labelValues(protocol).inc();
        open.labelValues(protocol).inc();
    }

    void closed(TakenOver tunnel) {
        String protocol = label(tunnel);
        open.labelValues(protocol).dec();
        closed.labelValues(protocol, String.valueOf(tunnel.cause())).inc();
        bytes.labelValues(protocol, "in").inc(tunnel.received());
        bytes.labelValues(protocol, "out").inc(tunnel.sent());
    }

    private String label(TakenOver tunnel) {
        String name = nameOf(tunnel.protocol());
        return protocols.contains(name) ? name : OTHER;
    }

    /** Without its version. */
    private static String nameOf(String protocol) {
        int slash = protocol.indexOf('/');
        return (slash < 0 ? protocol : protocol.substring(0, slash)).toLowerCase(Locale.ROOT);
    }
}

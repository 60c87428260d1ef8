package io.penstock.server.admin;

import io.penstock.net.Loops;
import io.penstock.net.Pool.PoolStats;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Series that are read from the parts of the program when they are scraped, and cost nothing otherwise. */
public final class ProcessMetrics {
    /** What the pool that plugins share is called, where others have the name of their upstream. */
    public static final String PLUGINS = "plugins";

    private final PrometheusRegistry registry;

    public ProcessMetrics(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /** What runs here, as labels of a constant 1. */
    public ProcessMetrics build(Map<String, String> labels) {
        Info info = Info.builder()
                .name("penstock_build_info")
                .help("What runs here.")
                .labelNames(labels.keySet().toArray(String[]::new))
                .register(registry);
        info.setLabelValues(labels.values().toArray(String[]::new));
        return this;
    }

    /** Connections and stalls of the event loops. */
    public ProcessMetrics loops(Loops loops) {
        GaugeWithCallback.builder()
                .name("penstock_loop_connections")
                .help("Open connections, to clients and to origins.")
                .labelNames("loop")
                .callback(gauge ->
                        loops.all().forEach(loop -> gauge.call(loop.connections(), Integer.toString(loop.index()))))
                .register(registry);
        counter(
                "penstock_eventloop_stalls_total",
                "Times that code held an event loop too long.",
                () -> loops.stalls().count());
        counter(
                "penstock_eventloop_stall_seconds_total",
                "How long it held it altogether.",
                () -> loops.stalls().total().toNanos() / 1e9);
        counter(
                "penstock_abandoned_connections_total",
                "Connections that the code which opened them left to be closed for it.",
                loops::abandoned);
        return this;
    }

    /** The pools of connections, by the name of their upstream. */
    public ProcessMetrics pools(Map<String, Supplier<PoolStats>> pools) {
        poolGauge("idle", "Connections to origins that are kept for the next request.", pools, PoolStats::idle);
        poolGauge("in_use", "Connections to origins that serve a request.", pools, PoolStats::out);
        poolGauge("dialling", "Connections to origins that are being opened.", pools, PoolStats::dialling);
        poolGauge("queued", "Requests that wait for a connection to become free.", pools, PoolStats::queued);
        poolCounter("dialled", "Connections opened to origins.", pools, PoolStats::dialled);
        poolCounter("reused", "Requests sent over a kept connection.", pools, PoolStats::reused);
        poolCounter("refused", "Connections unfit to be kept.", pools, PoolStats::refused);
        poolCounter("evicted", "Kept connections that ended or passed a limit.", pools, PoolStats::evicted);
        poolCounter("waits", "Requests that had to wait for a connection.", pools, PoolStats::waited);
        poolCounter(
                "wait_seconds",
                "How long they waited altogether.",
                pools,
                stats -> stats.waiting().toNanos() / 1e9);
        poolCounter("wait_timeouts", "Those that waited in vain.", pools, PoolStats::timedOut);
        poolCounter("turned_away", "Requests for which there was no room to wait.", pools, PoolStats::turnedAway);
        return this;
    }

    private void poolGauge(
            String what, String help, Map<String, Supplier<PoolStats>> pools, ToDoubleFunction<PoolStats> value) {
        GaugeWithCallback.builder()
                .name("penstock_pool_" + what)
                .help(help)
                .labelNames("upstream")
                .callback(gauge -> pools.forEach((name, stats) -> gauge.call(value.applyAsDouble(stats.get()), name)))
                .register(registry);
    }

    private void poolCounter(
            String what, String help, Map<String, Supplier<PoolStats>> pools, ToDoubleFunction<PoolStats> value) {
        CounterWithCallback.builder()
                .name("penstock_pool_" + what + "_total")
                .help(help)
                .labelNames("upstream")
                .callback(
                        counter -> pools.forEach((name, stats) -> counter.call(value.applyAsDouble(stats.get()), name)))
                .register(registry);
    }

    public ProcessMetrics counter(String name, String help, DoubleSupplier value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(counter -> counter.call(value.getAsDouble()))
                .register(registry);
        return this;
    }

    public ProcessMetrics gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(gauge -> gauge.call(value.getAsDouble()))
                .register(registry);
        return this;
    }
}

package io.penstock.server.admin;

import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.proxy.TransactionRecord.TakenOver;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Counts transactions. The series of every upstream exist from the start and are held by reference: a transaction costs one lookup
 * by the name of its upstream. Any thread; never blocks.
 */
public final class ProxyMetrics implements TransactionRecord.Log {
    private static final List<String> CODES = List.of("none", "1xx", "2xx", "3xx", "4xx", "5xx");

    /** Where others have the name of their upstream. */
    public static final String NO_UPSTREAM = "none";

    private static final double[] BOUNDS = {
        .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60
    };

    /** The series of one upstream. */
    private record Series(
            List<CounterDataPoint> byCode,
            DistributionDataPoint duration,
            CounterDataPoint received,
            CounterDataPoint sent,
            CounterDataPoint retries) {}

    private final Map<String, Series> byUpstream = new HashMap<>();
    private final Series withoutUpstream;
    private final Counter endings;
    private final TunnelMetrics tunnels;

    private final Counter requests;
    private final Histogram duration;
    private final Counter received;
    private final Counter sent;
    private final Counter retries;

    /**
     * Registers the series of all upstreams, and of transactions that never came to one ({@code upstream="none"}).
     *
     * @param protocols those that have series of their own where connections are taken over
     */
    public ProxyMetrics(PrometheusRegistry registry, Collection<String> upstreams, Collection<String> protocols) {
        tunnels = new TunnelMetrics(registry, protocols);
        requests = counter("penstock_http_requests_total", "Transactions by status class.", "upstream", "code")
                .register(registry);
        duration = Histogram.builder()
                .name("penstock_http_request_duration_seconds")
                .help("From the beginning of a transaction to its end, or to where its connection is taken over.")
                .labelNames("upstream")
                .classicUpperBounds(BOUNDS)
                .withoutExemplars()
                .register(registry);
        received = counter("penstock_http_request_body_bytes_total", "Bytes of request bodies.", "upstream")
                .register(registry);
        sent = counter("penstock_http_response_body_bytes_total", "Bytes of response bodies.", "upstream")
                .register(registry);
        retries = counter("penstock_upstream_retries_total", "Attempts after the first.", "upstream")
                .register(registry);
        endings = counter(
                        "penstock_http_aborts_total",
                        "Transactions that did not come to their end, by who ended them and in which phase.",
                        "by",
                        "phase")
                .register(registry);
        withoutUpstream = series(NO_UPSTREAM);
        upstreams.forEach(name -> byUpstream.put(name, series(name)));
    }

    private static Counter.Builder counter(String name, String help, String... labels) {
        return Counter.builder().name(name).help(help).labelNames(labels).withoutExemplars();
    }

    private Series series(String upstream) {
        List<CounterDataPoint> byCode = new ArrayList<>();
        CODES.forEach(code -> byCode.add(requests.labelValues(upstream, code)));
        return new Series(
                List.copyOf(byCode),
                duration.labelValues(upstream),
                received.labelValues(upstream),
                sent.labelValues(upstream),
                retries.labelValues(upstream));
    }

    @Override
    public void closed(TransactionRecord record) {
        Series series = seriesOf(record);
        TakenOver tunnel = record.takenOver();
        if (tunnel == null) {
            answered(record, series);
        }
        long received = record.received() - (tunnel == null ? 0 : tunnel.received());
        if (received > 0) {
            series.received.inc(received);
        }
        long sent = record.sent() - (tunnel == null ? 0 : tunnel.sent());
        if (sent > 0) {
            series.sent.inc(sent);
        }
        if (record.attempts() > 1) {
            series.retries.inc(record.attempts() - 1L);
        }
        EndedBy ender = record.endedBy();
        if (ender != null && ender != EndedBy.NOBODY) {
            String by = ender.name().toLowerCase(Locale.ROOT);
            endings.labelValues(by, record.phase().label()).inc();
        }
        if (tunnel != null) {
            tunnels.closed(tunnel);
        }
    }

    /** Where HTTP ends, the request has its answer: how long a tunnel lasts says nothing about how long clients wait. */
    @Override
    public void takenOver(TransactionRecord record) {
        answered(record, seriesOf(record));
        if (record.takenOver() != null) {
            tunnels.opened(record.takenOver());
        }
    }

    private Series seriesOf(TransactionRecord record) {
        String upstream = record.upstream();
        return upstream == null ? withoutUpstream : byUpstream.getOrDefault(upstream, withoutUpstream);
    }

    private static void answered(TransactionRecord record, Series series) {
        int code = record.status() / 100;
        series.byCode.get(code < CODES.size() ? code : 0).inc();
        series.duration.observe(record.totalNanos() / 1e9);
    }
}

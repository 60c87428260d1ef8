package io.penstock.server.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.proxy.Phase;
import io.penstock.proxy.TransactionRecord;
import io.penstock.proxy.TransactionRecord.TakenOver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminHandlerTest {
    private static final SocketAddress ANY = new InetSocketAddress("127.0.0.1", 1);

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final AtomicBoolean ready = new AtomicBoolean();
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final HttpClient client = HttpClient.newHttpClient();
    private HttpServer server;

    @BeforeEach
    void listen() throws Exception {
        server =
                HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), new AdminHandler(registry, ready::get));
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
        loops.close();
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        int port = ((InetSocketAddress) server.address()).getPort();
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static TransactionRecord record(@Nullable String upstream, int status, int attempts, Phase phase) {
        return record(upstream, status, attempts, phase, 2, null);
    }

    private static TransactionRecord record(
            @Nullable String upstream, int status, int attempts, Phase phase, long millis, @Nullable TakenOver tunnel) {
        return new TransactionRecord(
                1,
                1,
                Instant.EPOCH,
                ANY,
                ANY,
                null,
                status,
                10 + (tunnel == null ? 0 : tunnel.received()),
                20 + (tunnel == null ? 0 : tunnel.sent()),
                1,
                2,
                3,
                millis * 1_000_000,
                upstream,
                null,
                false,
                attempts,
                phase == Phase.DONE ? TransactionRecord.EndedBy.NOBODY : TransactionRecord.EndedBy.ORIGIN,
                phase,
                tunnel);
    }

    @Test
    void healthIsAlwaysGoodAndReadinessFollowsTheProgram() throws Exception {
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(get("/readyz").statusCode()).isEqualTo(503);
        ready.set(true);
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
        assertThat(get("/readyz").body()).isEqualTo("ready\n");
    }

    @Test
    void whatIsNotThereIsAnsweredWithWhatIs() throws Exception {
        assertThat(get("/nope").statusCode()).isEqualTo(404);
        assertThat(get("/nope").body()).contains("/metrics", "/healthz", "/readyz");
    }

    @Test
    void transactionsAreCountedByUpstreamAndStatusClass() throws Exception {
        ProxyMetrics metrics = new ProxyMetrics(registry, List.of("web"), List.of("tcp", "h2c"));
        metrics.closed(record("web", 200, 1, Phase.DONE));
        metrics.closed(record("web", 204, 3, Phase.DONE));
        metrics.closed(record("web", 502, 1, Phase.CONNECT));
        metrics.closed(record(null, 404, 0, Phase.DONE));

        assertThat(get("/metrics").body())
                .contains("penstock_http_requests_total{code=\"2xx\",upstream=\"web\"} 2.0\n")
                .contains("penstock_http_requests_total{code=\"5xx\",upstream=\"web\"} 1.0\n")
                .contains("penstock_http_requests_total{code=\"3xx\",upstream=\"web\"} 0.0\n")
                .contains("penstock_http_requests_total{code=\"4xx\",upstream=\"none\"} 1.0\n")
                .contains("penstock_upstream_retries_total{upstream=\"web\"} 2.0\n")
                .contains("penstock_http_request_body_bytes_total{upstream=\"web\"} 30.0\n")
                .contains("penstock_http_response_body_bytes_total{upstream=\"none\"} 20.0\n")
                .contains("penstock_http_aborts_total{by=\"origin\",phase=\"connect\"} 1.0\n")
                .contains("penstock_http_request_duration_seconds_bucket{upstream=\"web\",le=\"0.0025\"} 3\n")
                .contains("penstock_http_request_duration_seconds_count{upstream=\"web\"} 3\n");
    }

    @Test
    void aTunnelIsARequestThatHasBeenAnsweredWhenItBegins() throws Exception {
        ProxyMetrics metrics = new ProxyMetrics(registry, List.of("web"), List.of("tcp"));
        metrics.takenOver(record("web", 101, 1, Phase.TAKEN_OVER, 2, new TakenOver("tcp", 0, 0, 0, null)));
        metrics.closed(record("web", 101, 1, Phase.TAKEN_OVER, 5000, new TakenOver("tcp", 7, 8, 1, "reset")));

        assertThat(get("/metrics").body())
                .contains("penstock_http_requests_total{code=\"1xx\",upstream=\"web\"} 1.0\n")
                .contains("penstock_http_request_duration_seconds_bucket{upstream=\"web\",le=\"0.0025\"} 1\n")
                .contains("penstock_http_request_duration_seconds_count{upstream=\"web\"} 1\n")
                .contains("penstock_http_request_body_bytes_total{upstream=\"web\"} 10.0\n")
                .contains("penstock_http_response_body_bytes_total{upstream=\"web\"} 20.0\n")
                .contains("penstock_http_aborts_total{by=\"origin\",phase=\"taken-over\"} 1.0\n")
                .contains("penstock_tunnels_open{protocol=\"tcp\"} 0.0\n")
                .contains("penstock_tunnels_closed_total{cause=\"reset\",protocol=\"tcp\"} 1.0\n")
                .contains("penstock_tunnel_bytes_total{direction=\"in\",protocol=\"tcp\"} 7.0\n");
    }

    @Test
    void thePartsOfTheProgramAndTheJvmAreShown() throws Exception {
        Pool.PoolStats stats = new Pool.PoolStats(2, 3, 1, 6, 9, 100, 3, 4, 7, Duration.ofMillis(1500), 8, 5);
        new ProcessMetrics(registry)
                .build(Map.of("version", "1"))
                .loops(loops)
                .pools(Map.of("web", () -> stats))
                .gauge("penstock_ready", "Whether.", () -> 1)
                .counter("penstock_access_log_dropped_total", "Lines.", () -> 7);

        assertThat(get("/metrics").body())
                .contains("penstock_build_info{version=\"1\"} 1\n")
                .contains("penstock_loop_connections{loop=\"0\"} 1.0\n")
                .contains("penstock_eventloop_stalls_total 0.0\n")
                .contains("penstock_pool_idle{upstream=\"web\"} 2.0\n")
                .contains("penstock_pool_in_use{upstream=\"web\"} 3.0\n")
                .contains("penstock_pool_dialled_total{upstream=\"web\"} 9.0\n")
                .contains("penstock_pool_reused_total{upstream=\"web\"} 100.0\n")
                .contains("penstock_pool_evicted_total{upstream=\"web\"} 4.0\n")
                .contains("penstock_pool_dialling{upstream=\"web\"} 1.0\n")
                .contains("penstock_pool_queued{upstream=\"web\"} 6.0\n")
                .contains("penstock_pool_waits_total{upstream=\"web\"} 7.0\n")
                .contains("penstock_pool_wait_seconds_total{upstream=\"web\"} 1.5\n")
                .contains("penstock_pool_wait_timeouts_total{upstream=\"web\"} 8.0\n")
                .contains("penstock_pool_turned_away_total{upstream=\"web\"} 5.0\n")
                .contains("penstock_ready 1.0\n")
                .contains("penstock_access_log_dropped_total 7.0\n")
                .contains("jvm_memory_used_bytes")
                .contains("process_cpu_seconds_total");
    }

    @Test
    void aScraperMayAskForOpenMetrics() throws Exception {
        HttpResponse<String> answer = get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
                .startsWith("application/openmetrics-text");
        assertThat(answer.body()).endsWith("# EOF\n");
        assertThat(get("/metrics").headers().firstValue("Content-Type").orElseThrow())
                .startsWith("text/plain");
    }
}

package io.penstock.server.admin;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.net.ConnectionException;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers on the administration listener: {@code /metrics} in Prometheus' text format or OpenMetrics, {@code /healthz} as long as
 * the process lives, {@code /readyz} with 200 while it takes requests and 503 before and while it drains.
 */
public final class AdminHandler implements Handler {
    private static final String INDEX = """
            /metrics   Prometheus metrics
            /healthz   200 as long as the process lives
            /readyz    200 when it takes requests, 503 before that and while it drains
            """;

    private final PrometheusRegistry registry;
    private final BooleanSupplier ready;
    private boolean jvmRegistered;

    public AdminHandler(PrometheusRegistry registry, BooleanSupplier ready) {
        this.registry = registry;
        this.ready = ready;
    }

    @Override
    public void handle(Exchange exchange) throws Exception {
        String method = exchange.request().method();
        if (!method.equals("GET") && !method.equals("HEAD")) {
            exchange.respond(405, Headers.of("Allow", "GET, HEAD"), new byte[0]);
            return;
        }
        switch (exchange.request().path()) {
            case "/" -> exchange.respond(200, INDEX);
            case "/healthz" -> exchange.respond(200, "alive\n");
            case "/readyz" -> ready(exchange);
            case "/metrics" -> metrics(exchange);
            default -> exchange.respond(404, "there is no such page; there are\n" + INDEX);
        }
    }

    private void ready(Exchange exchange) throws ConnectionException {
        if (ready.getAsBoolean()) {
            exchange.respond(200, "ready\n");
        } else {
            exchange.respond(503, "not ready\n");
        }
    }

    private void metrics(Exchange exchange) throws Exception {
        ExpositionFormatWriter format = format(exchange.request().headers().first("Accept"));
        byte[] text = exchange.connection().loop().offload(() -> scrape(format));
        exchange.respond(200, Headers.of("Content-Type", format.getContentType()), text);
    }

    private static ExpositionFormatWriter format(@Nullable String accept) {
        OpenMetricsTextFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
        return accept != null && openMetrics.accepts(accept) ? openMetrics : PrometheusTextFormatWriter.create();
    }

    /** The series of the JVM are made by the first scrape: they cost a start-up more than all the others together. */
    private synchronized byte[] scrape(ExpositionFormatWriter format) throws IOException {
        if (!jvmRegistered) {
            jvmRegistered = true;
            JvmMetrics.builder().register(registry);
        }
        ByteArrayOutputStream text = new ByteArrayOutputStream(16 * 1024);
        format.write(text, registry.scrape());
        return text.toByteArray();
    }
}

package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsIdentity;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsTrust;
import io.penstock.testkit.Call;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** HTTP over TLS: the server and the client, with each engine. */
class HttpsTest {
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    private static final TlsIdentity IDENTITY = TestIdentity.LOCALHOST.identity();
    private static final TlsTrust TRUST = TestIdentity.LOCALHOST.trust();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final Pool pool = Pool.of(Connector.of(loops));

    @AfterEach
    void close() {
        pool.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private HttpServer listen(TlsEngine engine) throws ConnectionException {
        return listen(
                engine,
                exchange ->
                        exchange.respond(200, "secret of " + exchange.request().path()));
    }

    private HttpServer listen(TlsEngine engine, Handler handler) throws ConnectionException {
        var options = HttpServerOptions.DEFAULT.withTls(TlsServer.of(IDENTITY).withEngine(engine));
        return HttpServer.listen(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), options, handler);
    }

    private static Endpoint endpoint(HttpServer server, TlsEngine engine) {
        int port = ((InetSocketAddress) server.address()).getPort();
        return Endpoint.of("localhost", port)
                .withTls(TlsClient.DEFAULT.withEngine(engine).withTrust(TRUST));
    }

    private static String url(HttpServer server, String path) {
        return "https://localhost:" + ((InetSocketAddress) server.address()).getPort() + path;
    }

    private <T> Call<T> onLoop(Call.Body<T> body) {
        return Call.start(task -> loops.next().spawn("ask", task::run), body);
    }

    @ParameterizedTest
    @EnumSource
    void requestsAndAnswersAreSecuredAndConnectionsKept(TlsEngine engine) throws Exception {
        var client =
                HttpClient.of(pool).withTls(TlsClient.DEFAULT.withEngine(engine).withTrust(TRUST));
        try (var server = listen(engine)) {
            for (int i = 0; i < 3; i++) {
                String path = "/page" + i;
                assertThat(onLoop(() -> client.get(url(server, path))).value().text())
                        .isEqualTo("secret of " + path);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aConnectionCanBeTakenOverAndGivenBack(TlsEngine engine) throws Exception {
        try (var server = listen(engine, exchange -> {
            Connection raw = exchange.takeOver();
            for (String line = raw.receiveLine(); !line.isEmpty(); line = raw.receiveLine()) raw.send(line + "!\n");
            raw.resumeHttp();
        })) {
            String lines = onLoop(() -> {
                        try (Connection client = Connector.of(loops).connect(endpoint(server, engine))) {
                            client.send(REQUEST + "a\n");
                            String first = client.receiveLine();
                            client.send("b\n\n" + REQUEST + "c\n");
                            return first + client.receiveLine() + client.receiveLine();
                        }
                    })
                    .value();
            assertThat(lines).isEqualTo("a!b!c!");
        }
    }

    @ParameterizedTest
    @EnumSource
    void behindTheEndOfTheClientsStreamTheServerSendsOn(TlsEngine engine) throws Exception {
        var late = new CompletableFuture<String>();
        try (var server = listen(engine, exchange -> {
            Connection raw = exchange.takeOver();
            raw.send("ready\n");
            try {
                raw.send(raw.receiveAll());
                raw.send("late");
                raw.flush();
                late.complete("sent");
            } catch (ConnectionException e) {
                late.complete(e.reason().name());
            }
        })) {
            byte[] all = onLoop(() -> {
                        try (Connection client = Connector.of(loops).connect(endpoint(server, TlsEngine.JDK))) {
                            client.send(REQUEST);
                            assertThat(client.receiveLine()).isEqualTo("ready");
                            client.shutdownOutput();
                            return client.receiveAll();
                        }
                    })
                    .value();
            assertThat(late.get(10, TimeUnit.SECONDS)).isEqualTo("sent");
            assertThat(all).asString().isEqualTo("late");
        }
    }

    /** Whatever engine the client has: its end may come in the same packet as its request, and even as the end of its handshake. */
    @ParameterizedTest
    @CsvSource({"JDK, JDK", "JDK, BORINGSSL", "BORINGSSL, JDK", "BORINGSSL, BORINGSSL"})
    void aClientThatEndsItsStreamAtOnceIsTakenOverAllTheSame(TlsEngine engine, TlsEngine clients) throws Exception {
        for (int i = 0; i < 20; i++) {
            var received = new CompletableFuture<String>();
            try (var server = listen(engine, exchange -> {
                try {
                    received.complete(new String(exchange.takeOver().receiveAll(), StandardCharsets.US_ASCII));
                } catch (Exception e) {
                    received.completeExceptionally(e);
                }
            })) {
                var asking = onLoop(() -> {
                    try (Connection client = Connector.of(loops).connect(endpoint(server, clients))) {
                        client.send(REQUEST + "abc");
                        client.shutdownOutput();
                        return client.receiveAll();
                    }
                });
                assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo("abc");
                assertThat(asking.value()).isEmpty();
            }
        }
    }

    @Test
    void aServerNobodyVouchesForIsNotAsked() throws Exception {
        try (var server = listen(TlsEngine.AUTO)) {
            var failure =
                    onLoop(() -> HttpClient.of(pool).get(url(server, "/"))).throwing(ConnectionException.class);
            assertThat(failure.reason()).isEqualTo(Reason.TLS_UNTRUSTED);
        }
    }

    @Test
    void otherSchemesAreRefused() {
        assertThatThrownBy(() -> HttpClient.of(pool).get("ftp://localhost/"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("https://");
    }
}

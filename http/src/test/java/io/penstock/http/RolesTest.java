package io.penstock.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsEngine;
import io.penstock.net.TlsServer;
import io.penstock.testkit.Await;
import io.penstock.testkit.Call;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who has opened a connection does not decide who asks and who answers on it. */
class RolesTest extends ClientTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private static String get(Connection on, String path) throws ConnectionException {
        try (var exchange = ClientExchange.on(on)) {
            exchange.send(RequestHead.of("GET", path, Headers.of("Host", "x")), ClientExchange.NO_BODY);
            ResponseHead head = exchange.receiveHead();
            return head.status() + " " + text(exchange.body().receiveAll()).strip()
                    + (exchange.reusable() ? "" : ", the last");
        }
    }

    private static void hello(Exchange exchange) throws ConnectionException {
        exchange.respond(200, "hello " + exchange.request().path());
    }

    /** A hub that asks whoever has upgraded, three times. */
    private static Handler hub(List<String> answers) {
        return exchange -> {
            Connection agent = exchange.upgrade("reverse", Headers.of());
            for (int i = 0; i < 3; i++) answers.add(get(agent, "/" + i));
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "JDK", "BORINGSSL"})
    void theClientUpgradesAndServesAndTheServerIsItsClient(String security) throws Exception {
        var answers = new ArrayList<String>();
        boolean plain = security.equals("plain");
        var options = plain
                ? HttpServerOptions.DEFAULT
                : HttpServerOptions.DEFAULT.withTls(
                        TlsServer.of(TestIdentity.LOCALHOST.identity()).withEngine(TlsEngine.valueOf(security)));
        try (var hub = HttpServer.listen(loops, ANY, options, hub(answers))) {
            var trusting = client.withTls(TlsClient.DEFAULT
                    .withEngine(plain ? TlsEngine.AUTO : TlsEngine.valueOf(security))
                    .withTrust(TestIdentity.LOCALHOST.trust()));
            String url = (plain ? "http" : "https") + "://localhost:" + ((InetSocketAddress) hub.address()).getPort();
            Connection agent =
                    start(() -> trusting.upgrade(url, "reverse")).value().connection();
            HttpServer served = HttpServer.serve(agent, RolesTest::hello);
            served.join();
            assertThat(answers).containsExactly("200 hello /0", "200 hello /1", "200 hello /2");
            assertThat(served.connections()).isZero();
        }
    }

    @Test
    void aDialledConnectionIsServedAndAnAcceptedOneAsks() throws Exception {
        var answer = new CompletableFuture<String>();
        try (var listener = Listener.open(loops, ANY, accepted -> answer.complete(get(accepted, "/dialled")))) {
            Connection dialled =
                    start(() -> Connector.of(loops).connect(listener.address())).value();
            HttpServer served = HttpServer.serve(dialled, RolesTest::hello);
            assertThat(served.address()).isEqualTo(dialled.localAddress());
            served.join();
            assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("200 hello /dialled");
        }
    }

    @Test
    void oneEndOfAPairIsServedAndDeadForWhoHasGivenIt() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        HttpServer served = HttpServer.serve(pair.first(), RolesTest::hello);
        assertThat(get(pair.second(), "/pair")).isEqualTo("200 hello /pair");
        assertThatExceptionOfType(ConnectionException.class)
                .isThrownBy(() -> pair.first().send("evil"))
                .matches(e -> e.reason() == Reason.CLOSED);
        pair.first().abort();
        assertThat(get(pair.second(), "/again")).isEqualTo("200 hello /again");
        assertThat(served.connections()).isOne();
        pair.second().close();
        served.join();
    }

    @Test
    void whatCameBeforeIsTheFirstRequest() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        pair.second().send("line\nGET /early HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(pair.first().receiveLine()).isEqualTo("line");
        HttpServer.serve(pair.first(), RolesTest::hello);
        assertThat(text(pair.second().receiveAll()))
                .startsWith("HTTP/1.1 200 OK\r\n")
                .endsWith("hello /early");
        pair.second().close();
    }

    @Test
    void itDrainsAsAListeningServerDoes() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        var asked = new CompletableFuture<Boolean>();
        var go = new CompletableFuture<Boolean>();
        HttpServer served = HttpServer.serve(pair.first(), exchange -> {
            asked.complete(true);
            go.get();
            hello(exchange);
        });
        Call<String> asking = start(() -> get(pair.second(), "/slow"));
        asked.get(10, TimeUnit.SECONDS);
        assertThat(served.busy()).isOne();
        Call<Boolean> draining = Call.onPlatformThread(() -> served.drain(Duration.ofSeconds(10)));
        draining.parked();
        go.complete(true);
        assertThat(asking.value()).isEqualTo("200 hello /slow, the last");
        pair.second().close();
        assertThat(draining.value()).isTrue();
    }

    @Test
    void anIdleOneEndsAndOneThatHangsIsAborted() throws Exception {
        Connection.Pair idle = Connection.pair(loops.next(), loops.next());
        HttpServer served = HttpServer.serve(idle.first(), RolesTest::hello);
        assertThat(get(idle.second(), "/")).isEqualTo("200 hello /");
        assertThat(served.drain(Duration.ofMillis(500))).isTrue();
        assertThat(idle.second().receiveAll()).isEmpty();
        idle.second().close();

        Connection.Pair hung = Connection.pair(loops.next(), loops.next());
        HttpServer hanging =
                HttpServer.serve(hung.first(), exchange -> exchange.body().receiveAll());
        hung.second().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n");
        Awaitility.await().until(() -> hanging.busy() == 1);
        assertThat(hanging.drain(Duration.ofMillis(100))).isFalse();
        hanging.join();
        hung.second().abort();
    }

    @Test
    void theScopeOfWhoHasGivenItDoesNotEndIt() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        pair.second().transfer(Scope.PROCESS);
        start(() -> {
                    try (var scope = Scope.open("short")) {
                        HttpServer.serve(pair.first().transfer(scope), RolesTest::hello);
                        return true;
                    }
                })
                .value();
        assertThat(get(pair.second(), "/")).isEqualTo("200 hello /");
        pair.second().close();
    }

    @Test
    void aServedConnectionCanBeTakenOverAndGivenBack() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        HttpServer served = HttpServer.serve(pair.first(), exchange -> {
            if (!exchange.request().path().equals("/raw")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver();
            raw.send(raw.receiveLine() + "\n");
            raw.resumeHttp();
        });
        Connection asks = pair.second();
        asks.send("GET /raw HTTP/1.1\r\nHost: x\r\n\r\nline\n");
        assertThat(asks.receiveLine()).isEqualTo("line");
        assertThat(get(asks, "/again")).isEqualTo("200 hello /again");
        asks.close();
        served.join();
    }

    // ---- one server's connection in the hands of another

    @Test
    void aListeningServerCountsAndAbortsWhatItsHandlerHasGivenToAnother() throws Exception {
        var inner = new CompletableFuture<HttpServer>();
        var hub = HttpServer.listen(
                loops,
                ANY,
                exchange ->
                        inner.complete(HttpServer.serve(exchange.upgrade("again", Headers.of()), RolesTest::hello)));
        Connection asks = start(() ->
                        client.upgrade("http://127.0.0.1:" + ((InetSocketAddress) hub.address()).getPort(), "again"))
                .value()
                .connection();
        assertThat(get(asks, "/inner")).isEqualTo("200 hello /inner");
        assertThat(hub.takenOver()).isOne();
        assertThat(hub.connections()).isOne();
        assertThat(hub.drain(Duration.ofMillis(200))).isFalse();
        inner.get().join();
        assertThatExceptionOfType(ConnectionException.class).isThrownBy(() -> asks.receive(1));
        asks.abort();
        assertThat(Await.within(Await.LIMIT, () -> hub.connections() == 0)).isTrue();
    }

    @Test
    void aListeningServerWaitsForTheClientThatItsHandlerHasBecome() throws Exception {
        var answers = new ArrayList<String>();
        var ask = new CompletableFuture<Boolean>();
        var hub = HttpServer.listen(loops, ANY, exchange -> {
            Connection agent = exchange.upgrade("reverse", Headers.of()).transfer(Scope.PROCESS);
            loops.next().spawn("hub", () -> {
                ask.get();
                try (var last = ClientExchange.on(agent)) {
                    last.send(RequestHead.of("GET", "/", Headers.of("Host", "x")), ClientExchange.NO_BODY);
                    last.receiveHead();
                    answers.add(text(last.body().receiveAll()));
                    last.takeOver().close();
                }
            });
        });
        Connection agent = start(() ->
                        client.upgrade("http://127.0.0.1:" + ((InetSocketAddress) hub.address()).getPort(), "reverse"))
                .value()
                .connection();
        HttpServer.serve(agent, RolesTest::hello);
        Call<Boolean> draining = Call.onPlatformThread(() -> hub.drain(Duration.ofSeconds(10)));
        draining.parked();
        ask.complete(true);
        assertThat(draining.value()).isTrue();
        assertThat(answers).containsExactly("hello /");
    }

    // ---- refusals

    @Test
    void whatIsInUseOrHasEndedIsStillItsOwners() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        Call<String> reading = start(() -> pair.first().receiveLine());
        reading.parked();
        assertThatExceptionOfType(ConnectionException.class)
                .isThrownBy(() -> HttpServer.serve(pair.first(), RolesTest::hello))
                .matches(e -> e.reason() == Reason.BUSY_READING);
        pair.second().send("still mine\n");
        assertThat(reading.value()).isEqualTo("still mine");
        pair.first().close();
        assertThatIllegalStateException().isThrownBy(() -> HttpServer.serve(pair.first(), RolesTest::hello));
        pair.second().close();
    }

    @Test
    void itIsSecuredWhereTheOptionsSaySo() throws Exception {
        Connection.Pair pair = Connection.pair(loops.next(), loops.next());
        HttpServer served = HttpServer.serve(
                pair.first(),
                HttpServerOptions.DEFAULT.withTls(TlsServer.of(TestIdentity.LOCALHOST.identity())),
                RolesTest::hello);
        start(() -> {
                    pair.second().startTls(TlsClient.DEFAULT.withTrust(TestIdentity.LOCALHOST.trust()), "localhost");
                    return true;
                })
                .value();
        assertThat(get(pair.second(), "/tls")).isEqualTo("200 hello /tls");
        pair.second().close();
        served.join();
    }

    @Test
    void aConnectionOfAPoolHasLeftIt() throws Exception {
        try (var listener = Listener.open(loops, ANY, accepted -> accepted.receiveAll())) {
            Connection pooled =
                    start(() -> pool.connect(Endpoint.of(listener.address()))).value();
            HttpServer served = HttpServer.serve(pooled, RolesTest::hello);
            assertThat(pool.stats().open()).isZero();
            assertThat(served.drain(Duration.ofMillis(500))).isTrue();
        }
    }
}

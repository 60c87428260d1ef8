package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.ClientExchange;
import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.RequestHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.testkit.LeakCheck;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A connection that a client takes over leaves its pool for good. */
class PooledTakeOverTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final RequestHead UPGRADE = RequestHead.of("GET", "/", Headers.of("Host", "x", "Upgrade", "echo"));

    private Loops loops;
    private HttpServer server;
    private Pool pool;

    @BeforeEach
    void open() throws Exception {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), PooledTakeOverTest::handle);
        pool = Pool.of(Connector.of(loops), PoolOptions.DEFAULT.withLimit(1).withBacklog(1));
    }

    @AfterEach
    void close() {
        pool.close();
        server.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private static void handle(Exchange exchange) throws ConnectionException {
        if (!exchange.request().headers().contains("Upgrade")) {
            exchange.respond(200, "kept");
            return;
        }
        Connection raw = exchange.takeOver();
        raw.send("HTTP/1.1 101 X\r\n\r\n");
        while (raw.peek(1).hasRemaining()) raw.send(raw.receiveLine() + "\n");
    }

    private ClientExchange upgraded(Connection pooled) throws ConnectionException {
        var exchange = ClientExchange.on(pooled);
        exchange.send(UPGRADE, ClientExchange.NO_BODY);
        assertThat(exchange.receiveHead().status()).isEqualTo(101);
        return exchange;
    }

    private static void requireEcho(Connection raw) throws ConnectionException {
        raw.send("here\n");
        assertThat(raw.receiveLine()).isEqualTo("here");
    }

    @Test
    void itCountsNoMoreAndWhoeverWaitsGoesOn() throws Exception {
        Connection first = pool.connect(server.address());
        var exchange = upgraded(first);
        var waiting = new CompletableFuture<Connection>();
        loops.next().spawn("waiting", () -> waiting.complete(pool.connect(server.address())));
        org.awaitility.Awaitility.await().until(() -> pool.stats().queued() == 1);

        Connection raw = exchange.takeOver();

        Connection second = waiting.get(10, TimeUnit.SECONDS);
        assertThat(pool.stats().open()).isEqualTo(1);
        requireEcho(raw);
        second.close();
        raw.close();
        org.awaitility.Awaitility.await().until(() -> pool.stats().open() == 0);
        pool.connect(server.address()).close();
        assertThat(pool.stats().dialled()).isEqualTo(3);
    }

    @Test
    void itIsNeverPutBack() throws Exception {
        Connection first = pool.connect(server.address());
        Connection raw = upgraded(first).takeOver();
        assertThatIllegalStateException().isThrownBy(raw::release).withMessageContaining("no pool's any more");
        assertThatIllegalStateException().isThrownBy(first::release);
        requireEcho(raw);
        assertThat(raw.stats().reused()).isZero();
        raw.close();
        assertThat(pool.stats().idle()).isZero();
    }

    @Test
    void oneThatWasReusedMayLeaveToo() throws Exception {
        Connection first = pool.connect(server.address());
        try (var exchange = ClientExchange.on(first)) {
            exchange.send(RequestHead.of("GET", "/", Headers.of("Host", "x")), ClientExchange.NO_BODY);
            exchange.receiveHead();
            exchange.body().receiveAll();
            assertThat(exchange.reusable()).isTrue();
            first.release();
        }
        Connection raw = upgraded(pool.connect(server.address())).takeOver();
        assertThat(raw.stats().reused()).isOne();
        assertThat(pool.stats().open()).isZero();
        requireEcho(raw);
        raw.abort();
    }

    @Test
    void nobodyWaitsForItsEndWhenThePoolIsDrained() throws Exception {
        Connection raw = upgraded(pool.connect(server.address())).takeOver();
        assertThat(pool.drain(Duration.ofSeconds(10))).isTrue();
        requireEcho(raw);
        raw.close();
    }

    @Test
    void oneThatNobodyHasAnyMoreIsClosed() throws Exception {
        forget();
        org.awaitility.Awaitility.await().until(() -> {
            System.gc();
            return server.connections() == 0;
        });
    }

    private void forget() throws ConnectionException {
        requireEcho(upgraded(pool.connect(server.address())).takeOver());
        assertThat(server.takenOver()).isOne();
    }
}

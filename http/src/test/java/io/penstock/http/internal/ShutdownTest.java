package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakenOver;
import io.penstock.net.Connection;
import io.penstock.net.Scope;
import io.penstock.testkit.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who has taken a connection over is listed, and told when the server stops. */
class ShutdownTest extends GroundTest {
    private static final String UPGRADE = request("GET", "/shell", "Connection: Upgrade", "Upgrade: tcp");

    private HttpService service(Handler handler) {
        return new HttpService(HttpServerOptions.DEFAULT, recorded(handler));
    }

    @Test
    void whoeverHasAConnectionSaysGoodbyeInItsOwnProtocol() throws Exception { // HS-37
        HttpService service = service(exchange -> {
            Connection raw = exchange.upgrade("tcp", Headers.of()).transfer(Scope.PROCESS);
            exchange.onShutdown(() -> {
                raw.send("bye\n");
                raw.close();
            });
            raw.send("ready\n");
        });
        try (var served = ground.serve(loops, service)) {
            served.send(UPGRADE);
            Await.until("it is taken over", () -> service.takenOver() == 1);
            assertThat(Await.stays(Duration.ofMillis(50), () -> service.takenOver() == 1))
                    .isTrue();
            service.drain();
            service.drain(); // once
            assertThat(served.receiveAll()).endsWith("\r\n\r\nready\nbye\n");
            Await.until("nothing is served", () -> service.busy() == 0);
        }
    }

    @Test
    void whoComesBehindTheBeginningIsToldAtOnceAndWhoIsOverIsNot() throws Exception {
        var told = new CountDownLatch(2);
        var drained = new CountDownLatch(1);
        HttpService service = service(exchange -> {
            if (exchange.request().path().equals("/over")) {
                exchange.onShutdown(() -> seen.add("too late"));
            } else {
                exchange.onShutdown(told::countDown);
                seen.add("waits");
                drained.await();
                exchange.onShutdown(told::countDown);
                assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
            }
            hello(exchange);
        });
        try (var served = ground.serve(loops, service)) {
            served.send(get("/over"));
            served.receiveAnswer();
            served.send(get("/"));
            Await.until("it waits", () -> seen.contains("waits"));
            service.drain();
            drained.countDown();
            assertThat(served.receiveAnswer()).contains("Connection: close\n").endsWith("hello /\n");
            assertThat(seen).doesNotContain("too late");
        }
    }

    @Test
    @Timeout(60)
    void whoIsInterruptedMeanwhileWaitsForNobody() throws Exception {
        HttpService service = service(exchange -> exchange.takeOver().receiveAll());
        try (var served = ground.serve(loops, service)) {
            served.send(get("/"));
            Await.until("it is taken over", () -> service.takenOver() == 1);
            Thread.currentThread().interrupt();
            assertThat(service.drain(Duration.ofHours(1), _ -> false)).isFalse();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(service.aborted()).isEqualTo(1);
        }
    }

    @Test
    void everyConnectionThatIsTakenOverIsListedWithItsTaker() throws Exception { // HS-39
        var leave = new CountDownLatch(1);
        Instant before = Instant.now().minusSeconds(1);
        HttpService service = service(exchange -> {
            Connection raw = exchange.upgrade("tcp", Headers.of());
            raw.send(textOf(raw, 2) + "!");
            leave.await();
            raw.transfer(Scope.PROCESS);
            raw.loop().spawn("other", () -> {
                raw.receiveAll();
                raw.close();
            });
        });
        try (var served = ground.serve(loops, service)) {
            assertThat(service.takeOvers()).isEmpty();
            served.send(UPGRADE + "ab");
            Await.until(
                    "it has moved something", () -> service.takeOvers().stream().anyMatch(each -> each.sent() == 3));
            assertThat(service.takeOvers()).hasSize(1);
            TakenOver taken = service.takeOvers().getFirst();
            assertThat(taken.protocol()).isEqualTo("tcp");
            assertThat(taken.exchange()).contains("GET /shell HTTP/1.1");
            assertThat(taken.place()).contains("ShutdownTest.java:");
            assertThat(taken.owner()).isEqualTo("exchange");
            assertThat(taken.received()).isEqualTo(2);
            assertThat(taken.since()).isBetween(before, Instant.now());
            leave.countDown();
            Await.until(
                    "it is the process's",
                    () -> service.takeOvers().stream()
                            .anyMatch(each -> each.owner().equals("process")));
            served.client().shutdownOutput();
            Await.until("it has ended", () -> service.takeOvers().isEmpty());
        }
    }

    @Test
    void whatIsGivenBackIsListedNoMoreAndEachIsTold() throws Exception { // HS-35
        var service = new HttpService(HttpServerOptions.DEFAULT, new Handler() {
            @Override
            public void handle(Exchange exchange) throws Exception {
                Connection raw = exchange.takeOver();
                raw.send(".");
                raw.resumeHttp();
            }

            @Override
            public void takenOver(Exchange exchange, TakenOver taken) {
                seen.add(taken.protocol() + " of " + exchange.request().path());
            }
        });
        try (var served = ground.serve(loops, service)) {
            served.send(get("/1") + get("/2"));
            assertThat(served.receive(2)).isEqualTo("..");
            Await.until("both are over", () -> service.takeOvers().isEmpty());
            assertThat(seen).containsExactly("raw of /1", "raw of /2");
        }
    }
}

package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.Await;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** How a handler that does not read learns that its client has gone. */
class ClientEndTest extends GroundTest {
    private final List<Reason> told = new CopyOnWriteArrayList<>();

    @Test
    void itIsNoticedBehindABodyAndRequestsThatNobodyReads() throws Exception { // 116#10, and what its peer is blind for
        String unread = request("POST", "/", "Content-Length: 20000") + "x".repeat(20_000) + get("/2");
        try (var served = serve(exchange -> {
            var end = new CompletableFuture<Reason>();
            exchange.onClientEnd(end::complete);
            assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.EOF);
            hello(exchange);
        })) {
            served.send(unread).client().shutdownOutput();
            assertThat(served.receiveAll()).contains("hello /\n").contains("hello /2\n");
            assertThat(seen).hasSize(2);
        }
    }

    @Test
    void aResetIsToldFromAnEnd() throws Exception {
        var end = new CompletableFuture<Reason>();
        var asked = new CompletableFuture<Boolean>();
        try (var served = serve(exchange -> {
            exchange.onClientEnd(end::complete);
            asked.complete(true);
            end.get(10, TimeUnit.SECONDS);
            assertThat(exchange.connection().inputEnd()).contains(Reason.RESET);
            hello(exchange);
        })) {
            served.send(request("POST", "/", "Content-Length: 20000") + "x".repeat(10_000));
            asked.get(10, TimeUnit.SECONDS);
            served.client().abort();
            assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.RESET);
        }
    }

    @Test
    void anEndThatIsKnownIsToldAtOnce() throws Exception {
        try (var served = serve(exchange -> {
            Connection client = exchange.connection();
            Await.until("the end is known", () -> client.inputEnd().isPresent());
            var end = new CompletableFuture<Thread>();
            exchange.onClientEnd(_ -> end.complete(Thread.currentThread()));
            assertThat(end.get(10, TimeUnit.SECONDS)).isNotSameAs(Thread.currentThread());
            assertThat(end.get().isVirtual()).isTrue();
            hello(exchange);
        })) {
            served.send(get("/")).client().shutdownOutput();
            assertThat(served.receiveAll()).endsWith("hello /\n");
        }
    }

    @Test
    void anExchangeThatIsOverIsToldNothing() throws Exception {
        try (var served = serve(exchange -> {
            // of the second the client may know the answer while the server is still at its end
            if (exchange.request().path().equals("/1")) exchange.onClientEnd(told::add);
            hello(exchange);
        })) {
            served.send(get("/1"));
            served.receiveAnswer();
            served.send(get("/2"));
            served.receiveAnswer();
            assertThat(served.awaitEnd()).isTrue();
            assertThat(Await.stays(Duration.ofMillis(50), told::isEmpty)).isTrue();
        }
    }

    @Test
    void aWishThatIsTakenBackIsToldNothing() throws Exception {
        try (var served = serve(exchange -> {
            var kept = new CompletableFuture<Reason>();
            var action = exchange.connection().onInputEnd(told::add);
            exchange.connection().onInputEnd(kept::complete);
            assertThat(action.cancel()).isTrue();
            assertThat(action.cancel()).isFalse();
            hello(exchange);
            kept.get(10, TimeUnit.SECONDS);
            assertThat(told).isEmpty();
        })) {
            served.send(get("/")).receiveAnswer();
            assertThat(served.awaitEnd()).isTrue();
        }
    }
}

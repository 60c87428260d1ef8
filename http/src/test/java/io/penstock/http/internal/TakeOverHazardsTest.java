package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.penstock.http.Exchange;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.internal.GuardedConnection;
import io.penstock.testkit.Await;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a take-over must not do to bodies, to whoever else has the connection, and to what the client believes. */
class TakeOverHazardsTest extends GroundTest {
    private static final String CHUNKED = "5\r\nhello\r\n0\r\n\r\n";

    /** What the server itself does with the connection, which no handler can. */
    private static Connection servers(Exchange exchange) {
        return ((GuardedConnection) exchange.connection()).unguarded();
    }

    @Test
    void aChunkedBodyThatWasBegunCannotBeHadRaw() throws Exception {
        for (int peeked : new int[] {1, 5, 8}) {
            try (var served = serve(exchange -> {
                exchange.body().peek(peeked);
                assertThatIllegalStateException()
                        .isThrownBy(() -> exchange.takeOver(UnreadBody.RAW))
                        .withMessageContaining("framing");
                assertThat(exchange.connection().origin()).isNotEqualTo(Origin.TAKEN_OVER);
                exchange.respond(200, text(exchange.body().receiveAll()));
            })) {
                served.sendInPieces(request("POST", "/", "Transfer-Encoding: chunked") + CHUNKED, 7);
                assertThat(served.receiveAnswer()).endsWith("\n\nhello");
            }
        }
    }

    @Test
    void whatIsHeldOfABodyStaysWithItWhereTheTakeOverIsRefused() throws Exception {
        try (var served = serve(exchange -> {
            exchange.body().peek(3);
            var stolen = new CompletableFuture<String>();
            Thread thief =
                    exchange.connection().loop().spawn("thief", () -> stolen.complete(textOf(servers(exchange), 2)));
            Await.until("it waits", () -> thief.getState() == Thread.State.WAITING);
            var busy = catchThrowableOfType(ConnectionException.class, () -> exchange.takeOver(UnreadBody.RAW));
            assertThat(busy.reason()).isEqualTo(Reason.BUSY_READING);
            exchange.inform(io.penstock.http.ResponseHead.of(103));
            exchange.respond(200, text(exchange.body().receive(3)) + "|" + stolen.get());
        })) {
            served.send(request("POST", "/", "Content-Length: 5", "Connection: close") + "hel");
            assertThat(served.client().receiveLine()).startsWith("HTTP/1.1 103");
            assertThat(served.client().receiveLine()).isEmpty();
            assertThat(served.send("lo").receiveAnswer()).endsWith("\n\nhel|lo");
        }
    }

    @Test
    void aBodyThatTheClientHoldsBackForGoodIsNotWaitedFor() throws Exception {
        try (var served = serve(exchange -> {
            exchange.respond(200, "no need");
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.takeOver(UnreadBody.drain(100)))
                    .withMessageContaining("continue");
            exchange.takeOver(UnreadBody.RAW).send("RAW");
        })) {
            served.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"));
            assertThat(served.receiveAll()).endsWith("no needRAW");
        }
    }

    @Test
    void theEndOfAnotherConnectionIsNoEndForTheClient() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            Connection.Pair origin = Connection.pair(raw.loop(), raw.loop());
            origin.second().send("half");
            origin.second().close();
            try (Connection from = origin.first()) {
                raw.send(from.receive(4));
                raw.send(from.receive(4));
            }
        })) {
            served.send(get("/"));
            var cut = catchThrowableOfType(ConnectionException.class, served::receiveAll);
            assertThat(cut).isNotNull();
            assertThat(cut.reason()).isEqualTo(Reason.RESET);
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void anInterruptedHandlerDoesNotEndAConnectionThatItHasTransferred() throws Exception {
        try (var served = serve(exchange -> {
            if (exchange.request().path().equals("/2")) {
                hello(exchange);
                return;
            }
            Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
            raw.loop().spawn("taker", () -> {
                raw.send(textOf(raw, 3));
                raw.resumeHttp();
            });
            Thread.currentThread().interrupt();
        })) {
            served.send(get("/1"));
            assertThat(Await.stays(Duration.ofMillis(50), () -> served.client().isOpen()))
                    .isTrue();
            assertThat(served.send("abc").receive(3)).isEqualTo("abc");
            assertThat(served.send(get("/2")).receiveAnswer()).endsWith("hello /2\n");
        }
    }

    @Test
    void aConnectionCanGoThereAndBackAnyNumberOfTimes() throws Exception {
        int times = 20_000;
        String batch = get("/raw").repeat(100);
        try (var served = serve(exchange -> {
            if (exchange.request().path().equals("/raw")) {
                Connection raw = exchange.takeOver();
                raw.send(".");
                raw.resumeHttp();
            } else {
                hello(exchange);
            }
        })) {
            for (int i = 0; i < times; i += 100)
                assertThat(served.send(batch).receive(100)).isEqualTo(".".repeat(100));
            served.send(request("GET", "/last", "Connection: close"));
            assertThat(served.receiveAll()).endsWith("hello /last\n");
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void aCorkThatWasForgottenHoldsBackNeitherItsAnswerNorTheNext() throws Exception {
        try (var served = serve(exchange -> {
            servers(exchange).cork();
            hello(exchange);
        })) {
            for (int i = 0; i < 3; i++) {
                assertThat(served.send(request("GET", "/")).receiveAnswer()).endsWith("hello /\n");
            }
        }
    }

    @Test
    void whoTakesOverFindsNoCork() throws Exception {
        try (var served = serve(exchange -> {
            servers(exchange).cork();
            Connection raw = exchange.takeOver();
            raw.send("raw\n");
            raw.receiveLine();
        })) {
            served.send(request("GET", "/"));
            assertThat(served.client().receiveLine()).isEqualTo("raw");
        }
    }

    @Test
    void theHandlersDeadlineHoldsWhileABodyIsDrainedAndBehindIt() throws Exception {
        String head = request("POST", "/", "Content-Length: 5");
        try (var served = serve(exchange -> {
            exchange.connection().deadline(Duration.ofMillis(150));
            var late = catchThrowableOfType(ConnectionException.class, () -> exchange.takeOver(UnreadBody.drain(5)));
            assertThat(late.reason()).isEqualTo(Reason.TIMEOUT);
            seen.add("late");
        })) {
            served.send(head + "he");
            assertThat(Await.within(Duration.ofSeconds(4), () -> seen.contains("late")))
                    .isTrue(); // the drain's own is 5 s
        }
        try (var served = serve(exchange -> {
            exchange.connection().deadline(Duration.ofMillis(300));
            Connection raw = exchange.takeOver(UnreadBody.drain(5));
            raw.send("drained");
            assertThat(catchThrowableOfType(ConnectionException.class, () -> raw.receive(1))
                            .reason())
                    .isEqualTo(Reason.TIMEOUT);
        })) {
            assertThat(served.send(head + "hello").receiveAll()).isEqualTo("drained");
        }
    }

    @Test
    void aDeadlineThatAHandlerForgotIsNotTheNextOnes() throws Exception {
        try (var served = serve(exchange -> {
            exchange.connection().deadline(Duration.ofMillis(50));
            hello(exchange);
        })) {
            served.send(get("/1")).receiveAnswer();
            assertThat(Await.stays(Duration.ofMillis(150), () -> served.client().isOpen()))
                    .isTrue();
            assertThat(served.send(get("/2")).receiveAnswer()).endsWith("hello /2\n");
        }
    }

    @Test
    void whoComesTooLateIsToldWhereItWasTakenOver() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.respond(200, "late"))
                    .withMessageContaining("TakeOverHazardsTest.java:")
                    .withMessageNotContaining("is answered");
            assertThatIllegalStateException()
                    .isThrownBy(exchange::takeOver)
                    .withMessageContaining("TakeOverHazardsTest.java:");
            raw.send("RAW");
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("RAW");
        }
    }
}

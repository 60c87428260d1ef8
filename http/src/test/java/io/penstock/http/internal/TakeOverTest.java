package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakenOverException;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A server's connection as a raw stream: what it delivers, what leaves before it, and who ends it. Numbers are OpenResty's tests. */
class TakeOverTest extends GroundTest {
    private static void raw(Exchange exchange) throws ConnectionException {
        exchange.takeOver().send("RAW");
    }

    private static ConnectionException failing(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        var thrown = new ConnectionException[1];
        assertThatExceptionOfType(ConnectionException.class).isThrownBy(call).satisfies(e -> thrown[0] = e);
        return thrown[0];
    }

    // ---- what leaves before it

    @Test
    void withNothingAnsweredTheRawBytesAreAllThereIs() throws Exception { // 116#2
        for (String head : List.of(
                get("/"),
                "GET / HTTP/1.0\r\n\r\n",
                request("HEAD", "/"),
                request("POST", "/", "Connection: close"),
                "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n")) {
            try (var served = serve(TakeOverTest::raw)) {
                assertThat(served.send(head).receiveAll()).isEqualTo("RAW");
                assertThat(served.awaitEnd()).isTrue();
            }
        }
    }

    @Test
    void aWholeAnswerGoesOutFirstHoweverLarge() throws Exception { // 117#1, and what its peer loses
        for (int size : new int[] {1, 1000, 1460, 300_000}) {
            String body = "x".repeat(size);
            try (var served = serve(exchange -> {
                exchange.respond(200, body);
                raw(exchange);
            })) {
                String answer = served.send(get("/")).receiveAll();
                assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n" + body + "RAW");
            }
        }
    }

    @Test
    void inTheMiddleOfAnAnswerItsFramingIsGoneOnWithByHand() throws Exception {
        try (var served = serve(exchange -> {
            exchange.start(ResponseHead.of(200)).send("one");
            exchange.takeOver().send("3\r\ntwo\r\n0\r\n\r\n");
        })) {
            assertThat(dateless(served.send(get("/")).receiveAll()))
                    .isEqualTo("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
        }
        try (var served = serve(exchange -> {
            exchange.start(ResponseHead.of(200, io.penstock.http.Headers.of("Content-Length", "5")));
            exchange.takeOver().send("hello");
        })) {
            assertThat(dateless(served.send(get("/")).receiveAll())).endsWith("Content-Length: 5\r\n\r\nhello");
        }
    }

    @Test
    void afterwardsTheExchangeAnswersNothingAndChangesNothing() throws Exception { // 116#4-8
        try (var served = serve(exchange -> {
            BodyOutput body = exchange.start(ResponseHead.of(200));
            body.send("one");
            Connection raw = exchange.takeOver();
            assertThat(exchange.committed()).isTrue();
            assertThatIllegalStateException().isThrownBy(() -> exchange.respond(200, "x"));
            assertThatIllegalStateException().isThrownBy(() -> exchange.start(ResponseHead.of(200)));
            assertThatIllegalStateException().isThrownBy(() -> exchange.inform(ResponseHead.of(103)));
            assertThatIllegalStateException().isThrownBy(() -> body.send("x"));
            assertThatIllegalStateException().isThrownBy(body::flush);
            assertThatIllegalStateException().isThrownBy(body::cork);
            assertThatIllegalStateException().isThrownBy(body::finish);
            assertThatIllegalStateException().isThrownBy(exchange::takeOver).withMessageContaining("already");
            raw.send("RAW");
        })) {
            assertThat(served.send(get("/")).receiveAll()).endsWith("\r\n\r\n3\r\none\r\nRAW");
        }
    }

    @Test
    void closingAStreamOfTheOldBodiesDoesNothing() throws Exception { // HS-13
        try (var served = serve(exchange -> {
            Connection raw;
            try (var _ = exchange.body().inputStream();
                    var out = exchange.start(ResponseHead.of(200)).outputStream()) {
                out.write("one".getBytes(StandardCharsets.US_ASCII));
                raw = exchange.takeOver(UnreadBody.RAW);
            }
            raw.send(raw.receive(5));
        })) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello");
            assertThat(served.receiveAll()).endsWith("\r\n\r\n3\r\none\r\nhello");
        }
    }

    @Test
    void nothingIsWrittenToAskWhetherAnybodyHasTheConnection() throws Exception { // HS-23, HS-24
        try (var served = serve(exchange -> {
            BodyOutput body = exchange.start(ResponseHead.of(200));
            assertThat(exchange.takenOver()).isFalse();
            assertThat(body.send(new byte[0])).isZero();
            Connection raw = exchange.takeOver();
            assertThat(exchange.takenOver()).isTrue();
            for (var each : List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                    () -> body.send(new byte[0]),
                    () -> body.send(""),
                    body::flush,
                    () -> body.send("x"),
                    () -> exchange.respond(500, "x"),
                    () -> exchange.inform(ResponseHead.of(103)),
                    exchange::takeOver)) {
                assertThatExceptionOfType(TakenOverException.class)
                        .isThrownBy(each)
                        .withMessageContaining("TakeOverTest.java:");
            }
            assertThat(failing(() -> exchange.body().receive(1)).reason()).isEqualTo(Reason.CLOSED);
            raw.send("RAW");
        })) {
            assertThat(served.send(get("/")).receiveAll()).endsWith("\r\n\r\nRAW");
        }
    }

    @Test
    void anUnansweredExchangeStaysSoWhenItIsTakenOver() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            assertThatIllegalStateException()
                    .isThrownBy(() -> exchange.respond(200, "x"))
                    .withMessageContaining("took it over");
            assertThatIllegalStateException().isThrownBy(() -> exchange.start(ResponseHead.of(200)));
            assertThatIllegalStateException().isThrownBy(() -> exchange.inform(ResponseHead.of(103)));
            assertThat(exchange.status()).isZero();
            raw.send("RAW");
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("RAW");
        }
    }

    // ---- what it delivers

    @Test
    void whatWasReceivedAlreadyComesFirstWhereverItWasCut() throws Exception { // 116#1, #13
        String sent = request("POST", "/", "Content-Length: 5") + "hello" + get("/never");
        for (int cut = 1; cut < sent.length(); cut++) {
            try (var served = serve(exchange -> {
                Connection raw = exchange.takeOver(UnreadBody.RAW);
                raw.send(raw.receiveAll());
            })) {
                served.send(sent.substring(0, cut)).send(sent.substring(cut));
                served.client().shutdownOutput();
                assertThat(served.receiveAll()).isEqualTo("hello" + get("/never"));
                assertThat(seen).containsExactly("POST / HTTP/1.1");
                seen.clear();
            }
        }
    }

    @Test
    void aPartlyReadBodyGoesOnWhereItWasLeft() throws Exception {
        String chunked = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nEXTRA";
        for (int size : new int[] {1, 3, 7, 1000}) {
            assertThat(rest(size, request("POST", "/", "Content-Length: 5") + "helloEXTRA", 3))
                    .isEqualTo("loEXTRA");
            assertThat(rest(size, request("POST", "/", "Content-Length: 5") + "helloEXTRA", 5))
                    .isEqualTo("EXTRA");
            assertThat(rest(size, request("POST", "/", "Transfer-Encoding: chunked") + chunked, 0))
                    .isEqualTo(chunked);
            assertThat(rest(size, request("POST", "/", "Transfer-Encoding: chunked") + chunked, -1))
                    .isEqualTo("EXTRA");
        }
    }

    /** What a raw connection delivers behind so many bytes of the body, or behind all of it. */
    private String rest(int pieces, String sent, int read) throws Exception {
        try (var served = serve(exchange -> {
            if (read < 0) exchange.body().receiveAll();
            else exchange.body().receive(read);
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            raw.send(raw.receiveAll());
        })) {
            served.sendInPieces(sent, pieces);
            served.client().shutdownOutput();
            return served.receiveAll();
        }
    }

    @Test
    void aChunkedBodyCanBeReadByHand() throws Exception { // 116#15
        String sent = request("POST", "/", "Transfer-Encoding: chunked")
                + "5 \r\nhey, \r\nb ; x=y\r\nhello world\r\n0\r\n\r\n";
        for (int size : new int[] {1, 2, 1000}) {
            try (var served = serve(exchange -> {
                Connection raw = exchange.takeOver(UnreadBody.RAW);
                var body = new StringBuilder();
                while (true) {
                    int count = Integer.parseInt(raw.receiveLine().split("[ ;]", 2)[0], 16);
                    if (count == 0) break;
                    body.append(textOf(raw, count));
                    assertThat(raw.receiveLine()).isEmpty();
                }
                raw.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
            })) {
                served.sendInPieces(sent, size);
                assertThat(served.receiveAnswer()).endsWith("\n\nhey, hello world");
            }
        }
    }

    @Test
    void aLaterRequestOfAPipelineCanBeTakenOver() throws Exception {
        try (var served = serve(exchange -> {
            if (exchange.request().path().equals("/2")) {
                Connection raw = exchange.takeOver();
                raw.send("[" + textOf(raw, 3) + "]");
            } else {
                hello(exchange);
            }
        })) {
            assertThat(served.send(get("/1") + get("/2") + "abc").receiveAll()).endsWith("hello /1\n[abc]");
        }
    }

    @Test
    void theEndOfTheClientsStreamIsTheEndOfInputAndNothingElse() throws Exception {
        var ended = new CountDownLatch(1);
        try (var served = serve(exchange -> {
            exchange.onClientEnd(_ -> ended.countDown());
            assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
            Connection raw = exchange.takeOver();
            assertThat(raw.inputEnd()).contains(Reason.EOF);
            raw.send(textOf(raw, 3));
            assertThat(raw.receiveAll()).isEmpty();
            raw.send(bytes(300_000));
        })) {
            served.send(get("/") + "abc").client().shutdownOutput();
            byte[] answer = served.client().receiveAll();
            assertThat(answer).hasSize(300_003).startsWith('a', 'b', 'c');
        }
    }

    // ---- an unread body

    @Test
    void anUnreadBodyRefusesTheTakeOverAndNothingChanges() throws Exception {
        for (String body : List.of(
                "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")) {
            for (int read = 0; read < 5; read++) {
                int count = read;
                try (var served = serve(exchange -> {
                    if (exchange.request().method().equals("GET")) {
                        hello(exchange);
                        return;
                    }
                    String first = text(exchange.body().receive(count));
                    assertThatIllegalStateException()
                            .isThrownBy(exchange::takeOver)
                            .withMessageContaining("UnreadBody.RAW");
                    assertThat(exchange.connection().origin()).isNotEqualTo(Origin.TAKEN_OVER);
                    exchange.respond(200, first + text(exchange.body().receiveAll()));
                })) {
                    served.send("POST / HTTP/1.1\r\nHost: x\r\n" + body + get("/2"));
                    assertThat(served.receiveAnswer())
                            .startsWith("HTTP/1.1 200")
                            .endsWith("hello");
                    assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 200");
                }
            }
        }
    }

    @Test
    void anUnreadBodyIsDrainedUpToALimit() throws Exception {
        for (String body : List.of(
                "Content-Length: 5\r\n\r\nhello",
                "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")) {
            for (int read = 0; read <= 5; read++) {
                int count = read;
                try (var served = serve(exchange -> {
                    exchange.body().receive(count);
                    Connection raw = exchange.takeOver(UnreadBody.drain(5 - count));
                    raw.send("[" + textOf(raw, 5) + "]");
                })) {
                    served.send("POST / HTTP/1.1\r\nHost: x\r\n" + body + "EXTRA");
                    assertThat(served.receiveAll()).isEqualTo("[EXTRA]");
                }
                if (read == 5) break;
                try (var served = serve(exchange -> {
                    if (exchange.request().method().equals("GET")) {
                        hello(exchange);
                        return;
                    }
                    exchange.body().receive(count);
                    assertThat(failing(() -> exchange.takeOver(UnreadBody.drain(4 - count)))
                                    .reason())
                            .isEqualTo(Reason.TOO_LONG);
                    exchange.respond(413, "too long");
                })) {
                    served.send("POST / HTTP/1.1\r\nHost: x\r\n" + body + get("/2"));
                    assertThat(served.receiveAnswer())
                            .startsWith("HTTP/1.1 413")
                            .endsWith("too long");
                }
            }
        }
    }

    @Test
    void aClientThatWaitsIsNotAskedToContinueUnlessItsBodyIsRead() throws Exception {
        String head = request("POST", "/", "Content-Length: 5", "Expect: 100-continue");
        try (var served = serve(exchange -> exchange.takeOver(UnreadBody.RAW).send("RAW"))) {
            assertThat(served.send(head).receiveAll()).isEqualTo("RAW");
        }
        Handler reading = exchange -> {
            exchange.body().receiveAll();
            raw(exchange);
        };
        for (Handler handler : List.of(
                reading, exchange -> exchange.takeOver(UnreadBody.drain(5)).send("RAW"))) {
            try (var served = serve(handler)) {
                assertThat(served.send(head).receive(25)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
                assertThat(served.send("hello").receiveAll()).isEqualTo("RAW");
            }
        }
    }

    @Test
    void aBodyThatIsTooLongToBeDrainedIs413() throws Exception {
        try (var served = serve(exchange -> exchange.takeOver(UnreadBody.drain(4)))) {
            served.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
            assertThat(served.receiveAnswer()).startsWith("HTTP/1.1 413").contains("longer than is taken");
        }
    }

    @Test
    void theOldBodyCannotStealFromTheRawConnection() throws Exception {
        try (var served = serve(exchange -> {
            var stream = exchange.body().inputStream();
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            assertThat(failing(() -> exchange.body().receive(1)).reason()).isEqualTo(Reason.CLOSED);
            assertThat(failing(() -> exchange.body().peek(1)).reason()).isEqualTo(Reason.CLOSED);
            assertThat(failing(stream::read).reason()).isEqualTo(Reason.CLOSED);
            stream.close();
            raw.send(textOf(raw, 5));
        })) {
            served.send(request("POST", "/", "Content-Length: 5")).send("hello");
            assertThat(served.receiveAll()).isEqualTo("hello");
        }
    }

    @Test
    void aBodyThatAnotherThreadReadsIsLeftToIt() throws Exception { // 116#14
        try (var served = serve(exchange -> {
            var read = new CompletableFuture<String>();
            Thread reader = exchange.connection()
                    .loop()
                    .spawn("reader", () -> read.complete(text(exchange.body().receive(5))));
            Await.until("the reader waits", () -> reader.getState() == Thread.State.WAITING);
            assertThat(failing(() -> exchange.takeOver(UnreadBody.RAW)).reason())
                    .isEqualTo(Reason.BUSY_READING);
            exchange.inform(ResponseHead.of(103));
            exchange.respond(200, read.get());
        })) {
            served.send(request("POST", "/", "Content-Length: 5"));
            assertThat(served.client().receiveLine()).isEqualTo("HTTP/1.1 103 Early Hints");
            assertThat(served.client().receiveLine()).isEmpty();
            assertThat(served.send("hello").receiveAnswer()).endsWith("\n\nhello");
        }
    }

    // ---- time

    @Test
    void theTimersOfHttpAreGone() throws Exception {
        Duration brief = Duration.ofMillis(100);
        var options = HttpServerOptions.DEFAULT.withTimeouts(brief, brief, brief, brief);
        try (var served = serve(options, exchange -> {
            exchange.body().receive(5);
            Connection raw = exchange.takeOver();
            assertThat(raw.origin()).isEqualTo(Origin.TAKEN_OVER);
            assertThat(raw.timeouts()).isEqualTo(Timeouts.DEFAULT);
            raw.send(textOf(raw, 4));
        })) {
            served.send(request("POST", "/", "Content-Length: 5") + "hello");
            assertThat(Await.stays(Duration.ofMillis(300), () -> served.client().buffered() == 0))
                    .isTrue();
            assertThat(served.send("late").receiveAll()).isEqualTo("late");
        }
    }

    @Test
    void aReadThatTimesOutGivesWhatCameAndTheStreamGoesOn() throws Exception { // 116#9
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            raw.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(100)));
            ConnectionException first = failing(() -> raw.receive(10));
            assertThat(first.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(text(first.partial())).isEqualTo("ab");
            assertThat(failing(() -> raw.receive(10)).partial()).isEmpty();
            raw.send("still here");
        })) {
            assertThat(served.send(request("POST", "/", "Content-Length: 10") + "ab")
                            .receiveAll())
                    .isEqualTo("still here");
        }
    }

    @Test
    void aReaderAndAWriterWithTimeoutsOfTheirOwnDoNotDisturbEachOther() throws Exception { // 131#1
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(150)).withWrite(Duration.ofSeconds(20)));
            var timedOut = new CompletableFuture<ConnectionException>();
            raw.loop().spawn("reader", () -> timedOut.complete(failing(() -> raw.receive(10))));
            raw.send(bytes(2_000_000)); // parks: the client takes nothing before the reader has given up
            assertThat(timedOut.get().reason()).isEqualTo(Reason.TIMEOUT);
            raw.send("the end");
        })) {
            served.send(get("/"));
            assertThat(Await.stays(Duration.ofMillis(300), () -> served.client().isOpen()))
                    .isTrue();
            assertThat(served.client().receiveAll())
                    .hasSize(2_000_007)
                    .endsWith("the end".getBytes(StandardCharsets.US_ASCII));
        }
    }

    @Test
    void aSendThatNobodyTakesTimesOutAndReadingGoesOn() throws Exception { // 117#2
        var failed = new CompletableFuture<ConnectionException>();
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.timeouts(Timeouts.DEFAULT.withWrite(Duration.ofMillis(100)));
            failed.complete(failing(() -> raw.send(bytes(50_000_000))));
            assertThat(failing(() -> raw.send("x")).reason()).isEqualTo(Reason.CLOSED);
            seen.add(textOf(raw, 5));
        })) {
            served.send(get("/"));
            assertThat(failed.get(10, TimeUnit.SECONDS).reason()).isEqualTo(Reason.TIMEOUT);
            served.send("still");
            Await.until("it was read", () -> seen.contains("still"));
            // the peer must not take what it has got for the whole (065#20)
            assertThat(failing(() -> served.client().receiveAll(100_000_000)).reason())
                    .isEqualTo(Reason.RESET);
        }
    }

    @Test
    void itReceivesInEveryWayOverAnyNumberOfPackets() throws Exception { // 116#11, #12, #16
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver(UnreadBody.RAW);
            raw.send(raw.receiveUntil("rld").next());
            raw.send(raw.receiveAny(10));
            assertThat(failing(() -> raw.receive(10)).reason()).isEqualTo(Reason.EOF);
        })) {
            served.send(request("POST", "/", "Content-Length: 14"))
                    .send("hello")
                    .send(", wo")
                    .send("rld");
            assertThat(served.receive(9)).isEqualTo("hello, wo");
            assertThat(served.send("abc").receive(3)).isEqualTo("abc");
            served.client().shutdownOutput();
            assertThat(served.receiveAll()).isEmpty();
        }
    }

    // ---- who ends it

    @Test
    void whatWasSentArrivesAlthoughSomethingWasLeftUnread() throws Exception {
        byte[] large = bytes(1_000_000);
        try (var served = serve(exchange -> exchange.takeOver(UnreadBody.RAW).send(large))) {
            served.send(request("POST", "/", "Content-Length: 50000") + "x".repeat(50_000));
            assertThat(served.client().receiveAll()).isEqualTo(large);
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void aHandlerThatFailsAfterwardsAbortsTheConnection() throws Exception {
        try (var served = serve(exchange -> {
            exchange.takeOver().send("RAW");
            throw new IllegalArgumentException("on purpose");
        })) {
            served.send(get("/"));
            assertThat(failing(served::receiveAll).reason()).isEqualTo(Reason.RESET);
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void aHandlerThatReadsToTheEndHasNotFailed() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            while (true) raw.send(raw.receiveLine() + "!\n");
        })) {
            served.send(get("/") + "a\nb\n").client().shutdownOutput();
            assertThat(served.receiveAll()).isEqualTo("a!\nb!\n");
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void itCanBeClosedAnyTimeAndByHalves() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.send("bye");
            raw.close();
            assertThat(raw.isOpen()).isFalse();
            assertThat(failing(() -> raw.send("x")).reason()).isEqualTo(Reason.CLOSED);
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("bye");
            assertThat(served.awaitEnd()).isTrue();
        }
        var heard = new CompletableFuture<String>();
        try (var served = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.send("that is all");
            raw.shutdownOutput();
            heard.complete(text(raw.receiveAll()));
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("that is all");
            served.send("and this is mine").client().shutdownOutput();
            assertThat(heard.get(10, TimeUnit.SECONDS)).isEqualTo("and this is mine");
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void transferredItOutlivesItsHandler() throws Exception {
        var kept = new CompletableFuture<Connection>();
        for (boolean failing : new boolean[] {false, true}) {
            kept = new CompletableFuture<>();
            var keeper = kept;
            try (var served = serve(exchange -> {
                keeper.complete(exchange.takeOver().transfer(Scope.PROCESS));
                if (failing) throw new IllegalArgumentException("on purpose");
            })) {
                served.send(get("/") + "abc");
                Connection raw = kept.get(10, TimeUnit.SECONDS);
                assertThat(Await.stays(Duration.ofMillis(50), raw::isOpen)).isTrue();
                raw.send(raw.receive(3));
                assertThat(served.receive(3)).isEqualTo("abc");
                raw.close();
                assertThat(served.receiveAll()).isEmpty();
                assertThat(served.awaitEnd()).isTrue();
            }
        }
    }

    @Test
    void transferredItIsStillTheServersToAbort() throws Exception {
        var kept = new CompletableFuture<Connection>();
        var service = new HttpService(
                HttpServerOptions.DEFAULT,
                recorded(exchange -> kept.complete(exchange.takeOver().transfer(Scope.PROCESS))));
        try (var served = ground.serve(loops, service)) {
            served.send(get("/"));
            Connection raw = kept.get(10, TimeUnit.SECONDS);
            assertThat(Await.stays(Duration.ofMillis(50), () -> service.busy() == 1))
                    .isTrue();
            service.abort();
            assertThat(failing(() -> raw.receive(1)).reason()).isEqualTo(Reason.CLOSED);
            Await.until("nothing is served", () -> service.busy() == 0);
        }
    }

    @Test
    void itEndsWithTheScopeItWasTakenOverIn() throws Exception {
        try (var served = serve(exchange -> {
            Connection raw;
            try (var _ = Scope.open("inner")) {
                raw = exchange.takeOver();
                raw.send("RAW");
            }
            assertThat(failing(() -> raw.receive(1)).reason()).isEqualTo(Reason.CLOSED);
        })) {
            assertThat(served.send(get("/")).receiveAll()).isEqualTo("RAW");
            assertThat(served.awaitEnd()).isTrue();
        }
    }

    @Test
    void itStaysTheServersToCountAndToAbort() throws Exception {
        var ending = new CompletableFuture<Reason>();
        var service = new HttpService(HttpServerOptions.DEFAULT, recorded(exchange -> {
            Connection raw = exchange.takeOver();
            raw.send("RAW");
            try {
                raw.receive(1);
            } catch (ConnectionException e) {
                ending.complete(e.reason());
                throw e;
            }
        }));
        try (var served = ground.serve(loops, service)) {
            assertThat(served.send(get("/")).receive(3)).isEqualTo("RAW");
            assertThat(service.busy()).isEqualTo(1);
            service.drain();
            service.closeIdle();
            assertThat(Await.stays(Duration.ofMillis(50), () -> !ending.isDone()))
                    .isTrue();
            service.abort();
            assertThat(ending.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.CLOSED);
            Await.until("nothing is served", () -> service.busy() == 0);
        }
    }

    @Test
    void anExchangeThatIsOverCannotBeTakenOver() throws Exception {
        var kept = new CompletableFuture<Exchange>();
        try (var served = serve(exchange -> {
            hello(exchange);
            kept.complete(exchange);
        })) {
            served.send(get("/1"));
            served.receiveAnswer();
            served.send(get("/2"));
            served.receiveAnswer();
            assertThatIllegalStateException()
                    .isThrownBy(() -> kept.get().takeOver())
                    .withMessageContaining("is over");
        }
    }
}

package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServerOptions;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A request's body on its way to the origin. */
class UploadTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final String MEGABYTE = "x".repeat(1 << 20);

    private static void await(CountDownLatch latch) throws InterruptedException {
        assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aBodyIsPassedOnWhileItComes() throws Exception {
        var first = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    assertThat(wire.read(3)).asString().isEqualTo("abc");
                    first.countDown();
                    assertThat(wire.read(3)).asString().isEqualTo("def");
                    wire.sendRaw(Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 6").send("abc");
            await(first);
            client.send("def");
            assertThat(client.answer("POST").body()).isEqualTo("ok");
            TransactionRecord record = rig.record();
            assertThat(record.received()).isEqualTo(6);
            assertThat(record.sent()).isEqualTo(2);
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
        }
    }

    @Test
    void aBodyInChunksIsCountedWithoutItsFraming() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Transfer-Encoding: chunked")
                    .send("3\nabc\n")
                    .send("4\ndefg\n0\n\n");
            assertThat(client.answer("POST").body()).isEqualTo("ok");
            assertThat(origin.request().body()).isEqualTo("abcdefg");
            assertThat(rig.record().received()).isEqualTo(7);
        }
    }

    @Test
    void connectionsAreReusedBehindUploadsOfBothKinds() throws Exception {
        try (var origin = Origin.replying(request -> "HTTP/1.1 200 OK\r\nContent-Length: "
                        + String.valueOf(request.bytes().length).length() + "\r\n\r\n" + request.bytes().length);
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) {
                client.sendHead("PUT", "/", "Content-Length: 1048576").send(MEGABYTE);
                assertThat(client.answer("PUT").body()).isEqualTo("1048576");
                client.sendHead("PUT", "/", "Transfer-Encoding: chunked")
                        .send("80000\n" + MEGABYTE.substring(1 << 19) + "\n3\nabc\n")
                        .send("0\n\n");
                assertThat(client.answer("PUT").body()).isEqualTo("524291");
            }
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void aClientThatExpects100IsToldByTheOriginAndNotBefore() throws Exception {
        var heard = new CountDownLatch(1);
        var told = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    assertThat(self.takeHead(wire).field("Expect")).isEqualTo("100-continue");
                    heard.countDown();
                    await(told);
                    wire.sendRaw("HTTP/1.1 100 Continue\r\n\r\n");
                    assertThat(wire.read(3)).asString().isEqualTo("abc");
                    wire.sendRaw(Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Expect: 100-continue", "Content-Length: 3");
            await(heard);
            assertThat(client.in().available())
                    .as("nothing is said for the origin")
                    .isZero();
            told.countDown();
            assertThat(client.answer("POST").start()).isEqualTo("HTTP/1.1 100 Continue");
            client.send("abc");
            assertThat(client.answer("POST").body()).isEqualTo("ok");
        }
    }

    @Test
    void aFinalAnswerInThePlaceOf100IsPassedOnWithoutTheBody() throws Exception {
        for (int status : new int[] {417, 401, 200}) {
            try (var origin = Origin.of((wire, self) -> {
                        self.takeHead(wire);
                        wire.sendRaw("HTTP/1.1 " + status + " X\r\nContent-Length: 2\r\n\r\nno");
                        assertThat(wire.isAtEnd())
                                .as("not one byte of the body")
                                .isTrue();
                    });
                    var rig = Rig.before(origin).start();
                    var client = rig.client()) {
                client.sendHead("POST", "/", "Expect: 100-continue", "Content-Length: 3");
                Message answer = client.answer("POST");
                assertThat(answer.status()).isEqualTo(status);
                assertThat(answer.field("Connection")).isEqualTo("close");
                assertThat(client.isAtEnd()).isTrue();
                assertThat(rig.record().endedBy()).isEqualTo(EndedBy.NOBODY);
                org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
            }
        }
    }

    @Test
    void anOriginThatKnowsNothingOf100IsSentTheBodyAllTheSame() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Expect: 100-continue", "Content-Length: 3");
            assertThat(client.answer("POST").status()).isEqualTo(100);
            client.send("abc");
            assertThat(client.answer("POST").body()).isEqualTo("ok");
            assertThat(origin.request().body()).isEqualTo("abc");
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void aBodyThatComesWithItsHeadDoesNotWaitLongFor100() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw("HTTP/1.1 100 Continue\r\n\r\n");
                    assertThat(wire.read(3)).asString().isEqualTo("abc");
                    wire.sendRaw(Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.send("POST / HTTP/1.1\nHost: a\nExpect: 100-continue\nContent-Length: 3\n\nabc");
            Message answer = client.answer("POST");
            if (answer.status() == 100) answer = client.answer("POST");
            assertThat(answer.body()).isEqualTo("ok");
        }
    }

    @Test
    void anAnswerThatComesEarlyIsPassedOnWhileTheClientStillUploads() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw("HTTP/1.1 413 Too Much\r\nContent-Length: 3\r\n\r\nno!");
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 1000000").send("begun");
            Message answer = client.answer("POST");
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.body()).isEqualTo("no!");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(413);
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
            org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void anOriginThatAnswersWithSuccessBeforeItHasReadTheBodyGetsAllOfIt() throws Exception {
        var read = new CompletableFuture<Integer>();
        try (var origin = Origin.of((wire, self) -> {
                    Message head = self.takeHead(wire);
                    wire.sendRaw(Origin.OK);
                    read.complete(head.withBody(wire.in(), false).bytes().length);
                    self.take(wire);
                    wire.sendRaw(Origin.OK);
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: " + 2 * MEGABYTE.length())
                    .send(MEGABYTE);
            assertThat(client.answer("POST").body()).isEqualTo("ok");
            client.send(MEGABYTE);
            assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(2 * MEGABYTE.length());
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(origin.connections()).isEqualTo(1);
            TransactionRecord record = rig.record();
            assertThat(record.received()).isEqualTo(2 * MEGABYTE.length());
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
        }
    }

    @Test
    void aClientThatHasEndedItsSideStillGetsItsAnswer() throws Exception {
        try (var origin = Origin.replying(request -> "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + request.body());
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 3").send("abc");
            client.shutdownOutput();
            assertThat(client.answer("POST").body()).isEqualTo("abc");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void theRestOfABodyThatTheOriginDidNotWantIsNeverTakenForARequest() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    Message head = self.takeHead(wire);
                    wire.sendRaw(
                            head.method().equals("POST") ? "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n" : Origin.OK);
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            String smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
            client.sendHead("POST", "/", "Content-Length: " + (3 + smuggled.length()))
                    .send("abc");
            assertThat(client.answer("POST").status()).isEqualTo(400);
            client.sendRaw(smuggled);
            assertThat(client.get("/next").status()).isEqualTo(200);
            assertThat(origin.requests()).extracting(Message::target).containsExactly("/", "/next");
        }
    }

    @Test
    void bothDirectionsStreamAtTheSameTime() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    for (int i = 0; i < 10; i++) {
                        assertThat(wire.line()).isEqualTo("1");
                        String got = wire.line();
                        wire.sendRaw("1\r\n" + got + "\r\n");
                    }
                    assertThat(wire.line()).isEqualTo("0");
                    assertThat(wire.line()).isEmpty();
                    wire.sendRaw("0\r\n\r\n");
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Transfer-Encoding: chunked").send("1\n0\n");
            assertThat(client.head().status()).isEqualTo(200);
            for (int i = 0; i < 10; i++) {
                assertThat(client.line()).isEqualTo("1");
                assertThat(client.line()).isEqualTo(String.valueOf(i));
                client.send(i < 9 ? "1\n" + (i + 1) + "\n" : "0\n\n");
            }
            assertThat(client.line()).isEqualTo("0");
            assertThat(client.line()).isEmpty();
            assertThat(rig.record().received()).isEqualTo(10);
        }
    }

    @Test
    void aSlowUploadIsNotTakenForASlowAnswer() throws Exception {
        var pieces = 6;
        var taken = new java.util.concurrent.Semaphore(0);
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    for (int i = 0; i < pieces; i++) {
                        assertThat(wire.read(1)).hasSize(1);
                        taken.release();
                    }
                    wire.sendRaw(Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).readTimeout(Duration.ofMillis(200)).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: " + pieces);
            for (int i = 0; i < pieces; i++) {
                assertThat(taken.tryAcquire(i, 10, TimeUnit.SECONDS)).isTrue();
                taken.release(i);
                // longer than the origin's read timeout in all, never longer than the client's in one
                java.util.concurrent.locks.LockSupport.parkNanos(
                        Duration.ofMillis(100).toNanos());
                client.send("x");
            }
            assertThat(client.answer("POST").status()).isEqualTo(200);
        }
    }

    @Test
    void anOriginThatTakesTheBodyAndSaysNothingStillTimesOut() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).readTimeout(Duration.ofMillis(200)).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 3").send("a").send("bc");
            assertThat(client.answer("POST").status()).isEqualTo(504);
            assertThat(rig.record().phase()).isEqualTo(Phase.READ_RESPONSE_HEAD);
        }
    }

    @Test
    void aClientThatStopsWithinItsBodyIsTold408() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin)
                        .server(HttpServerOptions.DEFAULT.withTimeouts(
                                Duration.ofSeconds(5),
                                Duration.ofSeconds(5),
                                Duration.ofMillis(200),
                                Duration.ofSeconds(5)))
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 6").send("abc");
            Message answer = client.answer("POST");
            assertThat(answer.status()).isEqualTo(408);
            assertThat(answer.field("Connection")).isEqualTo("close");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(408);
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(record.received()).isEqualTo(3);
            org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aMalformedChunkIs400AndTheOriginSeesAnIncompleteRequest() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    assertThat(new String(wire.in().readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1))
                            .doesNotContain("0\r\n\r\n");
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Transfer-Encoding: chunked")
                    .send("3\nabc\n")
                    .send("zz\nabc\n0\n\n");
            assertThat(client.answer("POST").status()).isEqualTo(400);
            assertThat(client.isAtEnd()).isTrue();
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(400);
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aChunkedBodyAboveTheLimitIs413() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin)
                        .server(HttpServerOptions.DEFAULT.withBody(10, 10))
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Transfer-Encoding: chunked")
                    .send("8\nabcdefgh\n")
                    .send("8\nabcdefgh\n");
            assertThat(client.answer("POST").status()).isEqualTo(413);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.CLIENT);
        }
    }

    @Test
    void aClientThatLeavesWithinItsBodyEndsTheTransactionAndTheOriginsConnection() throws Exception {
        var begun = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    begun.countDown();
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin).start()) {
            for (boolean reset : List.of(true, false)) {
                Wire client = rig.client();
                client.sendHead("POST", "/", "Content-Length: 1000").send("abc");
                await(begun);
                if (reset) client.reset();
                else client.close();
                TransactionRecord record = rig.record();
                assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
                assertThat(record.status()).isZero();
                assertThat(record.phase()).isEqualTo(Phase.READ_RESPONSE_HEAD);
                org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
            }
        }
    }

    @Test
    void aClientThatLeavesWithinItsBodyWhileItIsAnsweredIsNamedInTheRecord() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                    wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 1000").send("abc");
            assertThat(client.head().status()).isEqualTo(200);
            client.shutdownOutput();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(record.phase()).isEqualTo(Phase.SEND_RESPONSE);
        }
    }

    @Test
    void whatAPluginHasReadOfABodyTheOriginDoesNotGet() throws Exception {
        for (boolean chunked : List.of(false, true)) {
            try (var origin = Origin.replying(Origin.OK);
                    var rig = Rig.before(origin)
                            .plugin(penstock -> penstock.on(
                                    Hook.READ_REQUEST_HEAD,
                                    transaction -> transaction
                                            .body()
                                            .receive(
                                                    transaction.request().path().length())))
                            .start();
                    var client = rig.client()) {
                String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 8";
                String body = chunked ? "8\nabcdefgh\n0\n\n" : "abcdefgh";
                client.sendHead("POST", "/ab", framing).send(body);
                assertThat(client.answer("POST").body()).isEqualTo("ok");
                assertThat(origin.requests().getLast().body()).isEqualTo("defgh");
                client.sendHead("POST", "/abcdefg", framing).send(body);
                assertThat(client.answer("POST").body()).isEqualTo("ok");
                assertThat(origin.requests().getLast().body()).isEmpty();
                assertThat(rig.record().received()).isEqualTo(8);
            }
        }
    }

    @Test
    void aPluginMayPeekAndPutBackAndTheOriginGetsEverything() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            byte[] begin = transaction.body().receive(4);
                            transaction.body().unread(java.nio.ByteBuffer.wrap(begin));
                            if (new String(begin, java.nio.charset.StandardCharsets.US_ASCII).equals("evil")) {
                                transaction.respond(403, "no");
                            }
                        }))
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Content-Length: 8").send("good").send("body");
            assertThat(client.answer("POST").body()).isEqualTo("ok");
            assertThat(origin.request().body()).isEqualTo("goodbody");
            client.sendHead("POST", "/", "Content-Length: 8").send("evilbody");
            assertThat(client.answer("POST").status()).isEqualTo(403);
            client.sendHead("POST", "/", "Content-Length: 4").send("evil");
            assertThat(client.answer("POST").status()).isEqualTo(403);
            assertThat(origin.requests()).hasSize(1);
        }
    }

    @Test
    void aPluginThatMeetsABadBodyIsNotBlamedForIt() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(
                                Hook.READ_REQUEST_HEAD,
                                transaction -> transaction.body().receiveAll()))
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/", "Transfer-Encoding: chunked").send("zz\n");
            assertThat(client.answer("POST").status()).isEqualTo(400);
            assertThat(client.isAtEnd()).isTrue();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(origin.connections()).isZero();
        }
    }

    @Test
    void aPluginThatRefusesAnAnswerMidUploadLeavesNothingRunning() throws Exception {
        for (boolean fails : List.of(false, true)) {
            try (var _ = Captured.log();
                    var origin = Origin.of((wire, self) -> {
                        self.takeHead(wire);
                        wire.sendRaw(Origin.OK);
                        wire.in().transferTo(java.io.OutputStream.nullOutputStream());
                    });
                    var rig = Rig.before(origin)
                            .plugin(penstock -> penstock.on(Hook.READ_RESPONSE_HEAD, transaction -> {
                                if (fails) throw new IllegalArgumentException("on purpose");
                                transaction.respond(502, "replaced");
                            }))
                            .start();
                    var client = rig.client()) {
                client.sendHead("POST", "/", "Content-Length: 1000").send("abc");
                Message answer = client.answer("POST");
                assertThat(answer.status()).isEqualTo(fails ? 500 : 502);
                org.awaitility.Awaitility.await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
                client.send("x".repeat(997));
                if (!answer.has("Connection"))
                    assertThat(client.get("/").status()).isEqualTo(fails ? 500 : 502);
            }
        }
    }
}

package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Timeouts;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the client is told when an origin fails, and what is tried before that. */
class OriginFailureTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static void assertPage(Message page, int status, String phase, String error) {
        assertThat(page.status()).isEqualTo(status);
        assertThat(page.body()).contains("phase:    " + phase + "\n").contains("upstream: web\n");
        assertThat(page.field("Proxy-Status")).isEqualTo("penstock; error=" + error + "; details=\"" + phase + "\"");
    }

    private static void assertRecord(TransactionRecord record, int status, EndedBy by, Phase phase) {
        assertThat(record.status()).isEqualTo(status);
        assertThat(record.endedBy()).isEqualTo(by);
        assertThat(record.phase()).isEqualTo(phase);
    }

    @Test
    void originsAreAskedInTurn() throws Exception {
        try (var one = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
                var two = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
                var three = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3");
                var rig = Rig.before(one.address(), two.address(), three.address())
                        .start();
                var client = rig.client()) {
            var answers = new StringBuilder();
            for (int i = 0; i < 9; i++) answers.append(client.get("/").body());
            assertThat(answers.toString()).isEqualTo("123123123");
        }
    }

    @Test
    void aDeadOriginIsPassedOverWithoutTheClientNoticing() throws Exception {
        SocketAddress dead = Origin.dead();
        try (var alive = Origin.replying(Origin.OK);
                var rig = Rig.before(dead, alive.address()).start();
                var client = rig.client()) {
            for (int i = 0; i < 6; i++) assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(alive.requests()).hasSize(6);
            TransactionRecord first = rig.record();
            assertThat(first.attempts()).isEqualTo(2);
            assertThat(first.origin()).isEqualTo(alive.address());
            assertThat(rig.record().attempts()).as("while the dead one rests").isEqualTo(1);
        }
    }

    @Test
    void anOriginThatCameBackIsAskedAgain() throws Exception {
        SocketAddress dead = Origin.dead();
        try (var alive = Origin.replying("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nalive");
                var rig = Rig.before(dead, alive.address()).start();
                var client = rig.client()) {
            assertThat(client.get("/").body()).isEqualTo("alive");
            try (var server = new ServerSocket()) {
                server.setReuseAddress(true);
                server.bind(dead);
                Thread.ofVirtual().start(() -> {
                    try (Socket socket = server.accept()) {
                        var wire = new Wire(socket);
                        while (wire.request() != null) wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback");
                    } catch (IOException _) {
                        // the test is over
                    }
                });
                await().atMost(Rig.LIMIT).until(() -> client.get("/").body().equals("back"));
            }
        }
    }

    @Test
    void whenAllOriginsAreDeadTheClientIsTold502AtConnect() throws Exception {
        try (var rig = Rig.before(Origin.dead(), Origin.dead()).start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) {
                assertPage(client.get("/"), 502, "connect", "connection_refused");
                TransactionRecord record = rig.record();
                assertRecord(record, 502, EndedBy.ORIGIN, Phase.CONNECT);
                assertThat(record.attempts()).isEqualTo(2);
                assertThat(record.upstream()).isEqualTo("web");
                assertThat(record.connectNanos()).isEqualTo(-1);
                assertThat(record.firstByteNanos()).isEqualTo(-1);
            }
        }
    }

    @Test
    void anOriginThatDoesNotAcceptInTimeIs504AtConnect() throws Exception {
        // a full backlog: the operating system answers nothing to the next one
        var fillers = new ArrayList<Socket>();
        try (var full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 4; i++) {
                var filler = new Socket();
                fillers.add(filler);
                try {
                    filler.connect(full.getLocalSocketAddress(), 100);
                } catch (IOException _) {
                    break; // it is full
                }
            }
            try (var rig = Rig.before(full.getLocalSocketAddress())
                            .timeouts(Timeouts.DEFAULT.withConnect(Duration.ofMillis(300)))
                            .start();
                    var client = rig.client()) {
                assertPage(client.get("/"), 504, "connect", "connection_timeout");
                assertRecord(rig.record(), 504, EndedBy.ORIGIN, Phase.CONNECT);
            }
        } finally {
            for (Socket filler : fillers) filler.close();
        }
    }

    @Test
    void anOriginThatDoesNotAnswerInTimeIs504AtReadResponseHead() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).readTimeout(Duration.ofMillis(200)).start();
                var client = rig.client()) {
            assertPage(client.get("/"), 504, "read-response-head", "connection_read_timeout");
            assertRecord(rig.record(), 504, EndedBy.ORIGIN, Phase.READ_RESPONSE_HEAD);
            assertThat(origin.requests()).as("never asked twice").hasSize(1);
            await("the origin's connection to end").atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aFullPoolIs503() throws Exception {
        var busy = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    busy.await(10, TimeUnit.SECONDS);
                    wire.sendRaw(Origin.OK);
                });
                var rig = Rig.before(origin).pool(1, 0).start();
                var client = rig.client();
                var other = rig.client()) {
            client.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> origin.requests().size() == 1);
            assertPage(other.get("/"), 503, "connect", "connection_limit_reached");
            assertRecord(rig.record(), 503, EndedBy.PENSTOCK, Phase.CONNECT);
            busy.countDown();
            assertThat(client.answer("GET").body()).isEqualTo("ok");
        }
    }

    @Test
    void atTheLimitARequestWaitsAndIsAnswered() throws Exception {
        var busy = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    busy.await(10, TimeUnit.SECONDS);
                    wire.sendRaw(Origin.OK);
                    self.take(wire);
                    wire.sendRaw(Origin.OK);
                });
                var rig = Rig.before(origin).pool(1, 1).start();
                var client = rig.client();
                var other = rig.client()) {
            client.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> origin.requests().size() == 1);
            other.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> rig.upstream().stats().queued() == 1);
            busy.countDown();
            assertThat(client.answer("GET").body()).isEqualTo("ok");
            assertThat(other.answer("GET").body()).isEqualTo("ok");
            assertThat(rig.upstream().stats().dialled()).isOne();
        }
    }

    @Test
    void waitingInVainForAConnectionIs503() throws Exception {
        var busy = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    busy.await(10, TimeUnit.SECONDS);
                    wire.sendRaw(Origin.OK);
                });
                var rig = Rig.before(origin)
                        .pool(1, 1)
                        .timeouts(io.penstock.net.Timeouts.DEFAULT.withConnect(java.time.Duration.ofMillis(500)))
                        .start();
                var client = rig.client();
                var other = rig.client()) {
            client.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> origin.requests().size() == 1);
            assertPage(other.get("/"), 503, "connect", "connection_limit_reached");
            assertRecord(rig.record(), 503, EndedBy.PENSTOCK, Phase.CONNECT);
            busy.countDown();
            assertThat(client.answer("GET").body()).isEqualTo("ok");
        }
    }

    @Test
    void anAnswerThatIsNotHttpIs502() throws Exception {
        for (String nonsense : new String[] {
            "SSH-2.0-OpenSSH_9.6\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        }) {
            try (var origin = Origin.replying(nonsense);
                    var rig = Rig.before(origin).start();
                    var client = rig.client()) {
                assertPage(client.get("/"), 502, "read-response-head", "http_protocol_error");
                assertRecord(rig.record(), 502, EndedBy.ORIGIN, Phase.READ_RESPONSE_HEAD);
                assertThat(origin.requests()).hasSize(1);
                await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
            }
        }
    }

    @Test
    void anOriginThatEndsTheConnectionWithoutAnAnswerIs502AndNotAskedAgain() throws Exception {
        try (var origin = Origin.of((wire, self) -> self.take(wire));
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            assertPage(client.get("/"), 502, "read-response-head", "connection_terminated");
            assertThat(origin.requests()).hasSize(1);
            assertThat(rig.record().attempts()).isEqualTo(1);
        }
    }

    @Test
    void anOriginThatEndsWithinItsHeadIs502() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nConte");
                });
                var rig = Rig.before(origin).start()) {
            assertPage(rig.get("/"), 502, "read-response-head", "connection_terminated");
        }
    }

    /** Answers the first request of each connection and dies at the second, after it has received it, and possibly begun to answer. */
    private static Origin dyingAtTheSecond(String lastWords) throws IOException {
        return Origin.of((wire, self) -> {
            boolean first = self.connections() == 1;
            self.take(wire);
            wire.sendRaw(Origin.OK);
            if (!first) return;
            self.take(wire);
            wire.sendRaw(lastWords);
            wire.reset();
        });
    }

    @Test
    void anIdempotentRequestIsRepeatedWhenAKeptConnectionDiedBeforeItsFirstByte() throws Exception {
        for (String method : new String[] {"GET", "HEAD", "OPTIONS", "DELETE", "PUT"}) {
            try (var origin = dyingAtTheSecond("");
                    var rig = Rig.before(origin).start();
                    var client = rig.client()) {
                client.get("/");
                rig.record();
                client.sendHead(method, "/again");
                assertThat(Message.head(client.in()).status()).as(method).isEqualTo(200);
                assertThat(origin.requests()).hasSize(3);
                TransactionRecord record = rig.record();
                assertThat(record.attempts()).isEqualTo(2);
                assertThat(record.reused())
                        .as("the last attempt was on a fresh connection")
                        .isFalse();
                assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
            }
        }
    }

    @Test
    void aRequestThatMayNotBeRepeatedIsNot() throws Exception {
        for (String request : new String[] {
            "POST / HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
            "PATCH / HTTP/1.1\nHost: a\n\n",
            "PROPFIND / HTTP/1.1\nHost: a\n\n",
            "PUT / HTTP/1.1\nHost: a\nContent-Length: 1\n\nx",
            "GET / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n0\n\n",
        }) {
            try (var origin = dyingAtTheSecond("");
                    var rig = Rig.before(origin).start();
                    var client = rig.client()) {
                client.get("/");
                client.send(request);
                assertThat(client.answer("GET").status()).as(request).isEqualTo(502);
                assertThat(origin.requests()).hasSize(2);
                assertThat(origin.connections()).isEqualTo(1);
            }
        }
    }

    @Test
    void nothingIsRepeatedOnceAByteOfAnAnswerHasCome() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(Origin.OK);
                    self.take(wire);
                    wire.sendRaw("H");
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.get("/");
            assertPage(client.get("/"), 502, "read-response-head", "connection_terminated");
            assertThat(origin.requests()).hasSize(2);
        }
    }

    @Test
    void aTimeoutOnAKeptConnectionIsNotRepeated() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(Origin.OK);
                    self.take(wire);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).readTimeout(Duration.ofMillis(200)).start();
                var client = rig.client()) {
            client.get("/");
            assertThat(client.get("/").status()).isEqualTo(504);
            assertThat(origin.requests()).hasSize(2);
        }
    }

    @Test
    void aRepeatedRequestIsRepeatedOnlyOnce() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    boolean first = self.connections() == 1;
                    self.take(wire);
                    if (first) {
                        wire.sendRaw(Origin.OK);
                        self.take(wire);
                    }
                    wire.reset();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.get("/");
            rig.record();
            assertThat(client.get("/").status()).isEqualTo(502);
            assertThat(origin.requests()).hasSize(3);
            TransactionRecord record = rig.record();
            assertThat(record.attempts()).isEqualTo(2);
            assertThat(record.connectNanos()).isNotNegative();
        }
    }

    @Test
    void anOriginThatDiesWithinItsBodyLeavesTheClientWithAnIncompleteMessage() throws Exception {
        for (String begun : new String[] {
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n",
        }) {
            try (var origin = Origin.of((wire, self) -> {
                        self.take(wire);
                        wire.sendRaw(begun);
                    });
                    var rig = Rig.before(origin).start();
                    var client = rig.client()) {
                client.sendHead("GET", "/");
                assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> client.answer("GET")))
                        .as("an incomplete answer")
                        .isInstanceOf(IOException.class);
                assertRecord(rig.record(), 200, EndedBy.ORIGIN, Phase.SEND_RESPONSE);
            }
        }
    }

    @Test
    void anOriginThatStallsWithinItsBodyIsGivenUp() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).readTimeout(Duration.ofMillis(200)).start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> client.answer("GET")))
                    .isInstanceOf(IOException.class);
            assertRecord(rig.record(), 200, EndedBy.ORIGIN, Phase.SEND_RESPONSE);
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void anOriginThatIsKilledAndComesBackIsUsedAgainWithoutARestart() throws Exception {
        InetSocketAddress address;
        try (var origin = Origin.replying(Origin.OK)) {
            address = origin.address();
            try (var rig = Rig.before(address).start();
                    var client = rig.client()) {
                assertThat(client.get("/").status()).isEqualTo(200);
                origin.close();
                assertThat(client.get("/").status()).isEqualTo(502);
                try (var server = new ServerSocket()) {
                    server.setReuseAddress(true);
                    server.bind(address);
                    Thread.ofVirtual().start(() -> {
                        try (Socket socket = server.accept()) {
                            var wire = new Wire(socket);
                            while (wire.request() != null) wire.sendRaw(Origin.OK);
                        } catch (IOException _) {
                            // the test is over
                        }
                    });
                    assertThat(client.get("/").status()).isEqualTo(200);
                }
            }
        }
    }
}

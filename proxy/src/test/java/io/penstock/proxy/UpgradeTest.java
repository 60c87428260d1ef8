package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Timeouts;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Upgrades on their way to an origin and back: the table P1 to P10, and the rules RP-1 to RP-24, of the specification of take-over. */
class UpgradeTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final String ASK = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    private static final String SWITCH = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

    /** What the origin has received, told by its scripts. */
    private final LinkedBlockingQueue<String> received = new LinkedBlockingQueue<>();

    private String received() throws InterruptedException {
        String text = received.poll(10, TimeUnit.SECONDS);
        assertThat(text).as("what the origin has received").isNotNull();
        return text;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static String all(Wire wire) throws IOException {
        return text(wire.in().readAllBytes());
    }

    private static Rig.Setup before(Origin origin) throws Exception {
        return Rig.before(origin).upgrades("tcp", "websocket");
    }

    /** Answers 101, tells what comes until the end, and ends. */
    private Origin switching() throws IOException {
        return Origin.of((wire, self) -> {
            self.take(wire);
            wire.sendRaw(SWITCH);
            received.add(all(wire));
        });
    }

    // ---- P1 to P10

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void p1EarlyBytesGoFirst(Scheduler scheduler) throws Exception {
        try (var origin = switching();
                var rig = before(origin).scheduler(scheduler).start();
                var client = rig.client()) {
            client.sendRaw(ASK + "EARLY");
            assertThat(client.head().status()).isEqualTo(101);
            client.sendRaw("DATA");
            client.shutdownOutput();
            assertThat(received()).isEqualTo("EARLYDATA");
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void p2AnyOfTheOfferedProtocolsMayBeChosen() throws Exception {
        try (var origin = switching();
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw("GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: tcp, websocket\r\n\r\n");
            Message head = client.head();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.field("Upgrade")).isEqualTo("tcp");
            assertThat(head.field("Connection")).isEqualTo("Upgrade");
            assertThat(origin.request().field("Upgrade")).isEqualTo("tcp, websocket");
            client.shutdownOutput();
            assertThat(received()).isEmpty();
        }
    }

    @Test
    void p3AnotherProtocolThanThoseOfferedIsABadGatewayAndTheOriginIsClosed() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH.replace("tcp", "h2c"));
                    received.add("end: " + wire.isAtEnd());
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.answer("GET").status()).isEqualTo(502);
            assertThat(received()).isEqualTo("end: true");
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.ORIGIN);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void p4AClientThatHalfClosesGetsTheRest(Scheduler scheduler) throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH);
                    received.add(all(wire));
                    wire.sendRaw("TAIL");
                });
                var rig = before(origin).scheduler(scheduler).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.head().status()).isEqualTo(101);
            client.sendRaw("DATA");
            client.shutdownOutput();
            assertThat(all(client)).isEqualTo("TAIL");
            assertThat(received()).isEqualTo("DATA");
        }
    }

    @Test
    void p5AnOriginThatHalfClosesGetsTheRest() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH + "BYE");
                    wire.shutdownOutput();
                    received.add(all(wire));
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.head().status()).isEqualTo(101);
            assertThat(all(client)).isEqualTo("BYE");
            client.sendRaw("LATE");
            client.shutdownOutput();
            assertThat(received()).isEqualTo("LATE");
        }
    }

    @Test
    void p6ABodyGoesBeforeTheTunnel() throws Exception {
        try (var origin = switching();
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(
                    "POST /exec HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n{}");
            Message head = client.head();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.fields()).noneMatch(field -> field.startsWith("Content-Length"));
            assertThat(origin.request().body()).isEqualTo("{}");
            client.sendRaw("DATA");
            client.shutdownOutput();
            assertThat(received()).isEqualTo("DATA");
        }
    }

    @Test
    void p7InterimAnswersGoOnAndNothingAboutABodyDoes() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.send("""
                            HTTP/1.1 103 Early Hints
                            Link: </a>

                            HTTP/1.1 101 Switching Protocols
                            Connection: upgrade, X-Hop
                            Upgrade: tcp
                            Keep-Alive: timeout=5
                            Content-Length: 7
                            Transfer-Encoding: chunked
                            X-Hop: 1
                            X-A: 1

                            """);
                    wire.isAtEnd();
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.head().status()).isEqualTo(103);
            Message head = client.head();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.field("X-A")).isEqualTo("1");
            assertThat(head.fields())
                    .noneMatch(field -> field.matches("(?i)(keep-alive|content-length|transfer-encoding|x-hop):.*"));
        }
    }

    @Test
    void p8FieldsOfOneHopStayHere() throws Exception {
        try (var origin = switching();
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw("GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade, X-Hop\r\nX-Hop: 1\r\n"
                    + "Upgrade: tcp\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\n");
            assertThat(client.head().status()).isEqualTo(101);
            Message request = origin.request();
            assertThat(request.fields())
                    .filteredOn(field -> field.startsWith("Connection:") || field.startsWith("Upgrade:"))
                    .containsExactlyInAnyOrder("Connection: Upgrade", "Upgrade: tcp");
            assertThat(request.fields()).noneMatch(field -> field.matches("(?i)(x-hop|keep-alive|accept-encoding):.*"));
            client.shutdownOutput();
        }
    }

    @Test
    void p9A101ThatNobodyHasAskedForIsABadGatewayAndTheOriginIsClosed() throws Exception {
        for (String head : List.of(SWITCH, "HTTP/1.1 101 X\r\n\r\n")) {
            for (String request : List.of("GET / HTTP/1.1\r\nHost: h\r\n\r\n", ASK.replace("tcp", "other"))) {
                try (var origin = Origin.of((wire, self) -> {
                            self.take(wire);
                            wire.sendRaw(head);
                            received.add("end: " + wire.isAtEnd());
                        });
                        var rig = before(origin).start();
                        var client = rig.client()) {
                    client.sendRaw(request);
                    assertThat(client.answer("GET").status()).isEqualTo(502);
                    assertThat(received()).isEqualTo("end: true");
                }
            }
        }
    }

    @Test
    void p10WhatIsHiddenBehindADeclinedUpgradeIsNoRequest() throws Exception {
        try (var origin = Origin.replying("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
            Message answer = client.answer("GET");
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.field("Connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
            assertThat(origin.request().target()).isEqualTo("/x");
            assertThat(rig.record().status()).isEqualTo(401);
        }
    }

    // ---- the rest of the rules

    @Test
    void rp1WithoutTheWordInConnectionThereIsNoOffer() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw("GET / HTTP/1.1\r\nHost: h\r\nUpgrade: tcp\r\n\r\n");
            assertThat(client.answer("GET").status()).isEqualTo(200);
            client.sendRaw("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
            assertThat(client.answer("GET").status()).isEqualTo(200);
            assertThat(origin.requests()).hasSize(2).allMatch(request -> request.field("Upgrade") == null);
        }
    }

    @Test
    void rp2AnOfferThatIsNotPrintableGoesNowhere() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK.replace("tcp", "tcp, \u00fc"));
            assertThat(client.answer("GET").status()).isEqualTo(502);
            assertThat(origin.connections()).isZero();
        }
    }

    @Test
    void rp6OnlyWhatTheRouteAllowsIsPassedOn() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.get("/", "Connection: Upgrade", "Upgrade: h2c");
            client.get("/", "Connection: Upgrade", "Upgrade: h2c, WebSocket/13, tcp");
            client.get("/", "Connection: Upgrade", "Upgrade: , ,");
            assertThat(origin.requests().get(0).field("Upgrade")).isNull();
            assertThat(origin.requests().get(0).field("Connection")).isNull();
            assertThat(origin.requests().get(1).field("Upgrade")).isEqualTo("WebSocket/13");
            assertThat(origin.requests().get(2).field("Upgrade")).isNull();
        }
    }

    @Test
    void rp8AnUpgradeThatIsDeclinedIsAnOrdinaryExchange() throws Exception {
        try (var origin = Origin.replying(
                        "HTTP/1.1 426 Upgrade Required\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\nno");
                var rig = before(origin).start();
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) {
                Message answer = client.get("/", "Connection: Upgrade", "Upgrade: tcp");
                assertThat(answer.status()).isEqualTo(426);
                assertThat(answer.field("Upgrade")).isEqualTo("tcp"); // a 426 has to name it: RFC 9110 §15.5.22
                assertThat(answer.field("Connection")).isEqualTo("Upgrade");
                assertThat(answer.body()).isEqualTo("no");
            }
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @Test
    void rp13AHookMayVeto() throws Exception {
        for (Hook<Transaction> hook : List.of(Hook.READ_RESPONSE_HEAD, Hook.SEND_RESPONSE_HEAD)) {
            try (var origin = Origin.of((wire, self) -> {
                        self.take(wire);
                        wire.sendRaw(SWITCH);
                        try {
                            received.add("end: " + wire.isAtEnd());
                        } catch (IOException e) {
                            received.add("reset");
                        }
                    });
                    var rig = before(origin)
                            .plugin(penstock -> penstock.on(hook, transaction -> {
                                if (transaction.response().status() == 101) transaction.respond(403, "no");
                            }))
                            .start();
                    var client = rig.client()) {
                client.sendRaw(ASK);
                assertThat(client.answer("GET").body()).isEqualTo("no");
                received();
                assertThat(rig.record().takenOver()).isNull();
            }
        }
    }

    @Test
    void rp17AndRp23BytesBehindTheHeadComeAtOnce() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH + "HELLO");
                    wire.sendRaw(text(wire.read(4)).toUpperCase(Locale.ROOT));
                    wire.isAtEnd();
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            assertThat(client.read(5)).asString().isEqualTo("HELLO");
            client.sendRaw("ping");
            assertThat(client.read(4)).asString().isEqualTo("PING");
        }
    }

    @Test
    void rp18AResetOfOneIsAResetOfTheOther() throws Exception {
        var reset = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH + "x");
                    reset.await(10, TimeUnit.SECONDS);
                    wire.reset();
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            client.read(1);
            reset.countDown();
            assertThatIOException().isThrownBy(client::isAtEnd);
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.ORIGIN);
            assertThat(record.takenOver().cause()).isEqualTo("reset");
        }
    }

    @Test
    void rp24NoOriginIs502AndASilentOneIs504() throws Exception {
        try (var rig = Rig.alone().upgrades("tcp").start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.answer("GET").status()).isEqualTo(502);
        }
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.isAtEnd();
                });
                var rig = before(origin)
                        .timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(200)))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            assertThat(client.answer("GET").status()).isEqualTo(504);
        }
    }

    @Test
    void aConnectionThatWasUsedForAnUpgradeHasLeftThePool() throws Exception {
        try (var origin = switching();
                var rig = before(origin).pool(1, 0).start();
                var first = rig.client();
                var second = rig.client()) {
            first.sendRaw(ASK);
            assertThat(first.head().status()).isEqualTo(101);
            second.sendRaw(ASK); // the limit is one
            assertThat(second.head().status()).isEqualTo(101);
            assertThat(rig.upstream().stats().open()).isZero();
            first.shutdownOutput();
            second.shutdownOutput();
            assertThat(first.isAtEnd()).isTrue();
            assertThat(second.isAtEnd()).isTrue();
        }
    }

    @Test
    void aBodyThatIsStillComingGoesWholeBeforeTheTunnel() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw(SWITCH); // before it has the body
                    received.add(text(wire.read(10)));
                    received.add(all(wire));
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n01234");
            await().atMost(Rig.LIMIT).until(() -> origin.requests().size() == 1);
            client.sendRaw("56789DATA");
            assertThat(client.head().status()).isEqualTo(101);
            client.shutdownOutput();
            assertThat(received()).isEqualTo("0123456789");
            assertThat(received()).isEqualTo("DATA");
        }
    }

    @Test
    void anOriginThatIsLostBeforeItHasTheBodyIsABadGateway() throws Exception {
        var lost = new CountDownLatch(1);
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw("HTTP/1.1 103 Early Hints\r\n\r\n" + SWITCH);
                    lost.await(10, TimeUnit.SECONDS);
                    wire.reset();
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n01234");
            assertThat(client.head().status()).isEqualTo(103);
            lost.countDown();
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
            client.sendRaw("56789");
            assertThat(client.answer("POST").status()).isEqualTo(502);
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.ORIGIN);
        }
    }

    @Test
    void r6AClientThatWaitsIsAskedForItsBodyBeforeTheSwitch() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.takeHead(wire);
                    wire.sendRaw(SWITCH); // without a 100
                    received.add(all(wire));
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
                    + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
            assertThat(client.head().status()).isEqualTo(100);
            client.sendRaw("{}");
            assertThat(client.head().status()).isEqualTo(101);
            client.shutdownOutput();
            assertThat(received()).isEqualTo("{}");
        }
    }

    @Test
    void headsMayBeCutAnywhere() throws Exception {
        String head = SWITCH + "HELLO";
        try (var origin = Origin.of((wire, self) -> {
                    int at = Integer.parseInt(self.take(wire).field("X-Cut"));
                    wire.sendRaw(head.substring(0, at));
                    wire.sendRaw(head.substring(at));
                    received.add(all(wire));
                });
                var rig = before(origin).start()) {
            for (int cut = 1; cut < head.length(); cut++) {
                String request = ASK.replace("Host", "X-Cut: " + cut + "\r\nHost") + "EARLY";
                int at = Math.min(cut, request.length() - 1);
                try (var client = rig.client()) {
                    client.sendRaw(request.substring(0, at));
                    client.sendRaw(request.substring(at));
                    assertThat(client.head().status()).isEqualTo(101);
                    client.shutdownOutput();
                    assertThat(all(client)).isEqualTo("HELLO");
                    assertThat(received()).isEqualTo("EARLY");
                }
            }
        }
    }

    @Test
    void itIsToldWhenItBeginsAndWhenItEndsWithTheBytesOfBothEnds() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    wire.sendRaw(SWITCH + "HELLO");
                    received.add(all(wire));
                    wire.sendRaw("BYE");
                });
                var rig = before(origin).start();
                var client = rig.client()) {
            client.sendRaw(
                    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n{}");
            client.head();
            TransactionRecord begun = rig.takeOver();
            assertThat(begun.status()).isEqualTo(101);
            assertThat(begun.endedBy()).isNull();
            assertThat(begun.phase()).isEqualTo(Phase.TAKEN_OVER);
            assertThat(begun.takenOver()).isEqualTo(new TransactionRecord.TakenOver("tcp", 0, 0, 0, null));
            assertThat(begun.upstream()).isEqualTo("web");
            assertThat(rig.recordsLeft()).isZero();
            assertThat(rig.server().takenOver()).isEqualTo(1);

            client.sendRaw("DATA");
            client.shutdownOutput();
            assertThat(all(client)).isEqualTo("HELLOBYE");
            TransactionRecord ended = rig.record();
            assertThat(ended.id()).isEqualTo(begun.id());
            assertThat(ended.endedBy()).isEqualTo(EndedBy.NOBODY);
            assertThat(ended.phase()).isEqualTo(Phase.TAKEN_OVER);
            assertThat(ended.received()).isEqualTo(6);
            assertThat(ended.takenOver().received()).isEqualTo(4);
            assertThat(ended.takenOver().sent()).isEqualTo(8);
            assertThat(ended.takenOver().cause()).isEqualTo("complete");
            assertThat(ended.takenOver().nanos()).isPositive();
        }
    }
}

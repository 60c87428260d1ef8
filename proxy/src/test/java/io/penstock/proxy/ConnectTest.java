package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Headers;
import io.penstock.net.Connection;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Relay;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CONNECT of a forward proxy: what it may reach, what goes over it, and what becomes of whoever is refused. */
class ConnectTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    /** Says hello first, as servers of some protocols do, then echoes until the end, and says goodbye. */
    private static Origin greeting() throws IOException {
        return Origin.of((wire, _) -> {
            wire.sendRaw("HELLO");
            wire.in().transferTo(wire.out());
            wire.sendRaw("BYE");
        });
    }

    private static String connect(String target) {
        return "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
    }

    private static String to(Origin origin) {
        return "127.0.0.1:" + origin.address().getPort();
    }

    private static String all(Wire wire) throws IOException {
        return new String(wire.in().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aTunnelHasEarlyBytesFirstAndBothHalvesEndForThemselves(Scheduler scheduler) throws Exception {
        try (var origin = greeting();
                var rig = Rig.alone()
                        .scheduler(scheduler)
                        .connect(ConnectOptions.to(ConnectTarget.of(to(origin))))
                        .start();
                var client = rig.client()) {
            client.sendRaw(connect(to(origin)) + "\u0016\u0003\u0001");
            Message head = client.head();
            assertThat(head.start()).isEqualTo("HTTP/1.1 200 Connection established");
            assertThat(head.fields())
                    .noneMatch(field -> field.matches("(?i)(content-length|transfer-encoding|via):.*"));
            client.sendRaw("more");
            client.shutdownOutput();
            assertThat(all(client)).isEqualTo("HELLO\u0016\u0003\u0001moreBYE");

            assertThat(rig.takeOver().takenOver().protocol()).isEqualTo("connect");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(200);
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
            assertThat(record.origin()).isEqualTo(origin.address());
            assertThat(record.takenOver().received()).isEqualTo(7);
            assertThat(record.takenOver().sent()).isEqualTo(15);
            assertThat(record.takenOver().cause()).isEqualTo("complete");
        }
    }

    @Test
    void itIsOffUnlessTheListenerHasIt() throws Exception {
        try (var origin = greeting();
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendRaw(connect(to(origin)) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            Message answer = client.answer("CONNECT");
            assertThat(answer.status()).isEqualTo(501);
            assertThat(answer.field("Connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
            assertThat(origin.connections()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"other.example:443", "sub.example.com:80", "example.com:443", "10.0.0.1:443", "[::1]:443"})
    void whatIsNotAllowedIsRefusedAndTheConnectionCloses(String target) throws Exception {
        try (var rig = Rig.alone()
                        .connect(ConnectOptions.to(
                                ConnectTarget.of("*.example.com:443"), ConnectTarget.of("192.0.2.1:*")))
                        .start();
                var client = rig.client()) {
            client.sendRaw(connect(target) + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
            Message answer = client.answer("CONNECT");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.field("Connection")).isEqualTo("close");
            assertThat(client.isAtEnd()).isTrue();
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PENSTOCK);
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"})
    void addressesOfTheInsideAreRefusedWhateverLeadsToThem(String host) throws Exception {
        try (var origin = greeting()) {
            String target = host + ":" + origin.address().getPort();
            try (var captured = Captured.infoOf(ConnectLeg.class);
                    var rig = Rig.alone()
                            .connect(ConnectOptions.to(ConnectTarget.of("*:*")))
                            .start();
                    var client = rig.client()) {
                client.sendRaw(connect(target));
                assertThat(client.answer("CONNECT").status()).isEqualTo(403);
                assertThat(origin.connections()).isZero();
                assertThat(captured.lines())
                        .filteredOn(line -> line.startsWith("INFO") && line.contains(target + " leads to "))
                        .singleElement()
                        .asString()
                        .contains("an address of the inside", "`internal: true`");
            }
        }
    }

    @Test
    void addressesOfTheInsideCanBeAllowed() throws Exception {
        try (var origin = greeting()) {
            String target = "localhost:" + origin.address().getPort();
            try (var rig = Rig.alone()
                            .connect(ConnectOptions.to(ConnectTarget.of("localhost:*"))
                                    .withInternal(true))
                            .start();
                    var client = rig.client()) {
                client.sendRaw(connect(target));
                assertThat(client.head().status()).isEqualTo(200);
                client.shutdownOutput();
                assertThat(all(client)).isEqualTo("HELLOBYE");
            }
        }
    }

    @Test
    void whoeverIsNotThereIsABadGateway() throws Exception {
        InetSocketAddress dead = Origin.dead();
        String target = "127.0.0.1:" + dead.getPort();
        try (var rig = Rig.alone()
                        .connect(ConnectOptions.to(ConnectTarget.of(target)))
                        .start();
                var client = rig.client()) {
            client.sendRaw(connect(target));
            Message answer = client.answer("CONNECT");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.body()).contains("phase:    connect", "target:   " + target, "refused");
            assertThat(client.isAtEnd()).isTrue();
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.ORIGIN);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 2", "Transfer-Encoding: chunked"})
    void aBodyIsRefused(String field) throws Exception {
        try (var rig = Rig.alone()
                        .connect(ConnectOptions.to(ConnectTarget.of("*:*")))
                        .start();
                var client = rig.client()) {
            client.sendRaw("CONNECT a.example:1 HTTP/1.1\r\nHost: a.example:1\r\n" + field + "\r\n\r\n");
            assertThat(client.answer("CONNECT").status()).isEqualTo(400);
            assertThat(client.isAtEnd()).isTrue();
        }
    }

    @Test
    void hooksSeeItAndMayVetoOrSendItElsewhere() throws Exception {
        try (var origin = greeting();
                var rig = Rig.alone()
                        .connect(ConnectOptions.to(ConnectTarget.of("*.example.com:443")))
                        .plugin(penstock -> {
                            penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                                if (transaction.request().target().startsWith("no")) transaction.respond(407, "who?");
                            });
                            penstock.on(Hook.ORIGIN_RESOLVED, transaction -> transaction.origin(origin.address()));
                            penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
                                transaction.response().headers().set("X-Hook", "1");
                                if (transaction.request().target().startsWith("late")) transaction.respond(403, "late");
                            });
                        })
                        .start()) {
            try (var client = rig.client()) {
                client.sendRaw(connect("a.example.com:443"));
                Message head = client.head();
                assertThat(head.status()).isEqualTo(200);
                assertThat(head.field("X-Hook")).isEqualTo("1");
                client.shutdownOutput();
                assertThat(all(client)).isEqualTo("HELLOBYE");
            }
            for (String target : List.of("no.example.com:443", "late.example.com:443")) {
                try (var client = rig.client()) {
                    client.sendRaw(connect(target));
                    assertThat(client.answer("CONNECT").status()).isIn(407, 403);
                    assertThat(client.isAtEnd()).isTrue();
                }
            }
        }
    }

    @Test
    void aPluginMayAnswerForAHost() throws Exception {
        try (var origin = greeting();
                var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.connect("*.magic", exchange -> {
                                if (exchange.request().target().startsWith("no")) {
                                    exchange.respond(403, "no");
                                    return;
                                }
                                Connection there = penstock.connector().connect(origin.address());
                                log.add(Relay.between(exchange.acceptConnect(Headers.of("X-A", "1")), there)
                                        .join()
                                        .cause()
                                        .toString());
                            });
                            penstock.on(Hook.SEND_RESPONSE_HEAD, _ -> log.add("head"));
                        })
                        .start()) {
            try (var client = rig.client()) {
                client.sendRaw(connect("a.magic:1") + "early");
                Message head = client.head();
                assertThat(head.status()).isEqualTo(200);
                assertThat(head.field("X-A")).isEqualTo("1");
                client.shutdownOutput();
                assertThat(all(client)).isEqualTo("HELLOearlyBYE");
                assertThat(rig.takeOver().takenOver().protocol()).isEqualTo("connect");
                TransactionRecord record = rig.record();
                assertThat(record.takenOver().sent()).isEqualTo(13);
                assertThat(log).containsExactly("head", "COMPLETE");
            }
            try (var client = rig.client()) {
                client.sendRaw(connect("no.magic:1"));
                assertThat(client.answer("CONNECT").status()).isEqualTo(403);
                assertThat(client.isAtEnd()).isTrue();
            }
            try (var client = rig.client()) {
                client.sendRaw(connect("other:1"));
                assertThat(client.answer("CONNECT").status()).isEqualTo(501);
            }
        }
    }
}

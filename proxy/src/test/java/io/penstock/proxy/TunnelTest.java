package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Headers;
import io.penstock.net.Connection;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What plugins see of a tunnel, who ends it, and plugins at one end of it. */
class TunnelTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final String ASK = "GET /x HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

    private final List<String> log = new CopyOnWriteArrayList<>();

    /** Greets, and echoes until the end. */
    private static Origin echo() throws IOException {
        return Origin.of((wire, self) -> {
            self.take(wire);
            wire.sendRaw(SWITCH + "HELLO");
            wire.in().transferTo(wire.out());
        });
    }

    private static String all(Wire wire) throws IOException {
        return new String(wire.in().readAllBytes(), StandardCharsets.ISO_8859_1);
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes).toString();
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void hooksSeeItsBeginItsBytesAndItsEnd(Scheduler scheduler) throws Exception {
        var there = new StringBuffer();
        var back = new StringBuffer();
        try (var origin = echo();
                var rig = Rig.before(origin)
                        .scheduler(scheduler)
                        .upgrades("tcp")
                        .plugin(
                                "first",
                                penstock -> penstock.on(Hook.TUNNEL_START, transaction -> {
                                    assertThat(transaction.phase()).isEqualTo(Phase.TAKEN_OVER);
                                    assertThat(transaction.tunnel().protocol()).isEqualTo("tcp");
                                    assertThat(transaction.tunnel().end()).isNull();
                                    assertThat(transaction.tunnel().received()).isZero();
                                    assertThatIllegalStateException()
                                            .isThrownBy(() -> transaction.respond(500, "late"));
                                    assertThatIllegalStateException()
                                            .isThrownBy(
                                                    () -> transaction.tunnel().abort());
                                    transaction.tunnel().tap(bytes -> there.append(text(bytes)), null);
                                    log.add("start");
                                }))
                        .plugin("second", penstock -> {
                            penstock.on(
                                    Hook.TUNNEL_START,
                                    transaction -> transaction
                                            .tunnel()
                                            .tap(
                                                    bytes -> there.append('.').append(text(bytes)),
                                                    bytes -> back.append(text(bytes))));
                            penstock.on(Hook.TUNNEL_END, transaction -> {
                                Tunnel tunnel = transaction.tunnel();
                                assertThatIllegalStateException().isThrownBy(() -> tunnel.tap(_ -> {}, null));
                                log.add(tunnel.end().cause() + " " + tunnel.received() + " " + tunnel.sent());
                            });
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close"));
                        })
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK + "EARLY");
            client.head();
            assertThat(client.read(10)).asString().isEqualTo("HELLOEARLY");
            client.shutdownOutput();
            assertThat(all(client)).isEmpty();
            rig.record();
            assertThat(log).containsExactly("start", "COMPLETE 5 10", "close");
            assertThat(there).hasToString("EARLY.EARLY");
            assertThat(back).hasToString("HELLOEARLY");
        }
    }

    @Test
    void itTakesNoThread() throws Exception {
        var thread = new CompletableFuture<Thread>();
        try (var origin = echo();
                var rig = Rig.before(origin)
                        .upgrades("tcp")
                        .plugin(penstock -> {
                            penstock.on(Hook.TUNNEL_START, _ -> thread.complete(Thread.currentThread()));
                            penstock.on(Hook.TUNNEL_END, transaction -> {
                                assertThatIllegalStateException().isThrownBy(() -> transaction.respond(500, "late"));
                                log.add("end");
                            });
                        })
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            assertThat(client.read(5)).asString().isEqualTo("HELLO");
            await().atMost(Rig.LIMIT).until(() -> !thread.get().isAlive());
            client.sendRaw("ping");
            assertThat(client.read(4)).asString().isEqualTo("ping");
            client.shutdownOutput();
            assertThat(all(client)).isEmpty();
            assertThat(rig.record().takenOver()).isNotNull();
            assertThat(log).containsExactly("end");
        }
    }

    @Test
    void thereIsNoneWhereNothingWasSwitched() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(Hook.TUNNEL_START, _ -> log.add("start"));
                            penstock.on(Hook.TRANSACTION_CLOSE, transaction -> {
                                assertThatIllegalStateException().isThrownBy(transaction::tunnel);
                                log.add("close");
                            });
                        })
                        .start()) {
            rig.get("/", "Connection: Upgrade", "Upgrade: websocket");
            rig.record();
            assertThat(log).containsExactly("close");
        }
    }

    @Test
    void aPluginThatThrowsAtTheStartOrInATapEndsIt() throws Exception {
        for (boolean inTap : new boolean[] {false, true}) {
            try (var captured = Captured.log();
                    var origin = echo();
                    var rig = Rig.before(origin)
                            .upgrades("tcp")
                            .plugin(
                                    "bad",
                                    penstock -> penstock.on(Hook.TUNNEL_START, transaction -> {
                                        if (!inTap) throw new IllegalArgumentException("on purpose");
                                        transaction
                                                .tunnel()
                                                .tap(
                                                        _ -> {
                                                            throw new IllegalArgumentException("on purpose");
                                                        },
                                                        null);
                                    }))
                            .start();
                    var client = rig.client()) {
                client.sendRaw(ASK + "x");
                assertThatIOException().isThrownBy(() -> all(client));
                TransactionRecord record = rig.record();
                assertThat(record.status()).isEqualTo(101);
                assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
                assertThat(record.phase()).isEqualTo(Phase.TAKEN_OVER);
                assertThat(record.takenOver().cause()).isEqualTo("failed");
                assertThat(captured.lines()).anyMatch(line -> line.contains("plugin bad failed at"));
                await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
            }
        }
    }

    @Test
    void aPluginMayAbortIt() throws Exception {
        var tunnels = new CopyOnWriteArrayList<Tunnel>();
        try (var origin = echo();
                var rig = Rig.before(origin)
                        .upgrades("tcp")
                        .plugin(penstock ->
                                penstock.on(Hook.TUNNEL_START, transaction -> tunnels.add(transaction.tunnel())))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            client.read(5);
            tunnels.getFirst().abort();
            assertThatIOException().isThrownBy(() -> all(client));
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PENSTOCK);
            assertThat(record.takenOver().cause()).isEqualTo("aborted");
        }
    }

    @Test
    void limitsEndIt() throws Exception {
        var limits = ProxyOptions.DEFAULT.tunnels();
        for (var options :
                List.of(limits.withIdle(Duration.ofMillis(100)), limits.withLifetime(Duration.ofMillis(100)))) {
            try (var origin = echo();
                    var rig = Rig.before(origin)
                            .upgrades("tcp")
                            .options(ProxyOptions.DEFAULT.withTunnels(options))
                            .start();
                    var client = rig.client()) {
                client.sendRaw(ASK);
                client.head();
                TransactionRecord record = rig.record();
                assertThat(record.endedBy()).isEqualTo(EndedBy.PENSTOCK);
                assertThat(record.takenOver().cause()).isIn("idle", "lifetime");
            }
        }
    }

    @Test
    void aClientThatIsLostEndsIt() throws Exception {
        try (var origin = echo();
                var rig = Rig.before(origin).upgrades("tcp").start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            client.read(5);
            client.reset();
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(record.takenOver().cause()).isEqualTo("reset");
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void drainingWaitsForItAndThenCutsItOff() throws Exception {
        try (var origin = echo();
                var rig = Rig.before(origin).upgrades("tcp").start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            client.read(5);
            assertThat(rig.server().drain(Duration.ofMillis(200))).isFalse();
            assertThatIOException().isThrownBy(() -> all(client));
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PENSTOCK);
            assertThat(record.takenOver().sent()).isEqualTo(5);
        }
    }

    // ---- plugins at its other end

    @Test
    void anInterceptInThePlaceOfTheServerMaySwitchToAnything() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> penstock.on(
                                Hook.READ_REQUEST_HEAD,
                                transaction -> transaction.intercept(connection -> {
                                    for (String line = connection.receiveLine();
                                            !line.isEmpty();
                                            line = connection.receiveLine()) log.add(line);
                                    connection.send(SWITCH);
                                    connection.send(connection.receiveLine() + " back\n");
                                })))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK + "early\n");
            assertThat(client.head().status()).isEqualTo(101);
            assertThat(all(client)).isEqualTo("early back\n");
            assertThat(log).contains("Connection: close, Upgrade", "Upgrade: tcp");
            client.shutdownOutput();
            assertThat(rig.record().takenOver().protocol()).isEqualTo("tcp");
        }
    }

    @Test
    void anInterceptInThePlaceOfTheOriginIsOfferedWhatTheRouteAllows() throws Exception {
        try (var rig = Rig.alone()
                        .upgrades("tcp")
                        .plugin(penstock -> penstock.on(
                                Hook.READ_REQUEST_HEAD,
                                transaction -> transaction.interceptAsOrigin(connection -> {
                                    for (String line = connection.receiveLine();
                                            !line.isEmpty();
                                            line = connection.receiveLine()) log.add(line);
                                    connection.send(SWITCH);
                                    connection.send(connection.receiveLine() + " back\n");
                                })))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK.replace("tcp", "h2c, tcp") + "early\n");
            assertThat(client.head().status()).isEqualTo(101);
            assertThat(all(client)).isEqualTo("early back\n");
            assertThat(log).contains("Upgrade: tcp");
            client.shutdownOutput();
            assertThat(rig.record().upstream()).isEqualTo("web");
        }
    }

    @Test
    void aRouteMayRelayByItself() throws Exception {
        try (var origin = Origin.of((wire, _) -> {
                    wire.sendRaw("HELLO");
                    wire.in().transferTo(wire.out());
                });
                var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.route("/x", exchange -> {
                                Connection there = penstock.connector().connect(origin.address());
                                RelayEnd end = Relay.between(exchange.upgrade("tcp", Headers.of()), there)
                                        .join();
                                log.add(end.cause().toString());
                            });
                            penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction ->
                                            log.add("" + transaction.response().status()));
                        })
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK + "early");
            assertThat(client.head().status()).isEqualTo(101);
            client.shutdownOutput();
            assertThat(all(client)).isEqualTo("HELLOearly");
            assertThat(rig.takeOver().takenOver().protocol()).isEqualTo("tcp");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(101);
            assertThat(record.takenOver().received()).isEqualTo(5);
            assertThat(record.takenOver().sent()).isEqualTo(10);
            assertThat(log).containsExactly("101", "COMPLETE");
        }
    }
}

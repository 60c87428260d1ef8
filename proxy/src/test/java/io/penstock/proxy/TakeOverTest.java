package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Plugins' routes that take their client's connection over, and what hooks and log are told. */
class TakeOverTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    private Rig shell(Scheduler scheduler) throws Exception {
        return Rig.alone()
                .scheduler(scheduler)
                .plugin(penstock -> {
                    penstock.on(Hook.SEND_RESPONSE_HEAD, _ -> log.add("head"));
                    penstock.on(Hook.TRANSACTION_CLOSE, transaction -> log.add("close in " + transaction.phase()));
                    penstock.route("/shell", exchange -> {
                        Connection raw = exchange.takeOver();
                        assertThatIllegalStateException()
                                .isThrownBy(() -> exchange.respond(200, "x"))
                                .withMessageContaining("took it over, at io.penstock.proxy.TakeOverTest");
                        assertThatIllegalStateException().isThrownBy(() -> exchange.start(ResponseHead.of(200)));
                        for (String line = raw.receiveLine(); !line.equals("exit"); line = raw.receiveLine()) {
                            if (line.equals("fail")) throw new IllegalArgumentException("on purpose");
                            raw.send("$ " + line + "\n");
                        }
                        if (exchange.request().target().endsWith("?back")) raw.resumeHttp();
                    });
                    penstock.route("/away", exchange -> {
                        Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
                        raw.loop().spawn("away", () -> {
                            raw.send(raw.receiveLine() + " was received");
                            raw.close();
                        });
                        throw new IllegalArgumentException("on purpose");
                    });
                })
                .start();
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aRouteSpeaksWhatItLikesAndTheLogSaysSo(Scheduler scheduler) throws Exception {
        try (var rig = shell(scheduler);
                var client = rig.client()) {
            client.send("GET /shell HTTP/1.1\r\nHost: x\r\n\r\nls\npwd\nexit\n");
            assertThat(client.in().readAllBytes()).asString().isEqualTo("$ ls\n$ pwd\n");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isZero();
            assertThat(record.phase()).isEqualTo(Phase.TAKEN_OVER);
            assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
            assertThat(record.received()).isEqualTo("ls\r\npwd\r\nexit\r\n".length());
            assertThat(record.sent()).isEqualTo("$ ls\n$ pwd\n".length());
            assertThat(log).containsExactly("close in DONE");
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void transactionsGoOnBehindOneThatGivesTheConnectionBack(Scheduler scheduler) throws Exception {
        try (var rig = shell(scheduler);
                var client = rig.client()) {
            for (int i = 0; i < 3; i++) {
                client.send("GET /shell?back HTTP/1.1\r\nHost: x\r\n\r\nls\nexit\n");
                assertThat(client.read(5)).asString().isEqualTo("$ ls\n");
                assertThat(rig.record().phase()).isEqualTo(Phase.TAKEN_OVER);
            }
            assertThat(client.get("/nowhere").status()).isEqualTo(502);
            assertThat(rig.record().session()).isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void whoEndedItIsTold(Scheduler scheduler) throws Exception {
        try (var rig = shell(scheduler)) {
            Wire leaving = rig.client();
            leaving.send("GET /shell HTTP/1.1\r\nHost: x\r\n\r\nls\n");
            leaving.shutdownOutput();
            assertThat(leaving.in().readAllBytes()).asString().isEqualTo("$ ls\n");
            TransactionRecord left = rig.record();
            assertThat(left.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(left.phase()).isEqualTo(Phase.TAKEN_OVER);

            Wire failing = rig.client();
            failing.send("GET /shell HTTP/1.1\r\nHost: x\r\n\r\nfail\n");
            TransactionRecord failed = rig.record();
            assertThat(failed.endedBy()).isEqualTo(EndedBy.PLUGIN);
            assertThat(failed.phase()).isEqualTo(Phase.TAKEN_OVER);
            assertThatIOException().isThrownBy(() -> failing.in().readAllBytes());
        }
    }

    @Test
    void aSilentClientIsNotBlamedForALimitOfThePlugin() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> penstock.route("/", exchange -> {
                            Connection raw = exchange.upgrade("lines", Headers.of());
                            raw.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(20)));
                            raw.receiveLine();
                        }))
                        .start();
                var client = rig.client()) {
            client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PENSTOCK);
            assertThat(record.takenOver()).isNotNull();
            assertThat(record.takenOver().cause()).isEqualTo("timeout");
        }
    }

    @Test
    void aHookMayAnswerInsteadAndThatIsNobodysFailure() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
                                if (transaction.response().status() == 101) transaction.respond(403, "not you\n");
                            });
                            penstock.route("/lines", exchange -> exchange.upgrade("lines", Headers.of()));
                        })
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 2; i++) {
                Message answer = client.get("/lines", "Connection: Upgrade", "Upgrade: lines");
                assertThat(answer.status()).isEqualTo(403);
                assertThat(answer.bytes()).asString().isEqualTo("not you\n");
                TransactionRecord record = rig.record();
                assertThat(record.endedBy()).isEqualTo(EndedBy.NOBODY);
                assertThat(record.takenOver()).isNull();
            }
            assertThat(captured.lines()).noneMatch(line -> line.startsWith("ERROR") || line.startsWith("WARN"));
        }
    }

    @Test
    void whatTheClientHasNotAskedForIsNoFailureOfThePlugin() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin(penstock -> {
                            penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction -> log.add(
                                            "head " + transaction.response().status()));
                            penstock.route("/lines", exchange -> exchange.upgrade("lines", Headers.of()));
                            penstock.route("/tunnel", exchange -> exchange.acceptConnect(Headers.of()));
                        })
                        .start();
                var client = rig.client()) {
            Message upgrade = client.get("/lines");
            assertThat(upgrade.status()).isEqualTo(426);
            assertThat(upgrade.field("Upgrade")).isEqualTo("lines");
            assertThat(upgrade.field("Connection")).isEqualTo("Upgrade");
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PENSTOCK);
            Message connect = client.get("/tunnel");
            assertThat(connect.status()).isEqualTo(405);
            assertThat(connect.field("Allow")).isEqualTo("CONNECT");
            assertThat(log).containsExactly("head 426", "head 405");
            assertThat(captured.lines()).noneMatch(line -> line.startsWith("ERROR") || line.startsWith("WARN"));
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aRouteThatFailsDoesNotEndTheConnectionThatItHasTransferred(Scheduler scheduler) throws Exception {
        try (var rig = shell(scheduler);
                var client = rig.client()) {
            client.send("GET /away HTTP/1.1\r\nHost: x\r\n\r\n");
            await().atMost(Rig.LIMIT).until(() -> rig.server().takenOver() == 1);
            assertThat(rig.recordsLeft()).isZero(); // it is not at its end
            client.send("this\n");
            assertThat(client.in().readAllBytes()).asString().isEqualTo("this was received");
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
            assertThat(record.received()).isEqualTo(6);
            assertThat(record.sent()).isEqualTo(17);
            assertThat(rig.server().takenOver()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aClientBehindAProxyIsStillTheOneWhoLeft(Scheduler scheduler) throws Exception {
        try (var rig = shell(scheduler);
                var listener = rig.listenBehindProxy();
                var client = Wire.to(listener.address())) {
            client.send("PROXY TCP4 192.0.2.1 192.0.2.2 1111 80\r\nGET /shell HTTP/1.1\r\nHost: x\r\n\r\nls\n");
            assertThat(client.read(5)).asString().isEqualTo("$ ls\n");
            client.shutdownOutput();
            TransactionRecord record = rig.record();
            assertThat(record.client()).hasToString("/192.0.2.1:1111");
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
        }
    }
}

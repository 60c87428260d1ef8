package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.penstock.http.ResponseHead;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a plugin that fails does to the transaction it fails in, and to no other. */
class PluginFailureTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    private static void fail(Transaction transaction) {
        if (transaction.request().path().equals("/bad")) throw new UnsupportedOperationException("on purpose");
    }

    private Plugin failingAt(Hook<Transaction> hook) {
        return penstock -> {
            penstock.on(hook, PluginFailureTest::fail);
            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close"));
        };
    }

    static List<Hook<Transaction>> hooksThatCanAnswer() {
        return RespondTest.hooksThatCanAnswer();
    }

    @ParameterizedTest
    @MethodSource("hooksThatCanAnswer")
    void itIsAnswered500ForThatTransactionAloneAndNamedInTheLog(Hook<Transaction> hook) throws Exception {
        try (var captured = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).plugin("careless", failingAt(hook)).start();
                var client = rig.client()) {
            assertThat(client.get("/good").body()).isEqualTo("ok");
            Message answer = client.get("/bad");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("careless").doesNotContain("on purpose");
            assertThat(client.get("/good").body()).isEqualTo("ok");
            assertThat(captured.lines())
                    .filteredOn(line -> line.contains("plugin careless failed at " + hook)
                            && line.contains("on purpose")
                            && line.startsWith("ERROR"))
                    .hasSize(1);
            rig.record();
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(500);
            assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
            rig.record();
            assertThat(log).containsExactly("close", "close", "close");
        }
    }

    @Test
    void aHandlerOfASessionOrTransactionIsNamedByThePluginThatRegisteredIt() throws Exception {
        HookHandler<Transaction> failing = _ -> {
            throw new UnsupportedOperationException("on purpose");
        };
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin("innocent", penstock -> penstock.on(Hook.TRANSACTION_START, _ -> {}))
                        .plugin(
                                "first",
                                penstock -> penstock.on(Hook.SESSION_START, session -> {
                                    session.on(Hook.READ_REQUEST_HEAD, transaction -> {
                                        if (transaction.request().path().equals("/first")) failing.at(transaction);
                                    });
                                }))
                        .plugin(
                                "second",
                                penstock -> penstock.on(Hook.TRANSACTION_START, transaction -> {
                                    transaction.on(Hook.PRE_REMAP, failing);
                                }))
                        .plugin(
                                "third",
                                penstock -> penstock.on(Hook.TRANSACTION_START, Continuation.of((_, event) -> {
                                    var transaction = ((HttpEvent.TransactionHook) event).transaction();
                                    transaction.session().on(Hook.TRANSACTION_CLOSE, failing);
                                    transaction.resume();
                                })))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/first").body()).contains("first");
            assertThat(client.get("/").body()).contains("second");
            rig.record();
            rig.record();
            assertThat(captured.lines()).anyMatch(line -> line.contains("plugin first failed at READ_REQUEST_HEAD"));
            assertThat(captured.lines()).anyMatch(line -> line.contains("plugin second failed at PRE_REMAP"));
            assertThat(captured.lines()).anyMatch(line -> line.contains("plugin third failed at TRANSACTION_CLOSE"));
        }
    }

    @Test
    void errorsAreCaughtLikeExceptions() throws Exception {
        try (var _ = Captured.log();
                var rig = Rig.alone()
                        .plugin(penstock -> penstock.on(Hook.PRE_REMAP, transaction -> {
                            switch (transaction.request().path()) {
                                case "/assertion" -> throw new AssertionError("on purpose");
                                case "/linkage" -> throw new NoClassDefFoundError("on purpose");
                                case "/stack" -> throw new StackOverflowError("on purpose");
                                default -> throw new Exception("on purpose");
                            }
                        }))
                        .start();
                var client = rig.client()) {
            for (String path : List.of("/assertion", "/linkage", "/stack", "/checked")) {
                assertThat(client.get(path).status()).as(path).isEqualTo(500);
            }
        }
    }

    @Test
    void aFailureAtTheEndKeepsNobodyFromTheirs() throws Exception {
        try (var captured = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin("careless", penstock -> {
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> {
                                throw new IllegalStateException("on purpose");
                            });
                            penstock.on(Hook.SESSION_CLOSE, _ -> {
                                throw new IllegalStateException("on purpose");
                            });
                        })
                        .plugin("careful", penstock -> {
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("transaction"));
                            penstock.on(Hook.SESSION_CLOSE, _ -> log.add("session"));
                        })
                        .start()) {
            try (var client = rig.client()) {
                assertThat(client.get("/").body()).isEqualTo("ok");
                assertThat(client.get("/").body()).isEqualTo("ok");
            }
            await().atMost(Rig.LIMIT).until(() -> log.contains("session"));
            assertThat(log).containsExactly("transaction", "transaction", "session");
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.NOBODY);
            assertThat(captured.lines()).anyMatch(line -> line.contains("careless failed at TRANSACTION_CLOSE"));
            assertThat(captured.lines()).anyMatch(line -> line.contains("careless failed at SESSION_CLOSE"));
        }
    }

    @Test
    void aFailureAtTheSessionsBeginEndsTheConnection() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin("careless", penstock -> {
                            penstock.on(Hook.SESSION_START, _ -> {
                                throw new IllegalStateException("on purpose");
                            });
                            penstock.on(Hook.SESSION_CLOSE, _ -> log.add("session closed"));
                        })
                        .start()) {
            assertThat(catchThrowable(() -> rig.client().get("/"))).isInstanceOf(IOException.class);
            await().atMost(Rig.LIMIT).until(() -> log.contains("session closed"));
            assertThat(captured.lines()).anyMatch(line -> line.contains("careless failed at SESSION_START"));
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @Test
    void aHandlerThatFailsBeforeItsAnswerIs500() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin("careless", penstock -> {
                            penstock.route("/fails", _ -> {
                                throw new IllegalStateException("on purpose");
                            });
                            penstock.route("/silent", _ -> {});
                        })
                        .start();
                var client = rig.client()) {
            for (String path : List.of("/fails", "/silent")) {
                Message answer = client.get(path);
                assertThat(answer.status()).isEqualTo(500);
                assertThat(answer.body()).contains("careless");
                TransactionRecord record = rig.record();
                assertThat(record.status()).isEqualTo(500);
                assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
                assertThat(record.phase()).isEqualTo(Phase.HANDLE);
            }
            assertThat(captured.lines())
                    .filteredOn(line -> line.contains("careless"))
                    .hasSize(2);
        }
    }

    @Test
    void aHandlerThatFailsWithinItsAnswerLeavesItIncomplete() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin(
                                "careless",
                                penstock -> penstock.route("/handler", exchange -> {
                                    exchange.start(ResponseHead.of(200)).send("begun");
                                    throw new IllegalStateException("on purpose");
                                }))
                        .start();
                var client = rig.client()) {
            client.sendHead("GET", "/handler");
            assertThat(catchThrowable(() -> client.answer("GET"))).isInstanceOf(IOException.class);
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(200);
            assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
            assertThat(captured.lines()).anyMatch(line -> line.contains("careless"));
        }
    }

    @Test
    void aHandlersOwnConnectionIsNotTheClients() throws Exception {
        try (var _ = Captured.log();
                var sidecar = Origin.of((wire, _) -> wire.isAtEnd());
                var rig = Rig.alone()
                        .plugin("careless", penstock -> {
                            penstock.route("/timeout", exchange -> {
                                try (var connection = penstock.connector().connect(sidecar.address())) {
                                    connection.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(50)));
                                    exchange.respond(200, connection.receiveLine());
                                }
                            });
                            var dead = Origin.dead();
                            penstock.route("/dead", exchange -> {
                                try (var connection = penstock.connector().connect(dead)) {
                                    exchange.respond(200, connection.receiveLine());
                                }
                            });
                        })
                        .start();
                var client = rig.client()) {
            for (String path : List.of("/timeout", "/dead")) {
                Message answer = client.get(path);
                assertThat(answer.status()).isEqualTo(500);
                assertThat(answer.body()).contains("careless");
                assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PLUGIN);
            }
        }
    }

    @Test
    void aHandlersClientThatSendsABadBodyIsNotThePluginsFault() throws Exception {
        try (var rig = Rig.alone()
                        .plugin(penstock -> penstock.route(
                                "/handler",
                                exchange -> exchange.respond(
                                        200, "" + exchange.body().receiveAll().length)))
                        .start();
                var client = rig.client()) {
            client.sendHead("POST", "/handler", "Transfer-Encoding: chunked").send("3\nabc\nzz\n");
            assertThat(client.answer("POST").status()).isEqualTo(400);
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(400);
            assertThat(record.endedBy()).isEqualTo(EndedBy.CLIENT);
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @Test
    void aHookThatFailsAtAHandlersAnswerIsCalledOnceAndNamed() throws Exception {
        try (var captured = Captured.log();
                var rig = Rig.alone()
                        .plugin(
                                "innocent",
                                penstock -> penstock.route("/handler", exchange -> exchange.respond(200, "fine")))
                        .plugin(
                                "careless",
                                penstock -> penstock.on(Hook.SEND_RESPONSE_HEAD, _ -> {
                                    log.add("called");
                                    throw new IllegalStateException("on purpose");
                                }))
                        .start();
                var client = rig.client()) {
            Message answer = client.get("/handler");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("careless").doesNotContain("innocent");
            assertThat(log).containsExactly("called");
            assertThat(captured.lines()).anyMatch(line -> line.contains("careless failed at SEND_RESPONSE_HEAD"));
        }
    }

    @Test
    void anAnswerThatAPluginMadeUnsendableDoesNotLoseTheOrigin() throws Exception {
        try (var _ = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(
                                Hook.SEND_RESPONSE_HEAD,
                                transaction -> transaction.response().headers().set("Content-Length", "many")))
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/").status()).isEqualTo(500);
            assertThat(rig.record().status()).isEqualTo(500);
            await().atMost(Rig.LIMIT).until(() -> origin.open() == 0);
        }
    }

    @Test
    void aLengthThatAPluginGotWrongNeverReachesTheClientAsAWholeAnswer() throws Exception {
        for (String wrong : List.of("1", "3")) {
            try (var _ = Captured.log();
                    var origin = Origin.replying(Origin.OK);
                    var rig = Rig.before(origin)
                            .plugin(penstock -> penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction ->
                                            transaction.response().headers().set("Content-Length", wrong)))
                            .start();
                    var client = rig.client()) {
                client.sendHead("GET", "/");
                assertThat(catchThrowable(() -> client.answer("GET"))).isInstanceOf(IOException.class);
                assertThat(rig.record().endedBy()).isNotEqualTo(EndedBy.NOBODY);
            }
        }
    }

    @Test
    void aPluginThatDoesNotStartStopsTheStart() {
        assertThat(catchThrowable(() -> Rig.alone()
                        .plugin(_ -> {
                            throw new IllegalStateException("no configuration");
                        })
                        .start()))
                .hasMessage("no configuration");
    }

    @Test
    void aRouteThatReadsPastTheEndOfABodyIsMistakenAndTheClientHasNotLeft() throws Exception {
        Plugin greedy =
                penstock -> penstock.route("/bad", exchange -> exchange.body().receive(1));
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).plugin("greedy", greedy).start();
                var client = rig.client()) {
            Message answer = client.get("/bad");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("greedy");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(500);
            assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
        }
    }
}

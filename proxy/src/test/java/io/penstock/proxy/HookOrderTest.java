package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.event.Continuation;
import io.penstock.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** When handlers are called: over the hooks, over the scopes, and for what is added meanwhile. */
class HookOrderTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    private void awaitLog(String last) {
        await(last + " in " + log).atMost(Rig.LIMIT).until(() -> log.contains(last));
    }

    /** Those of a transaction that is no tunnel. */
    @SuppressWarnings("unchecked")
    private static List<Hook<Transaction>> ofTransactions() {
        var hooks = new ArrayList<Hook<Transaction>>();
        for (Hook<?> hook : Hook.all()) {
            boolean ofTunnel = hook == Hook.TUNNEL_START || hook == Hook.TUNNEL_END;
            if (!ofTunnel && hook != Hook.SESSION_START && hook != Hook.SESSION_CLOSE)
                hooks.add((Hook<Transaction>) hook);
        }
        return hooks;
    }

    /** Registers a handler of the server at every hook, which logs. */
    private void logAll(PluginContext penstock) {
        penstock.on(Hook.SESSION_START, _ -> log.add("SESSION_START"));
        for (Hook<Transaction> hook : ofTransactions()) penstock.on(hook, _ -> log.add(hook.toString()));
        penstock.on(Hook.SESSION_CLOSE, _ -> log.add("SESSION_CLOSE"));
    }

    /** Registers handlers in all three scopes, as early as can be, at these hooks. */
    private Plugin inThreeScopes(List<Hook<Transaction>> hooks) {
        return penstock -> {
            penstock.on(Hook.SESSION_START, session -> {
                log.add("G:SESSION_START");
                for (Hook<Transaction> hook : hooks) session.on(hook, _ -> log.add("S:" + hook));
                session.on(Hook.SESSION_CLOSE, _ -> log.add("S:SESSION_CLOSE"));
            });
            penstock.on(Hook.TRANSACTION_START, transaction -> {
                for (Hook<Transaction> hook : hooks) {
                    if (hook != Hook.TRANSACTION_START) transaction.on(hook, _ -> log.add("T:" + hook));
                }
            });
            for (Hook<Transaction> hook : hooks) penstock.on(hook, _ -> log.add("G:" + hook));
            penstock.on(Hook.SESSION_CLOSE, _ -> log.add("G:SESSION_CLOSE"));
        };
    }

    @Test
    void theConstantsStandInTheOrderOfTheCalls() {
        assertThat(Hook.all()).hasSize(Hook.COUNT);
        for (int i = 0; i < Hook.COUNT; i++)
            assertThat(Hook.all().get(i).order()).isEqualTo(i);
    }

    @Test
    void eachHookIsReachedOnceInOrderWhenAnOriginAnswers() throws Exception {
        for (Scheduler scheduler : List.of(Scheduler.LOOP, Scheduler.DEFAULT)) {
            log.clear();
            try (var origin = Origin.replying(Origin.OK);
                    var rig = Rig.before(origin)
                            .scheduler(scheduler)
                            .plugin(this::logAll)
                            .start()) {
                try (var client = rig.client()) {
                    client.send("GET / HTTP/1.0\n\n");
                    assertThat(client.answer("GET").body()).isEqualTo("ok");
                }
                awaitLog("SESSION_CLOSE");
                assertThat(log)
                        .containsExactly(
                                "SESSION_START",
                                "TRANSACTION_START",
                                "READ_REQUEST_HEAD",
                                "PRE_REMAP",
                                "POST_REMAP",
                                "CACHE_LOOKUP_COMPLETE",
                                "ORIGIN_RESOLVED",
                                "SEND_REQUEST_HEAD",
                                "READ_RESPONSE_HEAD",
                                "SEND_RESPONSE_HEAD",
                                "TRANSACTION_CLOSE",
                                "SESSION_CLOSE");
            }
        }
    }

    @Test
    void scopesAreCalledFromTheServersToTheTransactions() throws Exception {
        var hooks = List.of(Hook.TRANSACTION_START, Hook.READ_REQUEST_HEAD, Hook.TRANSACTION_CLOSE);
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).plugin(inThreeScopes(hooks)).start()) {
            try (var client = rig.client()) {
                assertThat(client.get("/").status()).isEqualTo(200);
            }
            awaitLog("S:SESSION_CLOSE");
            assertThat(log)
                    .containsExactly(
                            "G:SESSION_START",
                            "G:TRANSACTION_START",
                            "S:TRANSACTION_START",
                            "G:READ_REQUEST_HEAD",
                            "S:READ_REQUEST_HEAD",
                            "T:READ_REQUEST_HEAD",
                            "G:TRANSACTION_CLOSE",
                            "S:TRANSACTION_CLOSE",
                            "T:TRANSACTION_CLOSE",
                            "G:SESSION_CLOSE",
                            "S:SESSION_CLOSE");
        }
    }

    @Test
    void everyHookHasThreeScopes() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(inThreeScopes(ofTransactions()))
                        .start()) {
            try (var client = rig.client()) {
                assertThat(client.get("/").status()).isEqualTo(200);
            }
            awaitLog("S:SESSION_CLOSE");
            var expected = new ArrayList<String>();
            expected.add("G:SESSION_START");
            for (Hook<Transaction> hook : ofTransactions()) {
                expected.add("G:" + hook);
                expected.add("S:" + hook);
                if (hook != Hook.TRANSACTION_START) expected.add("T:" + hook);
            }
            expected.add("G:SESSION_CLOSE");
            expected.add("S:SESSION_CLOSE");
            assertThat(log).isEqualTo(expected);
        }
    }

    @Test
    void aSessionHasManyTransactionsAndOneEnd() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(
                                    Hook.SESSION_START,
                                    session -> session.data().put("name", "s"));
                            penstock.on(Hook.TRANSACTION_START, transaction -> {
                                transaction
                                        .data()
                                        .put("number", transaction.session().transactions());
                            });
                            penstock.on(
                                    Hook.TRANSACTION_CLOSE,
                                    transaction -> log.add("transaction "
                                            + transaction.session().data().get("name")
                                            + transaction.data().get("number")));
                            penstock.on(Hook.SESSION_CLOSE, session -> log.add("session of " + session.transactions()));
                        })
                        .start()) {
            try (var client = rig.client()) {
                for (int i = 0; i < 3; i++) client.get("/");
            }
            awaitLog("session of 3");
            assertThat(log).containsExactly("transaction s1", "transaction s2", "transaction s3", "session of 3");
        }
    }

    @Test
    void handlersOfOneScopeAreCalledInTheOrderOfRegistration() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin("a", penstock -> {
                            penstock.on(Hook.PRE_REMAP, _ -> log.add("a1"));
                            penstock.on(Hook.PRE_REMAP, _ -> log.add("a2"));
                        })
                        .plugin(
                                "b",
                                penstock -> penstock.on(Hook.PRE_REMAP, Continuation.of((_, event) -> {
                                    log.add("b");
                                    ((HttpEvent.TransactionHook) event)
                                            .transaction()
                                            .resume();
                                })))
                        .plugin("c", penstock -> penstock.on(Hook.PRE_REMAP, _ -> log.add("c")))
                        .start()) {
            rig.get("/");
            assertThat(log).containsExactly("a1", "a2", "b", "c");
        }
    }

    @Test
    void whatIsAddedInALowerScopeDuringADispatchRunsInIt() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.SESSION_START, session -> {
                            session.on(Hook.PRE_REMAP, transaction -> {
                                log.add("S:PRE_REMAP");
                                transaction.on(Hook.PRE_REMAP, _ -> log.add("T:PRE_REMAP"));
                                transaction.on(Hook.TRANSACTION_CLOSE, _ -> log.add("T:TRANSACTION_CLOSE"));
                                session.on(Hook.SESSION_CLOSE, _ -> log.add("S:SESSION_CLOSE"));
                            });
                        }))
                        .start()) {
            try (var client = rig.client()) {
                client.get("/");
            }
            awaitLog("S:SESSION_CLOSE");
            assertThat(log).containsExactly("S:PRE_REMAP", "T:PRE_REMAP", "T:TRANSACTION_CLOSE", "S:SESSION_CLOSE");
        }
    }

    @Test
    void whatIsAddedBehindInTheSameScopeRunsEvenBehindTheLast() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.TRANSACTION_START, transaction -> {
                            transaction.on(Hook.PRE_REMAP, again -> {
                                log.add("first");
                                again.on(Hook.PRE_REMAP, _ -> log.add("second"));
                            });
                        }))
                        .start()) {
            rig.get("/");
            assertThat(log).containsExactly("first", "second");
        }
    }

    @Test
    void whatIsAddedInAHigherScopeWaitsForTheNextTransaction() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.TRANSACTION_START, transaction -> {
                            if (transaction.session().transactions() > 1) return;
                            transaction.on(Hook.PRE_REMAP, again -> {
                                log.add("transaction");
                                again.session().on(Hook.PRE_REMAP, _ -> log.add("session"));
                            });
                        }))
                        .start();
                var client = rig.client()) {
            client.get("/");
            assertThat(log).containsExactly("transaction");
            client.get("/");
            assertThat(log).containsExactly("transaction", "session");
        }
    }

    @Test
    void aClosedRegistrationIsNotCalledAnyMore() throws Exception {
        var registration = new Registration[1];
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            registration[0] = penstock.on(Hook.PRE_REMAP, _ -> log.add("closed"));
                            penstock.on(Hook.PRE_REMAP, _ -> log.add("kept"));
                        })
                        .start();
                var client = rig.client()) {
            client.get("/");
            registration[0].close();
            registration[0].close();
            client.get("/");
            assertThat(log).containsExactly("closed", "kept", "kept");
        }
    }

    @Test
    void aHandlerMayCloseTheRegistrationOfTheNextOne() throws Exception {
        var next = new Registration[1];
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(Hook.PRE_REMAP, _ -> next[0].close());
                            next[0] = penstock.on(Hook.PRE_REMAP, _ -> log.add("next"));
                        })
                        .start()) {
            assertThat(rig.get("/").status()).isEqualTo(200);
            assertThat(log).isEmpty();
        }
    }

    @Test
    void tooLateARegistrationThrows() throws Exception {
        Consumer<Runnable> late = registration -> {
            try {
                registration.run();
                log.add("accepted");
            } catch (IllegalStateException e) {
                log.add("refused");
            }
        };
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(
                                    Hook.SESSION_START,
                                    session -> late.accept(() -> session.on(Hook.SESSION_START, _ -> {})));
                            penstock.on(
                                    Hook.POST_REMAP,
                                    transaction -> late.accept(() -> transaction.on(Hook.PRE_REMAP, _ -> {})));
                            penstock.on(
                                    Hook.SEND_RESPONSE_HEAD,
                                    transaction -> late.accept(() -> transaction.on(Hook.READ_RESPONSE_HEAD, _ -> {})));
                            penstock.on(
                                    Hook.TRANSACTION_CLOSE,
                                    transaction -> late.accept(() -> transaction.on(Hook.SEND_RESPONSE_HEAD, _ -> {})));
                            penstock.on(
                                    Hook.READ_RESPONSE_HEAD,
                                    transaction -> late.accept(() -> transaction.request(transaction.request())));
                        })
                        .start()) {
            try (var client = rig.client()) {
                assertThat(client.get("/").status()).isEqualTo(200);
            }
            rig.record();
            assertThat(log).containsExactly("refused", "refused", "refused", "refused", "refused");
        }
    }

    @Test
    void aRetryPassesTheHooksOfAnAttemptAgain() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(Origin.dead(), origin.address())
                        .plugin(this::logAll)
                        .start()) {
            rig.get("/");
            rig.record();
            assertThat(log.stream().filter("ORIGIN_RESOLVED"::equals)).hasSize(2);
            assertThat(log.stream().filter("SEND_REQUEST_HEAD"::equals)).hasSize(1);
            assertThat(log.stream().filter("CACHE_LOOKUP_COMPLETE"::equals)).hasSize(1);
            assertThat(log.stream().filter("TRANSACTION_CLOSE"::equals)).hasSize(1);
        }
    }

    @Test
    void aPageOfOurOwnIsShownToTheHooksLikeAnyAnswer() throws Exception {
        try (var rig = Rig.alone()
                .plugin(this::logAll)
                .plugin(
                        "stamp",
                        penstock -> penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
                            transaction
                                    .response()
                                    .headers()
                                    .set("X-Seen", "" + transaction.response().status());
                        }))
                .start()) {
            assertThat(rig.get("/").field("X-Seen")).isEqualTo("502");
            rig.record();
            assertThat(log)
                    .containsExactly(
                            "SESSION_START",
                            "TRANSACTION_START",
                            "READ_REQUEST_HEAD",
                            "PRE_REMAP",
                            "POST_REMAP",
                            "CACHE_LOOKUP_COMPLETE",
                            "ORIGIN_RESOLVED",
                            "SEND_RESPONSE_HEAD",
                            "TRANSACTION_CLOSE");
        }
    }

    @Test
    void aRequestWithoutARouteDoesNotReachPostRemap() throws Exception {
        try (var rig = Rig.alone().only("nobody.test", "/").plugin(this::logAll).start()) {
            assertThat(rig.get("/").status()).isEqualTo(404);
            rig.record();
            assertThat(log)
                    .containsExactly(
                            "SESSION_START",
                            "TRANSACTION_START",
                            "READ_REQUEST_HEAD",
                            "PRE_REMAP",
                            "SEND_RESPONSE_HEAD",
                            "TRANSACTION_CLOSE");
        }
    }

    @Test
    void aRequestThatIsRefusedForItsFormIsNoTransaction() throws Exception {
        try (var rig = Rig.alone().plugin(this::logAll).start()) {
            try (var client = rig.client()) {
                assertThat(client.send("GET / HTTP/1.1\n\n").answer("GET").status())
                        .isEqualTo(400);
            }
            awaitLog("SESSION_CLOSE");
            assertThat(log).containsExactly("SESSION_START", "SESSION_CLOSE");
            TransactionRecord record = rig.record();
            assertThat(record.status()).isEqualTo(400);
            assertThat(record.endedBy()).isEqualTo(TransactionRecord.EndedBy.CLIENT);
            assertThat(rig.recordsLeft()).isZero();
        }
    }

    @Test
    void aClientThatOnlyConnectsHasASessionWithoutATransaction() throws Exception {
        try (var rig = Rig.alone().plugin(this::logAll).start()) {
            rig.client().close();
            awaitLog("SESSION_CLOSE");
            assertThat(log).containsExactly("SESSION_START", "SESSION_CLOSE");
        }
    }
}

package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.event.Continuation;
import io.penstock.proxy.TransactionRecord.EndedBy;
import io.penstock.testkit.LeakCheck;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Hooks in event style: told, and answered later. */
class ContinuationTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private final List<String> log = new CopyOnWriteArrayList<>();

    private static Continuation told(Consumer<Transaction> what) {
        return Continuation.of((_, event) -> {
            switch ((HttpEvent) event) {
                case HttpEvent.TransactionHook told -> what.accept(told.transaction());
                case HttpEvent.SessionHook _ -> throw new AssertionError("not registered for " + event);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(
            value = Scheduler.class,
            names = {"LOOP", "DEFAULT"})
    void aContinuationMayResumeAtEveryHookFromItsOwnCallback(Scheduler scheduler) throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .scheduler(scheduler)
                        .plugin(penstock -> {
                            var all = Continuation.of((_, event) -> {
                                switch ((HttpEvent) event) {
                                    case HttpEvent.TransactionHook(var hook, var transaction) -> {
                                        log.add(hook.toString());
                                        transaction.resume();
                                    }
                                    case HttpEvent.SessionHook(var hook, var session) -> {
                                        log.add(hook.toString());
                                        session.resume();
                                    }
                                }
                            });
                            for (Hook<?> hook : Hook.all()) penstock.on(hook, all);
                        })
                        .start()) {
            try (var client = rig.client()) {
                assertThat(client.get("/").body()).isEqualTo("ok");
            }
            await().atMost(Rig.LIMIT).until(() -> log.contains("SESSION_CLOSE"));
            assertThat(log)
                    .isEqualTo(Hook.all().stream()
                            .map(Hook::toString)
                            .filter(hook -> !hook.startsWith("TUNNEL"))
                            .toList());
        }
    }

    @Test
    void aContinuationEditsAndAnswers() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(Hook.READ_REQUEST_HEAD, told(transaction -> {
                                if (transaction.request().path().equals("/hello")) transaction.respond(200, "hello");
                                transaction.request().headers().set("X-Told", "1");
                                transaction.resume();
                            }));
                            penstock.on(Hook.READ_REQUEST_HEAD, _ -> log.add("next"));
                        })
                        .start();
                var client = rig.client()) {
            assertThat(client.get("/hello").body()).isEqualTo("hello");
            assertThat(log).isEmpty();
            assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(log).containsExactly("next");
            assertThat(origin.request().field("X-Told")).isEqualTo("1");
        }
    }

    @Test
    void aTransactionWaitsForAnAnswerFromAnotherThreadAndTheLoopGoesOn() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.PRE_REMAP, told(transaction -> {
                            if (transaction.request().path().equals("/late")) {
                                penstock.loops().next().schedule(Duration.ofMillis(500), transaction::resume);
                            } else {
                                transaction.resume();
                            }
                        })))
                        .start();
                var client = rig.client();
                var other = rig.client()) {
            long begun = System.nanoTime();
            client.sendHead("GET", "/late");
            assertThat(other.get("/").body()).isEqualTo("ok");
            assertThat(rig.record().request().path()).as("the first to end").isEqualTo("/");
            assertThat(client.answer("GET").body()).isEqualTo("ok");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(500));
            assertThat(Duration.ofNanos(rig.record().totalNanos())).isGreaterThanOrEqualTo(Duration.ofMillis(499));
        }
    }

    @Test
    void aPlatformThreadMayResume() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(
                                Hook.SEND_RESPONSE_HEAD,
                                told(transaction -> Thread.ofPlatform().start(() -> {
                                    transaction.response().headers().set("X-From", "afar");
                                    transaction.resume();
                                }))))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 20; i++)
                assertThat(client.get("/").field("X-From")).isEqualTo("afar");
        }
    }

    @Test
    void aSessionWaitsForItsContinuation() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.SESSION_START, Continuation.of((_, event) -> {
                            var session = ((HttpEvent.SessionHook) event).session();
                            penstock.loops().next().schedule(Duration.ofMillis(500), session::resume);
                        })))
                        .start();
                var client = rig.client()) {
            long begun = System.nanoTime();
            assertThat(client.get("/").status()).isEqualTo(200);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(500));
        }
    }

    @Test
    void aContinuationThatNeverAnswersIs500BehindTheLimitAndLateAnswersAreRefused() throws Exception {
        var parked = new AtomicReference<Transaction>();
        try (var captured = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .options(ProxyOptions.DEFAULT.withParkLimit(Duration.ofMillis(200)))
                        .plugin(
                                "sleepy",
                                penstock -> penstock.on(Hook.READ_RESPONSE_HEAD, told(transaction -> {
                                    if (transaction.request().path().equals("/never")) {
                                        parked.set(transaction);
                                    } else {
                                        transaction.resume();
                                    }
                                })))
                        .start();
                var client = rig.client()) {
            Message answer = client.get("/never");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("sleepy");
            TransactionRecord record = rig.record();
            assertThat(record.endedBy()).isEqualTo(EndedBy.PLUGIN);
            assertThat(record.totalNanos()).isBetween(199_000_000L, 5_000_000_000L);
            assertThat(captured.lines())
                    .anyMatch(line -> line.contains("sleepy did not answer within 200 ms at READ_RESPONSE_HEAD"));
            assertThat(org.assertj.core.api.Assertions.catchThrowable(
                            () -> parked.get().respond(200, "too late\n")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("does not wait for an answer");
            assertThat(org.assertj.core.api.Assertions.catchThrowable(parked.get()::resume))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("waited too long");
            assertThat(client.get("/").body()).isEqualTo("ok");
        }
    }

    @Test
    void aSecondAnswerIsRefusedAndTheTransactionGoesOn() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.PRE_REMAP, told(transaction -> {
                            transaction.resume();
                            try {
                                transaction.resume();
                                log.add("accepted");
                            } catch (IllegalStateException e) {
                                log.add("refused");
                            }
                        })))
                        .start();
                var client = rig.client()) {
            for (int i = 0; i < 5; i++) assertThat(client.get("/").body()).isEqualTo("ok");
            assertThat(log).containsExactly("refused", "refused", "refused", "refused", "refused");
        }
    }

    @Test
    void resumingWhatWasNotToldToWaitIsRefused() throws Exception {
        try (var _ = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin("eager", penstock -> penstock.on(Hook.PRE_REMAP, Transaction::resume))
                        .start()) {
            assertThat(rig.get("/").status()).isEqualTo(500);
        }
    }

    /** At once, although the limit is a minute; in the log once, with who and where. */
    @ParameterizedTest
    @MethodSource("hooksThatCanAnswer")
    void aContinuationThatThrowsBeforeItAnswersIs500AtOnce(Hook<Transaction> hook) throws Exception {
        try (var captured = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .options(ProxyOptions.DEFAULT.withParkLimit(Duration.ofMinutes(1)))
                        .plugin(
                                "careless",
                                penstock -> penstock.on(hook, told(transaction -> {
                                    if (transaction.request().path().equals("/bad"))
                                        throw new UnsupportedOperationException("on purpose");
                                    transaction.resume();
                                })))
                        .start();
                var client = rig.client()) {
            Message answer = client.get("/bad");
            assertThat(answer.status()).isEqualTo(500);
            assertThat(answer.body()).contains("careless").doesNotContain("on purpose");
            assertThat(rig.record().endedBy()).isEqualTo(EndedBy.PLUGIN);
            assertThat(captured.lines())
                    .filteredOn(line -> line.startsWith("ERROR"))
                    .singleElement()
                    .asString()
                    .contains("transaction ", "plugin careless failed at " + hook, "on purpose");
            assertThat(client.get("/good").body()).isEqualTo("ok");
        }
    }

    static List<Hook<Transaction>> hooksThatCanAnswer() {
        return RespondTest.hooksThatCanAnswer();
    }

    @Test
    void aContinuationThatThrowsBehindItsAnswerHasAnsweredAndIsInTheLog() throws Exception {
        try (var captured = Captured.log();
                var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(
                                "careless",
                                penstock -> penstock.on(Hook.PRE_REMAP, told(transaction -> {
                                    transaction.resume();
                                    throw new UnsupportedOperationException("on purpose");
                                })))
                        .start()) {
            assertThat(rig.get("/").body()).isEqualTo("ok");
            await().atMost(Rig.LIMIT)
                    .until(() -> captured.lines().stream()
                            .anyMatch(line -> line.contains("plugin careless failed at PRE_REMAP")));
        }
    }

    @Test
    void aTransactionIsNamedByWhatItIsAbout() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(Hook.PRE_REMAP, told(transaction -> {
                            log.add(transaction.toString().replace(Long.toString(transaction.id()), "N"));
                            transaction.resume();
                        })))
                        .start()) {
            assertThat(rig.get("/what?x=1").body()).isEqualTo("ok");
            assertThat(log).containsExactly("transaction N (GET /what?x=1)");
        }
    }

    @Test
    void tenThousandContinuationsInARowNeedNoMoreStackThanOne() throws Exception {
        int count = 10_000;
        var called = new AtomicInteger();
        var deepest = new AtomicInteger();
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            for (int i = 0; i < count; i++) {
                                penstock.on(Hook.PRE_REMAP, told(transaction -> {
                                    if (called.incrementAndGet() % 1000 == 0) {
                                        int depth = Thread.currentThread().getStackTrace().length;
                                        deepest.accumulateAndGet(depth, Math::max);
                                    }
                                    transaction.resume();
                                }));
                            }
                        })
                        .start()) {
            assertThat(rig.get("/").body()).isEqualTo("ok");
            assertThat(called).hasValue(count);
            assertThat(deepest.get()).isBetween(1, 40);
        }
    }

    @Test
    void oneContinuationNeverRunsConcurrentlyWithItself() throws Exception {
        var inside = new AtomicInteger();
        var most = new AtomicInteger();
        var count = new int[1]; // no lock: that is the point
        int clients = 8;
        int requests = 50;
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .loops(2)
                        .plugin(penstock -> {
                            var shared = Continuation.of((_, event) -> {
                                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                                count[0]++;
                                Thread.yield();
                                inside.decrementAndGet();
                                ((HttpEvent.TransactionHook) event)
                                        .transaction()
                                        .resume();
                            });
                            penstock.on(Hook.PRE_REMAP, shared);
                            penstock.on(Hook.SEND_RESPONSE_HEAD, shared);
                        })
                        .start()) {
            var threads = new ArrayList<Thread>();
            var failures = new CopyOnWriteArrayList<Throwable>();
            for (int i = 0; i < clients; i++) {
                Wire client = rig.client();
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int n = 0; n < requests; n++)
                            assertThat(client.get("/").body()).isEqualTo("ok");
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread thread : threads) assertThat(thread.join(Rig.LIMIT)).isTrue();
            assertThat(failures).isEmpty();
            assertThat(most).hasValue(1);
            assertThat(count[0]).isEqualTo(2 * clients * requests);
        }
    }

    @Test
    void aClientThatLeavesWhileItsTransactionIsParkedStillHasOneEnd() throws Exception {
        var parked = new AtomicReference<Transaction>();
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin)
                        .plugin(penstock -> {
                            penstock.on(Hook.PRE_REMAP, told(parked::set));
                            penstock.on(Hook.TRANSACTION_CLOSE, _ -> log.add("close"));
                            penstock.on(Hook.SESSION_CLOSE, _ -> log.add("session"));
                        })
                        .start()) {
            Wire client = rig.client();
            client.sendHead("GET", "/");
            await().atMost(Rig.LIMIT).until(() -> parked.get() != null);
            client.reset();
            assertThat(log).isEmpty();
            parked.get().resume();
            rig.record();
            await().atMost(Rig.LIMIT).until(() -> log.contains("session"));
            assertThat(log).containsExactly("close", "session");
        }
    }
}

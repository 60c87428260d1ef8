package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Several things at once: forked, waited for, cancelled, and none left behind. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class TasksTest {
    private final Loops loops;
    private final Loop loop;

    TasksTest(Scheduler scheduler) {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.all().get(0);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private <T> T on(Callable<T> work) {
        return Spawned.on(loop, work).value();
    }

    private static <T> T never() throws InterruptedException {
        new CountDownLatch(1).await();
        throw new AssertionError();
    }

    // ---- forking

    @Test
    void aTaskRunsOnTheLoopOfItsOpenerUnderItsName() {
        List<Object> seen = on(() -> {
            try (var tasks = Tasks.open()) {
                var named = tasks.fork("fetch", () -> Thread.currentThread().getName());
                var unnamed = tasks.fork(() -> Thread.currentThread().getName());
                var where = tasks.fork(Loop::current);
                return List.of(named.join(), unnamed.join(), where.join(), where.name());
            }
        });
        assertThat(seen).containsExactly("fetch", "test/2", loop, "test/3");
    }

    @Test
    void aPlainThreadForksOnTheDefaultSchedulerOrOnALoopItNames() throws Exception {
        try (var tasks = Tasks.open()) {
            assertThat(tasks.fork(() -> Thread.currentThread().isVirtual()).join())
                    .isTrue();
            assertThat(tasks.<Loop>fork(Loop::current).join()).isNull();
        }
        try (var tasks = Tasks.open(loop)) {
            assertThat(tasks.fork(Loop::current).join()).isSameAs(loop);
        }
    }

    @Test
    void theWorkNeverRunsInsideTheFork() {
        on(() -> {
            var inside = new AtomicBoolean(true);
            try (var tasks = Tasks.open()) {
                var task = tasks.fork(inside::get);
                if (loop.isCarrying()) assertThat(task.isDone()).isFalse();
                inside.set(false);
                if (loop.isCarrying()) assertThat(task.join()).isFalse();
            }
            return null;
        });
    }

    @Test
    void tasksAndTheirOpenerTakeTurnsOnOneCarrier() {
        on(() -> {
            var carriers = new ArrayList<String>();
            try (var tasks = Tasks.open()) {
                for (int i = 0; i < 5; i++) tasks.fork(() -> carriers.add(Carriers.current()));
                tasks.all();
            }
            if (loop.isCarrying()) assertThat(carriers).hasSize(5).containsOnly(Carriers.current());
            return null;
        });
    }

    // ---- waiting

    @Test
    void anOutcomeIsDeliveredOnce() {
        on(() -> {
            try (var tasks = Tasks.open()) {
                var good = tasks.fork(() -> 1);
                var bad = tasks.fork(() -> {
                    throw new IOException("on purpose");
                });
                assertThat(good.join()).isOne();
                assertThatThrownBy(good::join).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(bad::join).isInstanceOf(IOException.class).hasMessage("on purpose");
                assertThatThrownBy(bad::join).isInstanceOf(IllegalStateException.class);
            }
            return null;
        });
    }

    @Test
    void anyIsTheFirstToFinishWhicheverWasForkedFirst() {
        on(() -> {
            var gate = new CountDownLatch(1);
            try (var tasks = Tasks.open()) {
                var slow = tasks.fork(() -> {
                    gate.await();
                    return "slow";
                });
                var quick = tasks.fork(() -> "quick");
                assertThat(tasks.any(slow, quick)).isSameAs(quick);
                assertThat(quick.join()).isEqualTo("quick");
                gate.countDown();
                assertThat(tasks.any(slow, quick)).isSameAs(slow); // the other one has been delivered
                assertThat(slow.join()).isEqualTo("slow");
                assertThatThrownBy(() -> tasks.any(slow, quick)).isInstanceOf(IllegalStateException.class);
            }
            return null;
        });
    }

    @Test
    void aFailureCountsAsFinishedAndStopsNobody() {
        on(() -> {
            var gate = new CountDownLatch(1);
            try (var tasks = Tasks.open()) {
                Task<String> failing = tasks.fork(() -> {
                    throw new IOException("on purpose");
                });
                Task<String> other = tasks.fork(() -> {
                    gate.await();
                    return "unharmed";
                });
                assertThat(tasks.any(List.of(other, failing))).isSameAs(failing);
                assertThatThrownBy(failing::join).isInstanceOf(IOException.class);
                gate.countDown();
                assertThat(other.join()).isEqualTo("unharmed");
            }
            return null;
        });
    }

    @Test
    void anyWithoutArgumentsCollectsThemInTheOrderInWhichTheyFinish() {
        List<Object> order = on(() -> {
            var gates = List.of(new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1));
            var results = new ArrayList<>();
            try (var tasks = Tasks.open()) {
                for (int i = 0; i < 3; i++) {
                    int number = i;
                    tasks.fork(() -> {
                        gates.get(number).await();
                        return number;
                    });
                }
                for (int next : List.of(2, 0, 1)) {
                    gates.get(next).countDown();
                    results.add(tasks.any().join());
                }
                assertThatThrownBy(tasks::any).isInstanceOf(IllegalStateException.class);
            }
            return results;
        });
        assertThat(order).containsExactly(2, 0, 1);
    }

    @Test
    void allWaitsForEveryOneHoweverItEnds() {
        on(() -> {
            try (var tasks = Tasks.open()) {
                var bad = tasks.fork(() -> {
                    throw new IOException("on purpose");
                });
                var good = tasks.fork(() -> {
                    Awaitility.await().until(bad::isDone);
                    return "done";
                });
                tasks.all(bad, good);
                assertThat(bad.isDone()).isTrue();
                assertThat(good.isDone()).isTrue();
                assertThat(good.join()).isEqualTo("done");
                assertThatThrownBy(bad::join).isInstanceOf(IOException.class);
            }
            return null;
        });
    }

    @Test
    void allOrNoneStopsTheOthersAtTheFirstFailure() {
        on(() -> {
            try (var tasks = Tasks.open()) {
                Task<?> endless = tasks.fork(TasksTest::never);
                Task<?> failing = tasks.fork(() -> {
                    throw new IOException("on purpose");
                });
                assertThatThrownBy(() -> tasks.allOrNone(endless, failing)).isInstanceOf(IOException.class);
                assertThatThrownBy(endless::join).isInstanceOf(CancellationException.class);
                Task<Integer> good = tasks.fork(() -> 1);
                tasks.allOrNone();
                assertThat(good.join()).isOne();
            }
            return null;
        });
    }

    @Test
    void onlyTheOpenerForksWaitsAndCloses() {
        on(() -> {
            try (var tasks = Tasks.open()) {
                Task<String> other = tasks.fork(() -> "result");
                Task<List<Class<?>>> intruder = tasks.fork(() -> List.of(
                        thrown(other::join),
                        thrown(() -> tasks.any()),
                        thrown(() -> {
                            tasks.all();
                            return null;
                        }),
                        thrown(() -> tasks.fork(() -> 1)),
                        thrown(() -> {
                            tasks.close();
                            return null;
                        })));
                assertThat(intruder.join()).hasSize(5).containsOnly(IllegalStateException.class);
                assertThat(other.join()).isEqualTo("result");
            }
            return null;
        });
    }

    private static Class<?> thrown(Callable<?> misuse) {
        try {
            misuse.call();
            return Void.class;
        } catch (Exception e) {
            return e.getClass();
        }
    }

    @Test
    void tasksOfOthersAreRefused() {
        on(() -> {
            try (var tasks = Tasks.open();
                    var others = Tasks.open()) {
                Task<Integer> foreign = others.fork(() -> 1);
                assertThatThrownBy(() -> tasks.all(foreign)).isInstanceOf(IllegalArgumentException.class);
                assertThat(foreign.join()).isOne();
            }
            return null;
        });
    }

    @Test
    void anInterruptedOpenerGivesUpWaitingAndTheTaskGoesOn() {
        var gate = new CountDownLatch(1);
        var forked = new CompletableFuture<Task<String>>();
        var opener = Spawned.on(loop, () -> {
            try (var tasks = Tasks.open()) {
                Task<String> task = tasks.fork(() -> {
                    gate.await();
                    return "finished all the same";
                });
                forked.complete(task);
                assertThatThrownBy(task::join).isInstanceOf(InterruptedException.class);
                gate.countDown();
                return task.join();
            }
        });
        forked.join();
        opener.parked().thread().interrupt();
        assertThat(opener.value()).isEqualTo("finished all the same");
    }

    // ---- cancelling and closing

    @Test
    void cancellingATaskThatWaitsForAConnectionClosesItInBothDirections() {
        var pair = Connection.pair(loop, loops.all().get(1));
        on(() -> {
            try (var tasks = Tasks.open()) {
                Task<byte[]> reading = tasks.fork(() -> pair.first().receive(1));
                tasks.fork(() -> 1).join(); // by now it waits
                assertThat(reading.cancel()).isTrue();
                assertThatThrownBy(reading::join)
                        .isInstanceOf(CancellationException.class)
                        .hasCauseInstanceOf(ConnectionException.class);
            }
            return null;
        });
        assertThat(pair.first().isOpen()).isFalse();
        assertThat(Spawned.on(loop, () -> pair.first().send("x")).reason()).isEqualTo(Reason.CLOSED);
        assertThat(Spawned.on(loop, () -> pair.second().receive(1)).reason()).isEqualTo(Reason.RESET);
        pair.second().abort();
    }

    @Test
    void whatIsCancelledBeforeItBeginsNeverDoes() throws Exception {
        var begun = new AtomicBoolean();
        try (var tasks = Tasks.open(loop)) {
            if (!loops.scheduler().startsWith("loop")) return; // nothing to hold the default scheduler by
            Task<?> task = Carriers.whileHeld(loop, () -> {
                var forked = tasks.fork(() -> begun.getAndSet(true));
                assertThat(forked.cancel()).isTrue();
                assertThat(forked.isDone()).isTrue();
                return forked;
            });
            assertThatThrownBy(task::join).isInstanceOf(CancellationException.class);
            Spawned.on(loop, () -> null).value(); // its turn has come and gone
            assertThat(begun).isFalse();
        }
    }

    @Test
    void cancellingTooLateChangesNothing() {
        on(() -> {
            try (var tasks = Tasks.open()) {
                Task<Integer> task = tasks.fork(() -> 1);
                tasks.all();
                assertThat(task.cancel()).isFalse();
                assertThat(task.join()).isOne();
            }
            return null;
        });
    }

    @Test
    void whoeverCancelsInTimeIsBelievedWhateverTheTaskMakesOfIt() {
        on(() -> {
            var entered = new CountDownLatch(1);
            try (var tasks = Tasks.open()) {
                Task<String> stubborn = tasks.fork(() -> {
                    entered.countDown();
                    try {
                        return never();
                    } catch (InterruptedException e) {
                        return "so what";
                    }
                });
                entered.await();
                assertThat(stubborn.cancel()).isTrue();
                assertThatThrownBy(stubborn::join).isInstanceOf(CancellationException.class);
            }
            return null;
        });
    }

    @Test
    void closingCancelsAndJoinsWhatIsLeft() {
        var ended = new AtomicBoolean();
        on(() -> {
            var entered = new CountDownLatch(1);
            Thread closer = Thread.currentThread();
            try (var tasks = Tasks.open()) {
                tasks.fork(() -> {
                    entered.countDown();
                    try {
                        return never();
                    } finally {
                        Thread.interrupted();
                        awaitWaiting(closer); // clearing up may take a while
                        ended.set(true);
                    }
                });
                entered.await();
            }
            assertThat(ended).isTrue();
            return null;
        });
    }

    @Test
    void anInterruptionDoesNotEndTheCloseAndStaysSet() {
        var ended = new AtomicBoolean();
        on(() -> {
            var entered = new CountDownLatch(1);
            Thread closer = Thread.currentThread();
            var tasks = Tasks.open();
            tasks.fork(() -> {
                entered.countDown();
                try {
                    return never();
                } finally {
                    Thread.interrupted();
                    awaitWaiting(closer);
                    ended.set(true);
                }
            });
            entered.await();
            Thread.currentThread().interrupt();
            tasks.close();
            tasks.close(); // nothing, now
            assertThat(ended).isTrue();
            assertThat(Thread.interrupted()).isTrue();
            assertThatThrownBy(() -> tasks.fork(() -> 1)).isInstanceOf(IllegalStateException.class);
            return null;
        });
    }

    @Test
    void aFailureNobodyAskedForIsLogged() {
        try (var log = Logged.by(Tasks.class)) {
            on(() -> {
                try (var tasks = Tasks.open()) {
                    tasks.fork("forgotten", () -> {
                        throw new IllegalStateException("on purpose");
                    });
                    tasks.all();
                }
                return null;
            });
            assertThat(log.messages(Level.ERROR)).hasSize(1).first().asString().contains("forgotten");
        }
    }

    // ---- scopes

    @Test
    void aTaskIsAScopeAndItsResultOutlivesItOnPurposeOnly() {
        on(() -> {
            var leftBehind = new AtomicReference<Connection>();
            try (var job = Scope.open("job");
                    var tasks = Tasks.open()) {
                var pair = Connection.pair(loop, loop);
                Task<Connection> result = tasks.fork(() -> {
                    assertThat(Scope.current()).isNotSameAs(job);
                    leftBehind.set(Connection.pair(loop, loop).first());
                    return Connection.pair(loop, loop).first().transfer(job);
                });
                assertThat(result.join().scope()).isSameAs(job);
                assertThat(leftBehind.get().isOpen()).isFalse();
                assertThat(pair.first().isOpen()).isTrue();
            }
            return null;
        });
    }

    // ---- everything at once

    @Test
    void manyTasksThatFinishFailAndAreCancelledAtOnceAreEachDeliveredOnce() throws Exception {
        var random = ThreadLocalRandom.current();
        for (int round = 0; round < 50; round++) {
            int delivered = 0;
            try (var tasks = Tasks.open(loop)) {
                for (int i = 0; i < 40; i++) {
                    int what = random.nextInt(4);
                    Task<Integer> task = tasks.fork(() -> switch (what) {
                        case 0 -> 1;
                        case 1 -> throw new IOException("on purpose");
                        case 2 -> never();
                        default -> {
                            Thread.yield();
                            yield 2;
                        }
                    });
                    if (what == 2 || random.nextInt(3) == 0)
                        Spawned.on(loops.all().get(i % 2), task::cancel);
                }
                for (; delivered < 40; delivered++) {
                    Task<?> next = tasks.any();
                    try {
                        assertThat(next.join()).isIn(1, 2);
                    } catch (IOException | CancellationException _) {
                        // these are outcomes, too
                    }
                }
                assertThatThrownBy(tasks::any).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    private static void awaitWaiting(Thread thread) {
        Awaitility.await().until(() -> thread.getState() == Thread.State.WAITING);
    }
}

package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.penstock.net.Logged;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** One event at a time, in order, on one loop, never inside the call. */
@ParameterizedClass
@EnumSource(
        value = Scheduler.class,
        names = {"LOOP", "DEFAULT"})
class ContinuationTest {
    private record Number(int teller, int value) implements Event {}

    private final Loops loops;
    private final Loop loop;

    ContinuationTest(Scheduler scheduler) {
        loops = Loops.open(
                LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler).withStallThreshold(Duration.ZERO));
        loop = loops.all().getFirst();
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    @Test
    void whatManyThreadsTellIsHandledOneByOneOnOneLoopInTheOrderOfEachTeller() throws Exception {
        int tellers = 4;
        int each = 5_000;
        for (int round = 0; round < 5; round++) {
            int[] last = new int[tellers]; // without a lock, as the continuation is to be one
            var where = new HashSet<Loop>();
            var done = new CountDownLatch(tellers * each);
            var continuation = Continuation.of((_, event) -> {
                var number = (Number) event;
                assertThat(number.value()).isEqualTo(++last[number.teller()]);
                where.add(Loop.current());
                done.countDown();
            });
            var all = new ArrayList<Spawned<Object>>();
            for (int teller = 0; teller < tellers; teller++) {
                int me = teller;
                all.add(Spawned.onPlatformThread(() -> {
                    for (int i = 1; i <= each; i++) {
                        continuation.tell(new Number(me, i), loops.all().get(me % 2));
                    }
                    return me;
                }));
            }
            all.forEach(Spawned::value);
            done.await();
            assertThat(last).containsOnly(each);
            assertThat(where).containsExactly(continuation.loop());
        }
    }

    @Test
    @DisplayName("CONT-CALL: the handler is given the continuation that was told, and the event itself, once")
    void contCall() {
        var got = new CopyOnWriteArrayList<Object>();
        var continuation = Continuation.of((self, event) -> got.addAll(List.of(self, event)));
        var event = new Number(0, 200);
        continuation.tell(event, loop);
        await().until(() -> got.size() == 2);
        continuation.tell(new Number(0, 201), loop);
        await().until(() -> got.size() == 4);
        assertThat(got.getFirst()).isSameAs(continuation);
        assertThat(got.get(1)).isSameAs(event);
        assertThat(continuation.loop()).isSameAs(loop);
    }

    @Test
    void anEventIsNeverToldInsideTheCallThatTellsIt() {
        var depth = new AtomicInteger();
        var deepest = new AtomicInteger();
        var left = new AtomicInteger(1_000);
        var continuation = Continuation.of((self, event) -> {
            deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
            if (left.decrementAndGet() > 0) self.tell(event, loop);
            depth.decrementAndGet();
        });
        continuation.tell(new Number(0, 0), loop);
        await().until(() -> left.get() == 0);
        assertThat(deepest).hasValue(1);
    }

    @Test
    void oneThatGoesOnForEverLeavesTheOthersOfItsLoopTheirTurn() {
        var stop = new AtomicInteger();
        var restless = Continuation.of((self, event) -> {
            if (stop.get() == 0) self.tell(event, loop);
        });
        restless.tell(new Number(0, 0), loop);
        assertThat(Spawned.on(loop, () -> "my turn").value()).isEqualTo("my turn");
        stop.set(1);
    }

    @Test
    void aHandlerThatParksHoldsUpItsOwnEventsOnly() throws Exception {
        var release = new CountDownLatch(1);
        var count = new AtomicInteger();
        var waiting = Continuation.of((_, _) -> {
            release.await();
            count.incrementAndGet();
        });
        waiting.tell(new Number(0, 1), loop);
        waiting.tell(new Number(0, 2), loop);
        assertThat(Spawned.on(loop, () -> "free").value()).isEqualTo("free");
        assertThat(count).hasValue(0);
        release.countDown();
        await().until(() -> count.get() == 2);
    }

    @Test
    void whatAHandlerThrowsIsLoggedAndAnInterruptionOfOneEventIsNotThatOfTheNext() {
        var told = new Told();
        try (var log = Logged.by(Continuation.class)) {
            var continuation = Continuation.of((_, event) -> {
                if (((Number) event).value() == 1) {
                    Thread.currentThread().interrupt();
                    throw new IllegalStateException("on purpose");
                }
                Thread.sleep(Duration.ofNanos(1));
                told.continuation.tell(event, loop);
            });
            continuation.tell(new Number(0, 1), loop);
            continuation.tell(new Number(0, 2), loop);
            told.next(Number.class);
            assertThat(log.messages(Level.ERROR)).singleElement().asString().contains("Number");
        }
    }
}

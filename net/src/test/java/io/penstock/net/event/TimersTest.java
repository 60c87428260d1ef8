package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.TimerEvent.Immediate;
import io.penstock.net.event.TimerEvent.Timeout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Timers and immediate events. */
@ParameterizedClass
@EnumSource(
        value = Scheduler.class,
        names = {"LOOP", "DEFAULT"})
class TimersTest {
    private static final int LOOPS = 32;

    private final Loops loops;
    private final Processor net;
    private final Told told = new Told();

    TimersTest(Scheduler scheduler) {
        loops = Loops.open(
                LoopOptions.DEFAULT.withCount(LOOPS).withScheduler(scheduler).withStallThreshold(Duration.ZERO));
        net = Processor.of(loops);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private static Duration since(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }

    @Test
    @DisplayName("SCHED: at once is Immediate, once; 10 ms is Timeout, once, and not earlier")
    void sched() {
        long begun = System.nanoTime();
        net.immediately(told.continuation);
        told.next(Immediate.class);
        net.after(Duration.ofMillis(10), told.continuation);
        told.next(Timeout.class);
        assertThat(since(begun)).isGreaterThanOrEqualTo(Duration.ofMillis(10));
        net.after(Duration.ZERO, told.continuation);
        told.next(Timeout.class);
        assertThat(told.count()).isZero();
    }

    @Test
    @DisplayName("ACTION-CANCEL: of 10 s, cancelled, and at once there is exactly one Immediate")
    void actionCancel() {
        Action later = net.after(Duration.ofSeconds(10), told.continuation);
        assertThat(later.cancel()).isTrue();
        assertThat(later.cancel()).isFalse();
        Action now = net.immediately(told.continuation);
        told.next(Immediate.class);
        assertThat(now.cancel()).isFalse();
        assertThat(told.count()).isZero();
    }

    @Test
    void aTimerThatHasFiredButWaitsForItsTurnIsStillPrevented() throws Exception {
        var busy = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var count = new AtomicInteger();
        var slow = Continuation.of((_, _) -> {
            count.incrementAndGet();
            busy.countDown();
            goOn.await();
        });
        net.immediately(slow);
        busy.await();
        Action waiting = net.immediately(slow);
        Action other = net.immediately(slow);
        assertThat(waiting.cancel()).isTrue();
        goOn.countDown();
        await().until(() -> count.get() == 2);
        assertThat(other.cancel()).as("it is the one that was told").isFalse();
        assertThat(count).hasValue(2);
        assertThat(slow.loop()).isNotNull();
    }

    @Test
    @DisplayName("SCHED-THREAD: what is asked for on a loop is told there, and every time after")
    void schedThread() {
        for (Loop loop : loops.all().subList(0, 4)) {
            var here = new Told();
            net.on(loop).after(Duration.ofMillis(1), here.continuation);
            assertThat(here.telling().loop()).isSameAs(loop);
            net.immediately(here.continuation);
            assertThat(here.telling().loop()).as("bound by the first").isSameAs(loop);
        }
    }

    @Test
    @DisplayName("SCHED-POOL: without affinity, another loop from outside, and the same from inside")
    void schedPool() {
        net.immediately(told.continuation);
        Loop first = told.telling().loop();
        await().until(() -> unboundAndAskedAgain() != first);

        Loop inside = loops.all().get(7);
        // what comes while its thread is still about to go is told where it was, so once may not be enough
        await().until(() -> Spawned.on(inside, this::unboundAndAskedAgain).value() == inside);
    }

    private Loop unboundAndAskedAgain() {
        told.continuation.unbind();
        net.immediately(told.continuation);
        return told.telling().loop();
    }

    @Test
    void theAffinityOfAContinuationIsSetAskedForAndCleared() {
        var continuation = told.continuation;
        assertThat(continuation.loop()).isNull();
        Loop loop = loops.all().get(3);
        assertThat(continuation.bind(loop)).isSameAs(continuation);
        assertThat(continuation.loop()).isSameAs(loop);
        net.on(loops.all().get(4)).immediately(continuation);
        assertThat(told.telling().loop()).as("it is bound").isSameAs(loop);
        continuation.unbind();
        assertThat(continuation.loop()).isNull();
    }

    @Test
    @DisplayName("SCHED-EVERY: at least three times, on one loop, with the period between them, until cancelled")
    void schedEvery() {
        Duration period = Duration.ofMillis(20);
        long begun = System.nanoTime();
        Action action = net.every(period, told.continuation);
        var tellings = Stream.generate(told::telling).limit(4).toList();
        assertThat(tellings).extracting(Told.Telling::event).containsOnly(new Timeout());
        assertThat(tellings)
                .extracting(Told.Telling::loop)
                .containsOnly(tellings.getFirst().loop());
        for (int i = 0;
                i < tellings.size();
                i++) { // not from one to the next: a handler may be slow to look at the time
            assertThat(tellings.get(i).nanos() - begun)
                    .isGreaterThanOrEqualTo(period.multipliedBy(i + 1).toNanos());
        }
        boolean waited = action.cancel();
        assertThat(action.cancel()).isFalse();
        int last = told.count() + (waited ? 0 : 1);
        net.after(period.multipliedBy(3), told.continuation);
        await().until(() -> told.count() > 0);
        assertThat(told.count())
                .as("what was told, and the one to compare with")
                .isLessThanOrEqualTo(last + 1);
        assertThatThrownBy(() -> net.every(Duration.ZERO, told.continuation))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void oneThatTakesLongerThanItsPeriodIsToldLessOftenAndMayCancelItself() throws Exception {
        var action = new AtomicReference<Action>();
        var count = new AtomicInteger();
        var release = new CountDownLatch(1);
        var slow = Continuation.of((_, _) -> {
            if (count.incrementAndGet() < 3) return;
            release.await();
            assertThat(action.get().cancel()).as("an event is being told").isFalse();
        });
        action.set(net.every(Duration.ofMillis(1), slow));
        await().until(() -> count.get() == 3);
        net.after(Duration.ofMillis(20), told.continuation);
        told.next(Timeout.class);
        assertThat(count).hasValue(3);
        release.countDown();
        net.after(Duration.ofMillis(20), told.continuation);
        told.next(Timeout.class);
        assertThat(count).hasValue(3);
    }

    @Test
    @DisplayName("SCHED-ENTIRE: on each of 32 loops exactly once, or again and again")
    void schedEntire() {
        for (Loop loop : loops.all()) net.on(loop).immediately(told(loop));
        var tellings = Stream.generate(told::telling).limit(LOOPS).toList();
        assertThat(tellings).extracting(telling -> loopOf(telling)).containsExactlyInAnyOrderElementsOf(loops.all());
        assertThat(told.count()).isZero();

        List<Action> all = loops.all().stream()
                .map(loop -> net.on(loop).every(Duration.ofMillis(10), told(loop)))
                .toList();
        var again = Stream.generate(told::telling).limit(3 * LOOPS).toList();
        assertThat(again).extracting(telling -> loopOf(telling)).containsAll(loops.all());
        all.forEach(Action::cancel);
    }

    private record On(Loop loop) implements Event {}

    /** One for each loop, as one is never told twice at once. */
    private Continuation told(Loop loop) {
        return Continuation.of((_, _) -> {
            assertThat(Loop.current()).isSameAs(loop);
            told.continuation.tell(new On(Loop.current()), loop);
        });
    }

    private static Loop loopOf(Told.Telling telling) {
        return ((On) telling.event()).loop();
    }

    @Test
    @DisplayName("SCHED-POOL: an offloaded continuation is told on a thread that may block, one event at a time")
    void schedOffloadPool() {
        var offloaded = Continuation.offloaded((_, event) -> {
            assertThat(Thread.currentThread().isVirtual()).isFalse();
            told.continuation.tell(event, loops.all().get(0));
        });
        for (int i = 0; i < 100; i++) net.immediately(offloaded);
        net.after(Duration.ofMillis(1), offloaded);
        for (int i = 0; i < 100; i++) told.next(Immediate.class);
        told.next(Timeout.class);
    }
}

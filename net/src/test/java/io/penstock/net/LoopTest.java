package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.LoopOptions.Scheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Spawning, scheduling and offloading, whichever scheduler carries the threads. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class LoopTest {
    private static final int WORKERS = 32;

    private final Loops loops;
    private final Loop loop;

    LoopTest(Scheduler scheduler) {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.all().get(1);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    // ---- spawn

    @Test
    void aSpawnedThreadIsVirtualAndNamedAndKnowsItsLoop() {
        var thread = Spawned.on(
                loop, () -> Loop.current() == loop && Thread.currentThread().isVirtual());
        assertThat(thread.value()).isTrue();
        assertThat(thread.thread().getName()).isEqualTo("test");
        assertThat(Loop.current()).isNull();
    }

    @Test
    void aSpawnedThreadKeepsItsLoopWhileItParks() {
        var thread = Spawned.on(loop, () -> {
            Thread.sleep(Duration.ofMillis(2));
            loop.offload(() -> 1);
            return Loop.current();
        });
        assertThat(thread.value()).isSameAs(loop);
    }

    @Test
    void theLoopsAreHandedOutInTurnAndIndexed() {
        assertThat(loops.all()).extracting(Loop::index).containsExactly(0, 1);
        assertThat(loops.next()).isNotSameAs(loops.next());
    }

    // ---- schedule

    @Test
    void aScheduledTaskRunsOnItsLoopAfterItsDelay() throws Exception {
        var ran = new CountDownLatch(1);
        var at = new Loop[1];
        long start = System.nanoTime();
        var action = loop.schedule(Duration.ofMillis(20), () -> {
            at[0] = Loop.current();
            ran.countDown();
        });
        ran.await();
        assertThat(System.nanoTime() - start)
                .isGreaterThanOrEqualTo(Duration.ofMillis(20).toNanos());
        assertThat(at[0]).isSameAs(loop);
        assertThat(action.cancel()).isFalse();
    }

    @Test
    void cancellingSaysTrueOnceAndTheTaskNeverRunsAfterThat() {
        var ran = new AtomicBoolean();
        var action = loop.schedule(Duration.ofMillis(300), () -> ran.set(true));
        assertThat(action.cancel()).isTrue();
        assertThat(action.cancel()).isFalse();
        // a later timer of the same loop has fired: the cancelled one would have
        var later = new CountDownLatch(1);
        loop.schedule(Duration.ofMillis(310), later::countDown);
        await().until(() -> later.getCount() == 0);
        assertThat(ran).isFalse();
    }

    @Test
    void eachOfManyTasksEitherRunsOrIsCancelledAndNeverBoth() {
        int count = 2000;
        var ran = new AtomicInteger();
        int cancelled = 0;
        var actions = new ArrayList<io.penstock.net.event.Action>();
        for (int i = 0; i < count; i++) {
            actions.add(loop.schedule(Duration.ofNanos(i * 2_000L), ran::incrementAndGet));
            if (i % 2 == 1 && actions.get(i / 2).cancel()) cancelled++; // some are early, some late, some in between
        }
        int never = cancelled;
        await().untilAsserted(() -> assertThat(ran.get()).isEqualTo(count - never));
        var last = new CountDownLatch(1);
        loop.schedule(Duration.ofMillis(5), last::countDown);
        await().until(() -> last.getCount() == 0);
        assertThat(ran.get()).isEqualTo(count - never);
    }

    @Test
    void evenAfterTheEndOfTheLoopsATaskIsScheduledAndRuns() throws Exception {
        loops.close(Duration.ZERO);
        var ran = new CountDownLatch(1);
        var cancelled = new AtomicBoolean();
        assertThat(loop.schedule(Duration.ofSeconds(5), () -> cancelled.set(true))
                        .cancel())
                .isTrue();
        var action = loop.schedule(Duration.ofMillis(2), ran::countDown);
        ran.await();
        assertThat(action.cancel()).isFalse();
        assertThat(cancelled).isFalse();
    }

    // ---- offload

    @Test
    void offloadedWorkRunsOnAPlatformThreadAndItsResultComesBack() {
        assertThat(Spawned.on(
                                loop,
                                () -> loop.offload(() -> Thread.currentThread().getName() + " virtual "
                                        + Thread.currentThread().isVirtual()))
                        .value())
                .startsWith("penstock-worker")
                .endsWith("virtual false");
    }

    @Test
    void whatOffloadedWorkThrowsIsThrownToTheCaller() {
        var failure = new IOException("on purpose");
        assertThat(Spawned.on(
                                loop,
                                () -> loop.offload(() -> {
                                    throw failure;
                                }))
                        .failure())
                .isSameAs(failure);
        var error = new AssertionError("on purpose");
        assertThat(Spawned.on(
                                loop,
                                () -> loop.offload(() -> {
                                    throw error;
                                }))
                        .failure())
                .isSameAs(error);
    }

    @Test
    void theLoopIsFreeWhileWorkIsOffloaded() throws Exception {
        var release = new CountDownLatch(1);
        var working = Spawned.on(
                loop,
                () -> loop.offload(() -> {
                    release.await();
                    return "done";
                }));
        working.parked();
        assertThat(Spawned.on(loop, () -> "free").value()).isEqualTo("free");
        assertThat(working.isDone()).isFalse();
        release.countDown();
        assertThat(working.value()).isEqualTo("done");
    }

    @Test
    void anInterruptedCallerInterruptsTheWork() throws Exception {
        var interrupted = new CountDownLatch(1);
        var started = new CountDownLatch(1);
        var working = Spawned.on(
                loop,
                () -> loop.offload(() -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        interrupted.countDown();
                    }
                    return "";
                }));
        started.await();
        working.thread().interrupt();
        assertThat(working.failure()).isInstanceOf(InterruptedException.class);
        interrupted.await();
    }

    @Test
    void offloadedWorkIsBoundedAndTheRestWaits() throws Exception {
        var running = new AtomicInteger();
        var most = new AtomicInteger();
        var release = new CountDownLatch(1);
        var all = new ArrayList<Spawned<Object>>();
        for (int i = 0; i < WORKERS + 8; i++) {
            all.add(Spawned.on(
                    loop,
                    () -> loop.offload(() -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        release.await();
                        running.decrementAndGet();
                        return null;
                    })));
        }
        await().until(() -> running.get() == WORKERS);
        all.forEach(Spawned::parked);
        assertThat(running.get()).isEqualTo(WORKERS);
        release.countDown();
        all.forEach(Spawned::value);
        assertThat(most.get()).isEqualTo(WORKERS);
    }

    @Test
    void workThatWaitsForAWorkerWhenTheLoopsAreClosedIsRefusedAndNotForgotten() throws Exception {
        var release = new CountDownLatch(1);
        var started = new CountDownLatch(WORKERS);
        for (int i = 0; i < WORKERS; i++) {
            Spawned.onPlatformThread(() -> loop.offload(() -> {
                started.countDown();
                return release.await(20, java.util.concurrent.TimeUnit.SECONDS);
            }));
        }
        started.await();
        var waiting = Spawned.onPlatformThread(() -> loop.offload(() -> "never"));
        waiting.parked();
        loops.close(Duration.ZERO);
        assertThat(waiting.failure()).isInstanceOf(RejectedExecutionException.class);
        assertThat(Spawned.onPlatformThread(() -> loop.offload(() -> "never")).failure())
                .isInstanceOf(RejectedExecutionException.class);
        release.countDown();
    }
}

package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import ch.qos.logback.classic.Level;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.internal.NettyLoop;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The end of all loops. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class LoopsCloseTest {
    private final Scheduler scheduler;
    private final Loops loops;
    private final Loop loop;

    LoopsCloseTest(Scheduler scheduler) {
        this.scheduler = scheduler;
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.next();
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    @Test
    void unusedLoopsEndInOrder() {
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
        assertThat(((NettyLoop) loop).eventLoop().isTerminated()).isTrue();
    }

    @Test
    void closingWaitsForThreadsAndConnectionsThatEndByThemselves() {
        var pair = Connection.pair(loops.all().get(0), loops.all().get(1));
        var working = Spawned.on(loop, () -> {
            String line = pair.second().receiveLine();
            pair.second().close();
            return line;
        });
        var closing = Spawned.onPlatformThread(() -> loops.close(Duration.ofSeconds(10)));
        closing.parked();
        assertThat(closing.isDone()).isFalse();
        var other = Spawned.onPlatformThread(() -> {
            pair.first().send("the last line\n");
            pair.first().close();
            return null;
        });
        other.value();
        assertThat(working.value()).isEqualTo("the last line");
        assertThat(closing.value()).isTrue();
    }

    @Test
    void whatIsLeftAfterTheGraceIsAbortedAndInterrupted() {
        var pair = Connection.pair(loop, loop);
        var reading = Spawned.on(loop, () -> pair.second().receiveLine());
        var sleeping = Spawned.on(loop, () -> {
            new CountDownLatch(1).await();
            return null;
        });
        reading.parked();
        sleeping.parked();
        assertThat(loops.close(Duration.ofMillis(20))).isFalse();
        assertThat(reading.reason()).isIn(Reason.CLOSED, Reason.RESET, Reason.INTERRUPTED);
        assertThat(sleeping.failure()).isInstanceOf(InterruptedException.class);
        assertThat(pair.first().isOpen()).isFalse();
        assertThat(pair.second().isOpen()).isFalse();
        assertThat(loop.connections()).isZero();
    }

    @Test
    void closingAgainAnswersTheSameAndDoesNothing() {
        assertThat(loops.close(Duration.ZERO)).isTrue();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
        assertThatCode(loops::close).doesNotThrowAnyException();
    }

    @Test
    void aSecondCloserWaitsForTheFirst() {
        var working = Spawned.on(loop, () -> {
            new CountDownLatch(1).await();
            return null;
        });
        working.parked();
        var first = Spawned.onPlatformThread(() -> loops.close(Duration.ofMillis(200)));
        first.parked();
        loops.close(Duration.ofSeconds(10));
        assertThat(((NettyLoop) loop).eventLoop().isTerminated()).isTrue();
        assertThat(first.value()).isFalse();
    }

    @Test
    void aThreadOfALoopMayNotCloseTheLoops() {
        assertThat(Spawned.on(loop, () -> loops.close(Duration.ofMillis(10))).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("carry");
        assertThat(Spawned.on(loop, () -> "it goes on").value()).isEqualTo("it goes on");
    }

    @Test
    void aThreadOfOtherLoopsMayCloseThese() {
        try (var others = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(scheduler))) {
            assertThat(Spawned.on(others.next(), () -> loops.close(Duration.ofSeconds(5)))
                            .value())
                    .isTrue();
        }
    }

    @Test
    void anInterruptedCloserClosesAtOnceAndStaysInterrupted() {
        var working = Spawned.on(loop, () -> {
            new CountDownLatch(1).await();
            return null;
        });
        working.parked();
        var closing = Spawned.onPlatformThread(() -> loops.close(Duration.ofMinutes(5)) + " "
                + Thread.currentThread().isInterrupted());
        closing.parked();
        closing.thread().interrupt();
        assertThat(closing.value()).isEqualTo("false true");
        assertThat(working.failure()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void aThreadThatNeverLetsGoDoesNotHoldUpTheCloser() throws Exception {
        var over = new AtomicBoolean();
        var hogging = new CountDownLatch(1);
        var hog = Spawned.on(loop, () -> {
            hogging.countDown();
            Carriers.hog(over::get);
            return null;
        });
        hogging.await();
        try (var logged = Logged.by(Loops.class);
                var _ = Logged.by(Loop.class)) {
            var closing = Spawned.onPlatformThread(() -> loops.close(Duration.ZERO));
            assertThat(closing.value()).isFalse();
            if (scheduler == Scheduler.LOOP) {
                assertThat(logged.messages(Level.WARN))
                        .singleElement()
                        .asString()
                        .contains("does not let go");
            }
        } finally {
            over.set(true);
        }
        hog.value();
    }
}

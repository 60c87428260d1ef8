package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.penstock.net.LoopOptions.Scheduler;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicCallSiteDesc;
import java.lang.invoke.CallSite;
import java.lang.invoke.ConstantCallSite;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever holds up a loop is named. */
class StallWatchdogTest {
    private static final Duration THRESHOLD = Duration.ofMillis(50);

    private final Loops loops = Loops.open(
            LoopOptions.DEFAULT.withCount(2).withScheduler(Scheduler.LOOP).withStallThreshold(THRESHOLD));
    private final Loop loop = loops.all().get(0);
    private final Loop other = loops.all().get(1);
    private final Logged logged = Logged.by(Loop.class);

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
        logged.close();
    }

    /** Of the loop that is looked at; a busy machine may hold up the other one too. */
    private List<String> told() {
        return logged.messages(Level.WARN).stream()
                .filter(line -> line.startsWith("loop 0"))
                .toList();
    }

    private static void blockTheLoopFor(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Carriers.hog(() -> System.nanoTime() - end >= 0);
    }

    @Test
    void aHandlerThatBlocksItsLoopIsNamedWithItsStackAndTheOtherLoopsGoOn(@TempDir Path directory) throws Exception {
        try (var recording = new Recording()) {
            recording.enable("io.penstock.LoopStall");
            recording.start();
            var started = new CountDownLatch(1);
            Thread culprit = loop.spawn("the culprit", () -> {
                started.countDown();
                blockTheLoopFor(Duration.ofMillis(300));
            });
            started.await();
            int turnsOfTheOther = 0;
            while (told().isEmpty()) { // while the loop is held
                Spawned.on(other, () -> null).value();
                turnsOfTheOther++;
            }
            assertThat(turnsOfTheOther).isPositive();
            assertThat(culprit.join(Spawned.LIMIT)).isTrue();
            await().until(() -> told().size() == 2);
            recording.stop();

            assertThat(told().getFirst())
                    .startsWith("loop 0 has been held up for ")
                    .contains("by the thread the culprit")
                    .contains("Loop.offload")
                    .contains("StallWatchdogTest.blockTheLoopFor");
            assertThat(told().getLast()).startsWith("loop 0 goes on after about ");
            assertThat(loops.stalls().count()).isPositive();
            assertThat(loops.stalls().total()).isGreaterThan(Duration.ofMillis(200));

            Path file = directory.resolve("stalls.jfr");
            recording.dump(file);
            assertThat(Files.size(file)).isPositive();
            assertThat(RecordingFile.readAllEvents(file))
                    .filteredOn(event -> event.getInt("loop") == 0)
                    .singleElement()
                    .satisfies(event -> {
                        assertThat(event.getString("culprit")).isEqualTo("the culprit");
                        assertThat(event.getString("stack")).contains("StallWatchdogTest.blockTheLoopFor");
                        assertThat(event.getDuration("held")).isGreaterThan(Duration.ofMillis(200));
                    });
        }
    }

    /** By a call whose place is just being linked, which the JVM does in its own time. */
    @Test
    void whereTheJvmLoadsWhatItNeedsNobodyIsBlamed() throws Exception {
        var made = MethodHandles.lookup().defineHiddenClass(caller(), true);
        MethodHandle call = made.findStatic(made.lookupClass(), "call", MethodType.methodType(void.class));
        Spawned.on(loop, () -> {
                    try {
                        call.invokeExact();
                    } catch (Throwable e) {
                        throw new AssertionError(e);
                    }
                    return null;
                })
                .value();
        await().until(() -> logged.messages(Level.INFO).stream().anyMatch(line -> line.startsWith("loop 0 goes on")));
        assertThat(told()).isEmpty();
        assertThat(logged.messages(Level.INFO))
                .anySatisfy(line -> assertThat(line)
                        .startsWith("loop 0 has been held up")
                        .endsWith("the JVM loads classes for it, as it does once"));
        assertThat(loops.stalls().count()).isPositive();
    }

    /** A class with a method whose one call site is {@link #linked}. */
    private static byte[] caller() {
        ClassDesc here = ClassDesc.of(StallWatchdogTest.class.getName());
        DirectMethodHandleDesc linking = ConstantDescs.ofCallsiteBootstrap(here, "linked", ConstantDescs.CD_CallSite);
        return ClassFile.of()
                .build(
                        ClassDesc.of(StallWatchdogTest.class.getPackageName(), "Caller"),
                        made -> made.withMethodBody(
                                "call",
                                ConstantDescs.MTD_void,
                                ClassFile.ACC_STATIC | ClassFile.ACC_PUBLIC,
                                code -> code.invokedynamic(
                                                DynamicCallSiteDesc.of(linking, "run", ConstantDescs.MTD_void))
                                        .return_()));
    }

    static CallSite linked(MethodHandles.Lookup lookup, String name, MethodType type) {
        blockTheLoopFor(Duration.ofMillis(300));
        return new ConstantCallSite(MethodHandles.empty(type));
    }

    @Test
    void aStallIsCountedWhileItLasts() throws Exception {
        var over = new CountDownLatch(1);
        var stuck = Spawned.on(loop, () -> {
            Carriers.hog(() -> over.getCount() == 0);
            return null;
        });
        await().until(() -> loops.stalls().count() == 1);
        assertThat(loops.stalls().total()).isGreaterThanOrEqualTo(THRESHOLD);
        assertThat(stuck.isDone()).isFalse();
        over.countDown();
        stuck.value();
        await().until(() -> told().size() == 2);
        assertThat(loops.stalls().count()).isOne();
    }

    @Test
    void aThreadThatIsBlockedInTheKernelOrPinnedIsNamedToo() throws Exception {
        // a park inside a class initialiser cannot free the carrier
        var pinned = Spawned.on(loop, () -> Pinning.VALUE);
        await().until(() -> !logged.messages(Level.WARN).isEmpty());
        assertThat(logged.messages(Level.WARN).getFirst()).contains("Pinning.<clinit>");
        LockSupport.unpark(pinned.thread());
        assertThat(pinned.value()).isEqualTo(1);
    }

    /** Parks in its initialiser, which holds the carrier. */
    private static final class Pinning {
        static final int VALUE;

        static {
            LockSupport.park();
            VALUE = Integer.parseInt("1");
        }
    }

    @Test
    void manyShortTurnsAreNoStall() {
        var turns = new AtomicInteger();
        long end = System.nanoTime() + THRESHOLD.multipliedBy(6).toNanos();
        var busy = Spawned.on(loop, () -> {
            while (System.nanoTime() - end < 0) {
                turns.incrementAndGet();
                Thread.yield();
            }
            return null;
        });
        busy.value();
        assertThat(turns.get()).isGreaterThan(100);
        assertThat(loops.stalls().count()).isZero();
        assertThat(logged.messages(Level.WARN)).isEmpty();
    }

    @Test
    void parkedThreadsAndIdleLoopsAreNoStall() throws Exception {
        var parked = Spawned.on(loop, () -> {
            LockSupport.park();
            return null;
        });
        parked.parked();
        var later = new CountDownLatch(1);
        other.schedule(THRESHOLD.multipliedBy(6), later::countDown);
        later.await();
        LockSupport.unpark(parked.thread());
        parked.value();
        assertThat(loops.stalls()).isEqualTo(new Loops.Stalls(0, Duration.ZERO));
        assertThat(logged.messages(Level.WARN)).isEmpty();
    }

    @Test
    void aThresholdOfZeroSwitchesItOff() {
        try (var quiet = Loops.open(
                LoopOptions.DEFAULT.withCount(1).withScheduler(Scheduler.LOOP).withStallThreshold(Duration.ZERO))) {
            Spawned.on(quiet.next(), () -> {
                        blockTheLoopFor(Duration.ofMillis(150));
                        return null;
                    })
                    .value();
            assertThat(quiet.stalls().count()).isZero();
        }
        assertThat(logged.messages(Level.WARN)).isEmpty();
    }
}

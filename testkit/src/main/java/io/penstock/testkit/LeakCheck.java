package io.penstock.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.testkit.internal.LeakRecorder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A JUnit extension that fails a class in which a buffer was dropped without being released, and a test that leaves a
 * connection open.
 *
 * <p>{@snippet :
 * @RegisterExtension
 * static final LeakCheck LEAKS = LeakCheck.of(loops);
 * }
 *
 * <p>It records what Netty's leak detector reports, and therefore has to be loaded before Netty's buffers are; when it was not,
 * {@code beforeAll} says so instead of passing blindly. Leaks of earlier classes of the same JVM that had no check of their own
 * are reported too. Unpooled heap buffers are not tracked, being garbage like any other. Any thread; holds no state of a test but the loops it watches.
 */
public final class LeakCheck implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private static final String CANARY = "a canary of the leak check, number ";
    private static final AtomicInteger CANARIES = new AtomicInteger();

    static {
        System.setProperty("io.netty.leakDetection.level", "paranoid");
        System.setProperty("io.netty.leakDetection.targetRecords", "20");
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new Recording());
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    private final List<Loops> watched = new ArrayList<>();

    private Duration limit = Await.LIMIT;

    private LeakCheck() {}

    /** A check for buffers alone. */
    public static LeakCheck ofBuffers() {
        return new LeakCheck();
    }

    /** A check for buffers, and for connections that a test leaves open on the loops. */
    public static LeakCheck of(Loops... loops) {
        var check = new LeakCheck();
        for (Loops some : loops) check.watch(some);
        return check;
    }

    /** Watches these loops as well; to be called before the first test ends. */
    public void watch(Loops loops) {
        watched.add(loops);
    }

    /** How long connections may take to end after a test; {@link Await#LIMIT} if not set. */
    public void within(Duration limit) {
        this.limit = limit;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (CANARIES.get() == 0) leaks();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        for (Loops loops : watched) {
            for (Loop loop : loops.all()) {
                if (!Await.within(limit, () -> loop.connections() == 0)) {
                    throw new AssertionError(loop.connections() + " connections are left on loop " + loop.index()
                            + "; the test has to end them");
                }
            }
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        List<String> leaks = leaks();
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    leaks.size() + " buffers were never released; Netty recorded:\n\n" + String.join("\n\n", leaks));
        }
    }

    /**
     * Collects garbage until leaked buffers have been found, and answers what is known of each that was not answered before.
     *
     * @throws AssertionError when the detector does not find a buffer that is leaked here on purpose, so cannot be trusted
     */
    public static List<String> leaks() {
        String canary = CANARY + CANARIES.incrementAndGet();
        leak(canary);
        boolean found = Await.within(Await.LIMIT, () -> {
            collect();
            return LeakRecorder.records().stream().anyMatch(record -> record.contains(canary));
        });
        if (!found) {
            throw new AssertionError(
                    "the leak detector is not ours: Netty was initialised before LeakCheck. Load LeakCheck first,"
                            + " or run the JVM with -Dio.netty.leakDetection.level=paranoid and"
                            + " -Dio.netty.customResourceLeakDetector=" + LeakRecorder.class.getName());
        }
        // what was found together with the canary may still be on its way through the reference queue
        collect();
        var leaks = new ArrayList<String>();
        for (String record = LeakRecorder.records().poll();
                record != null;
                record = LeakRecorder.records().poll()) {
            if (!record.contains(CANARY)) leaks.add(record);
        }
        return leaks;
    }

    private static void leak(String hint) {
        var _ = ByteBufAllocator.DEFAULT.heapBuffer(16).touch(hint);
    }

    private static void collect() {
        System.gc();
        // an allocation is what makes the detector look
        for (int i = 0; i < 8; i++) {
            ByteBuf buffer = ByteBufAllocator.DEFAULT.heapBuffer(16);
            buffer.release();
        }
    }

    /** Makes recording detectors for whatever Netty tracks. */
    private static final class Recording extends ResourceLeakDetectorFactory {
        @Override
        @SuppressWarnings("deprecation") // the method to override
        public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                Class<T> resource, int samplingInterval, long maxActive) {
            return new LeakRecorder<>(resource, samplingInterval);
        }
    }
}

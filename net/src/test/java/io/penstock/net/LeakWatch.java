package io.penstock.net;

import ch.qos.logback.classic.Level;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class in whose time a buffer was lost; registered for all of them.
 *
 * <p>Netty reports a lost buffer when it allocates another one after the collector has found the first. So at the end of a class a
 * buffer is lost on purpose, and the collector is called until that one is reported: the others have been by then.
 */
public final class LeakWatch implements BeforeAllCallback, AfterAllCallback {
    private static final AtomicInteger CANARIES = new AtomicInteger();
    private static final Logged REPORTS = Logged.by(ResourceLeakDetector.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        if (ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
            throw new AssertionError(
                    "leaks are not looked for; start the JVM with -Dio.netty.leakDetection.level=paranoid");
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        // nested invocations of a parameterised class are not the end of it
        if (context.getParent().flatMap(ExtensionContext::getTestClass).isPresent()) return;
        String canary = "lost on purpose, number " + CANARIES.incrementAndGet();
        lose(canary);
        long end = System.nanoTime() + Spawned.LIMIT.toNanos();
        while (reports().stream().noneMatch(report -> report.contains(canary))) {
            if (System.nanoTime() - end > 0) throw new AssertionError("Netty does not report leaks");
            System.gc();
            PooledByteBufAllocator.DEFAULT.heapBuffer(1).release();
        }
        List<String> leaks = reports().stream()
                .filter(report -> !report.contains("lost on purpose"))
                .toList();
        if (!leaks.isEmpty()) {
            throw new AssertionError(
                    leaks.size() + " kinds of buffers were lost by now, the first:\n" + leaks.getFirst());
        }
    }

    private static List<String> reports() {
        return REPORTS.messages(Level.ERROR);
    }

    private static void lose(String canary) {
        ByteBuf lost = PooledByteBufAllocator.DEFAULT.heapBuffer(1);
        lost.touch(canary);
    }
}

package io.penstock.net;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/** Which carrier a virtual thread is on, and how to keep a loop busy. */
public final class Carriers {
    private Carriers() {}

    /** The name of the calling virtual thread's carrier, as {@link Thread#toString()} shows it. */
    public static String current() {
        return of(Thread.currentThread());
    }

    public static String of(Thread thread) {
        String text = thread.toString();
        return text.substring(text.lastIndexOf('@') + 1);
    }

    /** Whether the calling thread is on the carrier of a loop. */
    public static boolean isLoop() {
        return current().startsWith("penstock-loop");
    }

    /** Holds the calling carrier, without parking, until the condition holds; for the tests of those who must not do it. */
    public static void hog(BooleanSupplier until) {
        long end = System.nanoTime() + Spawned.LIMIT.toNanos();
        while (!until.getAsBoolean()) {
            if (System.nanoTime() - end > 0) throw new AssertionError("held the carrier in vain");
            Thread.onSpinWait();
        }
    }

    /** Does the work while the loop is held by another thread, and lets the loop go on afterwards. */
    public static <T> T whileHeld(Loop loop, Callable<T> work) throws Exception {
        var held = new CountDownLatch(1);
        var over = new AtomicBoolean();
        var hog = Spawned.on(loop, () -> {
            held.countDown();
            hog(over::get);
            return null;
        });
        held.await();
        try {
            return work.call();
        } finally {
            over.set(true);
            hog.value();
        }
    }
}

package io.penstock.bench.frames;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A stretch of time, and what was done in it. All but the waiting is the event loop's. */
final class Round {
    private static final long PATIENCE_SECONDS = 10;

    private final CountDownLatch running;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean over;
    private long counted;

    /** @param parties how many connections, or chains of them, are to end at its end */
    Round(int parties) {
        running = new CountDownLatch(parties);
    }

    boolean isOver() {
        return over;
    }

    void count() {
        counted++;
    }

    /** Counts a frame that must be the next. */
    void count(long number, long expected) {
        if (number != expected) throw new IllegalStateException("frame " + number + " instead of " + expected);
        counted++;
    }

    /** One of the parties has ended. */
    void ended() {
        running.countDown();
    }

    /** So has one of them, but it should not. */
    void failed(Throwable failure) {
        if (failures.getAndIncrement() == 0) failure.printStackTrace();
        running.countDown();
    }

    /** Lets it last so long, and waits until all parties have ended. */
    void last(long nanos) throws InterruptedException {
        if (running.await(nanos, TimeUnit.NANOSECONDS))
            throw new IllegalStateException("all have ended before their time");
        over = true;
        if (!running.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException(running.getCount() + " parties do not end");
        }
    }

    /** As {@code bench/run} reads it. */
    String report(long nanos) {
        return "{\"requests\":%d,\"micros\":%d,\"bytes\":0,\"errors\":{\"client\":%d}}"
                .formatted(counted, nanos / 1000, failures.get());
    }
}

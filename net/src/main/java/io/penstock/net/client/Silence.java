package io.penstock.net.client;

import io.penstock.net.Loop;
import io.penstock.net.event.Action;
import java.time.Duration;

/** How long nothing has come. The timer is not moved by each byte, which would cost more than the byte: it looks when it is there. */
final class Silence {
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private final long limit;
    private final Runnable told;
    private volatile long since;
    private volatile boolean due;
    private volatile boolean over;
    private boolean wasDue;
    private volatile Action timer = () -> false;

    /** @param limit zero for none */
    Silence(Duration limit, Runnable told) {
        this.limit = (limit.compareTo(LONGEST) < 0 ? limit : LONGEST).toNanos();
        this.told = told;
    }

    void begin(Loop loop) {
        if (limit == 0) return;
        since = System.nanoTime();
        look(loop, limit);
    }

    private void look(Loop loop, long in) {
        timer = loop.schedule(Duration.ofNanos(in), () -> {
            long left = since + limit - System.nanoTime();
            if (left <= 0) {
                due = true;
                told.run();
                left = limit;
            }
            if (!over) look(loop, left);
        });
        if (over) timer.cancel();
    }

    /** Something has come. */
    void broken() {
        if (limit == 0) return;
        since = System.nanoTime();
        due = false;
    }

    /** Whether it is to be told now, which counts as done. */
    boolean isDue() {
        if (!due) return false;
        due = false;
        since = System.nanoTime();
        wasDue = true;
        return true;
    }

    boolean wasDue() {
        return wasDue;
    }

    void end() {
        over = true;
        timer.cancel();
    }
}

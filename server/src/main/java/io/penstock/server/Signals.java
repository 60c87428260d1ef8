package io.penstock.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import sun.misc.Signal;

/**
 * What the operating system asks of the process: TERM and INT to end in order, again to end at once, USR1 to open logs again, HUP to read
 * certificates again. By default HUP would end it at once, and cut requests off.
 * Owned by the program; the handlers run on the JVM's signal thread.
 */
final class Signals {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final AtomicInteger times = new AtomicInteger();

    /**
     * From now on signals come here instead of ending the process.
     *
     * @param renew what to read again
     * @param endAtOnce what to do when asked to end a second time; is not expected to return
     */
    void install(Runnable reopenLogs, Runnable renew, Runnable endAtOnce) {
        Signal.handle(new Signal("TERM"), _ -> end(endAtOnce));
        Signal.handle(new Signal("INT"), _ -> end(endAtOnce));
        Signal.handle(new Signal("USR1"), _ -> reopenLogs.run());
        Signal.handle(new Signal("HUP"), _ -> renew.run());
    }

    private void end(Runnable endAtOnce) {
        if (times.incrementAndGet() == 1) {
            asked.countDown();
        } else {
            endAtOnce.run();
        }
    }

    /** Waits until the process is asked to end. */
    void await() throws InterruptedException {
        asked.await();
    }
}

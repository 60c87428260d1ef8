package io.penstock.server;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;

/**
 * What the operating system asks of the process: TERM and INT to end in order, again to end at once, USR1 to open logs again. HUP,
 * which by default would end it at once and cut requests off, is refused: whoever sends it wants the configuration read again.
 * Owned by the program; the handlers run on the JVM's signal thread.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    private final CountDownLatch asked = new CountDownLatch(1);
    private final AtomicInteger times = new AtomicInteger();

    /**
     * From now on signals come here instead of ending the process.
     *
     * @param endAtOnce what to do when asked to end a second time; is not expected to return
     */
    void install(Runnable reopenLogs, Runnable endAtOnce) {
        Signal.handle(new Signal("TERM"), _ -> end(endAtOnce));
        Signal.handle(new Signal("INT"), _ -> end(endAtOnce));
        Signal.handle(new Signal("USR1"), _ -> reopenLogs.run());
        Signal.handle(
                new Signal("HUP"),
                _ -> LOG.warn("HUP is ignored: the configuration is read at the start only. Restart Penstock to have it"
                        + " read again; USR1 opens the access log again"));
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

package io.penstock.http.internal;

import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.ChunkOutput;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a client waits for before it sends the body of its request: to be asked to continue, or the answer. Whoever reads the body asks,
 * which may be another thread than the one that answers; there are no more than these two. Source: RFC 9110 §10.1.1.
 */
final class Expectation {
    private static final byte[] CONTINUE = HeadEncoder.latin("HTTP/1.1 100 Continue\r\n\r\n");

    private final ChunkOutput output;

    /** Who sends 100 or another interim response, or is deciding that there will be none; null when nobody does. */
    private final AtomicReference<@Nullable Thread> sender = new AtomicReference<>();

    /** Who waits for the sender to be done. */
    private volatile @Nullable Thread waiting;

    private volatile boolean asked;
    private boolean tooLate;

    Expectation(ChunkOutput output) {
        this.output = output;
    }

    /** Asks for the body, unless that was done or the answer was begun. */
    void ask() throws ConnectionException {
        begin();
        try {
            if (asked || tooLate) return;
            asked = true;
            output.send(CONTINUE, 0, CONTINUE.length);
        } finally {
            end();
        }
    }

    /** The handler sends an interim response of its own. */
    void inform(Reply reply, ResponseHead head) throws ConnectionException {
        begin();
        try {
            if (head.status() == 100) asked = true;
            reply.inform(head);
        } finally {
            end();
        }
    }

    /** The answer begins, once a 100 that is under way is out; there will be none behind it. */
    void answered() {
        begin();
        tooLate = true;
        end();
    }

    /** Whether the client was asked for its body, which it sends then. */
    boolean wasAsked() {
        return asked;
    }

    /** Waits for the other thread, if it is at it; at most the write timeout, as that is how long it may take. */
    private void begin() {
        Thread me = Thread.currentThread();
        boolean interrupted = false;
        while (!sender.compareAndSet(null, me)) {
            waiting = me;
            if (sender.get() != null) LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) me.interrupt();
    }

    private void end() {
        sender.set(null);
        Thread next = waiting;
        waiting = null;
        LockSupport.unpark(next);
    }
}

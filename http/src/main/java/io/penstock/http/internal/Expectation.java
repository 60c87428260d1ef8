package io.penstock.http.internal;

import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.ChunkOutput;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a client waits for before it sends the body of its request: to be asked to continue, or the answer. Whoever reads the body asks,
 * which may be another thread than the one that answers. Source: RFC 9110 §10.1.1.
 */
final class Expectation {
    private static final byte[] CONTINUE = HeadEncoder.latin("HTTP/1.1 100 Continue\r\n\r\n");

    private final ChunkOutput output;

    /** Held to send 100, another interim response, or nothing more of the kind. Only threads of handlers meet here. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile boolean asked;
    private boolean tooLate;

    Expectation(ChunkOutput output) {
        this.output = output;
    }

    /** Asks for the body, unless that was done or the answer was begun. */
    void ask() throws ConnectionException {
        lock.lock();
        try {
            if (asked || tooLate) return;
            asked = true;
            output.send(CONTINUE, 0, CONTINUE.length);
        } finally {
            lock.unlock();
        }
    }

    /** The handler sends an interim response of its own. */
    void inform(Reply reply, ResponseHead head) throws ConnectionException {
        lock.lock();
        try {
            if (head.status() == 100) asked = true;
            reply.inform(head);
        } finally {
            lock.unlock();
        }
    }

    /** The answer begins, once a 100 that is under way is out; there will be none behind it. */
    void answered() {
        lock.lock();
        tooLate = true;
        lock.unlock();
    }

    /** Whether the client was asked for its body, which it sends then. */
    boolean wasAsked() {
        return asked;
    }
}

package io.penstock.http.internal;

import io.penstock.http.UnreadBody;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import io.penstock.net.internal.StreamConnection;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A connection that has left its exchange, and the way back. */
final class TakeOver implements StreamConnection.Lender {
    private final String exchange;

    /** Why no request can follow; null when one can. */
    private final @Nullable String obstacle;

    private volatile boolean resumed;
    private volatile boolean ended;

    /** The server's thread, while it waits. */
    private volatile @Nullable Thread waiting;

    TakeOver(String exchange, @Nullable String obstacle) {
        this.exchange = exchange;
        this.obstacle = obstacle;
    }

    /** Does with the unread part of a body what was chosen; if that cannot be, nothing of it is done as far as one can know before. */
    static void settle(MessageBody body, UnreadBody unread, StreamConnection connection) throws ConnectionException {
        body.requireUnused();
        if (body.isConsumed()) return;
        switch (unread) {
            case UnreadBody.Fail _ ->
                throw new IllegalStateException(
                        "the request on " + connection
                                + " has a body that was not read to its end: read it, or choose UnreadBody.RAW or drain(limit)");
            case UnreadBody.Drain(long limit) -> {
                if (body.left() > limit || !body.drop(limit)) {
                    throw ConnectionException.of(
                            Reason.TOO_LONG,
                            Phase.READ,
                            connection.remoteAddress(),
                            "the unread body is longer than the " + limit + " bytes to be drained",
                            null);
                }
            }
            case UnreadBody.Raw _ -> {
                if (!body.isOnWire()) {
                    throw new IllegalStateException("the chunked body of the request on " + connection
                            + " was begun, and its framing is gone: read it to its end, or choose drain(limit)");
                }
            }
        }
    }

    @Override
    public void requireResumable() {
        if (obstacle != null) {
            throw new IllegalStateException("HTTP cannot go on behind " + exchange + ": " + obstacle);
        }
    }

    @Override
    public void resumed() {
        resumed = true;
        LockSupport.unpark(waiting);
    }

    boolean isResumed() {
        return resumed;
    }

    /** Waits for the one who has it behind its handler to end it, or to give it back. */
    void await(StreamConnection connection) {
        waiting = Thread.currentThread();
        Action end = connection.whenClosed(() -> {
            ended = true;
            LockSupport.unpark(waiting);
        });
        while (!resumed && !ended) {
            LockSupport.park(this);
            Thread.interrupted(); // meant for the handler; loops that are being closed abort the connection as well
        }
        end.cancel();
    }
}

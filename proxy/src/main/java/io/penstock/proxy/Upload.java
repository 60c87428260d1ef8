package io.penstock.proxy;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import io.penstock.net.internal.GuardedConnection;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The request's body on its way to the origin.
 *
 * <p>What is there already goes at once. A body that is still coming goes on a thread of its own, beside the one that waits for the answer:
 * an origin may answer, and even expect its answer to be read, before it has taken the whole body.
 */
final class Upload {
    private final Exchange exchange;
    private final Body body;
    private final BodyOutput to;
    private final Connection origin;
    private @Nullable Thread thread;
    private @Nullable Action delayed;
    private boolean begun;
    private volatile boolean stopped;
    private volatile @Nullable ConnectionException failure;

    Upload(Exchange exchange, BodyOutput to, Connection origin) {
        this.exchange = exchange;
        this.body = exchange.body();
        this.to = to;
        this.origin = origin;
    }

    /** Begins to send the body, unless that was done before. */
    void begin() throws ConnectionException {
        synchronized (this) {
            if (begun || stopped) return;
            begun = true;
            if (delayed != null) delayed.cancel();
            if (!isAllThere()) {
                thread = exchange.connection().loop().spawn("upload " + exchange.id(), this::pump);
                return;
            }
        }
        body.transferTo(to);
        to.finish(body.trailers());
    }

    /** Begins when the origin says 100 Continue, or when it has said nothing for a while. Source: RFC 9110 §10.1.1. */
    void beginWhenAskedFor(Duration atLatest) {
        synchronized (this) {
            delayed = exchange.connection().loop().schedule(atLatest, this::beginUnasked);
        }
    }

    private void beginUnasked() {
        synchronized (this) {
            if (begun || stopped) return;
            begun = true;
            thread = Thread.currentThread();
        }
        pump();
    }

    private boolean isAllThere() {
        return body.isComplete() || body.length() >= 0 && body.buffered() >= body.length();
    }

    private void pump() {
        try {
            body.transferTo(to);
            to.finish(body.trailers());
        } catch (ConnectionException e) {
            if (stopped) return;
            failure = e;
            // without its body the request is void; and whoever waits for the answer is to wake up
            if (e.phase() == Phase.READ) origin.abort();
        } catch (RuntimeException e) {
            origin.abort();
            throw e;
        }
    }

    /** Why the client did not deliver its body; null when that is not what went wrong. */
    @Nullable
    ConnectionException clientFailure() {
        ConnectionException failed = failure;
        return failed != null && failed.phase() == Phase.READ ? failed : null;
    }

    /** Waits until the origin has the whole body, and throws what has kept it from that. An origin may answer before. */
    void complete() throws ConnectionException {
        begin();
        finish();
        ConnectionException failed = failure;
        if (failed != null) throw failed;
        if (!isDone()) throw ConnectionException.of(Reason.INTERRUPTED, Phase.WRITE, origin.remoteAddress());
    }

    boolean hasFailed() {
        return failure != null;
    }

    /** Whether some of the body has still to come, or to go. */
    synchronized boolean isUnderWay() {
        return failure == null && (!begun || thread != null && thread.isAlive());
    }

    /** Whether the origin has been given the whole body. */
    boolean isDone() {
        return to.isFinished();
    }

    /** Waits until the body has gone or failed to, which its timeouts see to. Not for one that has not been asked for. */
    void finish() {
        Thread running;
        synchronized (this) {
            running = thread;
        }
        try {
            if (running != null) running.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt(); // and then there is no time to wait
        }
        stop();
    }

    /** Ends it where it is, and waits until nobody reads the client's connection any more. */
    void stop() {
        Thread running;
        synchronized (this) {
            stopped = true;
            running = thread;
            if (delayed != null) delayed.cancel();
        }
        if (running == null || !running.isAlive()) return;
        origin.abort();
        boolean interrupted = false;
        while (true) {
            try {
                ((GuardedConnection) exchange.connection()).unguarded().cancelReceive();
                if (running.join(Duration.ofMillis(5))) break;
            } catch (InterruptedException e) {
                interrupted = true;
                exchange.connection().abort();
            }
        }
        if (interrupted) Thread.currentThread().interrupt();
    }
}

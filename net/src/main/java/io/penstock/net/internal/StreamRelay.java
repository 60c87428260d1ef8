package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * Two streams and the two ways between them, until the end: of both ways, of the patience, or by a failure.
 *
 * <p>Either both ways come to their end by themselves; or there is a reason for which they are to deliver what has come and then end, for
 * which they have a while; or both streams are aborted. Whatever comes first is the cause that is told.
 */
public final class StreamRelay implements Relay {
    /** How long what has come may take to be delivered when the relay ends before its streams. */
    private static final long FAREWELL_NANOS = 30_000_000_000L;

    /** What has ended it, as soon as that is clear. */
    private record Outcome(Cause cause, long at, @Nullable ConnectionException failure) {}

    private final StreamConnection first;
    private final StreamConnection second;
    private final RelayOptions options;
    private final OneWay there;
    private final OneWay back;
    private final long started = System.nanoTime();
    private final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();
    private final AtomicInteger ways = new AtomicInteger(2);
    private final AtomicBoolean over = new AtomicBoolean();
    private final RelayLimits limits;
    private final SpinLock lock = new SpinLock();
    private List<Consumer<RelayEnd>> told = List.of();
    private volatile @Nullable RelayEnd end;

    private StreamRelay(StreamConnection first, StreamConnection second, RelayOptions options) {
        this.first = first;
        this.second = second;
        this.options = options;
        this.there = new OneWay(this, first, second, options.there(), options.splice());
        this.back = new OneWay(this, second, first, options.back(), options.splice());
        this.limits = new RelayLimits(this, options);
    }

    public static Relay start(Connection first, Connection second, RelayOptions options) {
        if (first == second) throw new IllegalArgumentException(first + " cannot be relayed to itself");
        var relay = new StreamRelay(StreamConnection.of(first), StreamConnection.of(second), options);
        relay.begin();
        return relay;
    }

    private void begin() {
        requireUsers(); // who is none any more would be told that somebody else is at it
        claim();
        try {
            requireUsers(); // one may have been released meanwhile
        } catch (IllegalStateException e) {
            there.unclaim();
            back.unclaim();
            throw e;
        }
        first.keep();
        second.keep();
        limits.start();
        there.start();
        back.start();
    }

    private void claim() {
        there.claim();
        try {
            back.claim();
        } catch (IllegalStateException e) {
            there.unclaim();
            throw e;
        }
    }

    private void requireUsers() {
        for (StreamConnection each : List.of(first, second)) {
            if (!each.isUser()) throw new IllegalStateException(each + " has been released before");
        }
    }

    /** The peers are asked whether they are there, where that is TCP's business. */
    void keepAlive() {
        for (StreamConnection each : List.of(first, second)) {
            if (each.remoteAddress() instanceof InetSocketAddress)
                each.stream().loop().execute(() -> keepAlive(each));
        }
    }

    private void keepAlive(StreamConnection connection) {
        int seconds = (int) Math.max(1, options.keepAlive().toSeconds());
        try {
            connection.option(StandardSocketOptions.SO_KEEPALIVE, true);
            for (SocketOption<Integer> period :
                    List.of(ExtendedSocketOptions.TCP_KEEPIDLE, ExtendedSocketOptions.TCP_KEEPINTERVAL)) {
                connection.option(period, seconds);
            }
        } catch (ConnectionException | UnsupportedOperationException e) {
            // it has ended, which is noticed soon enough; or is a stream whose peer has an address and that is no
            // socket
        }
    }

    // ---- what its ways tell, each on its loop

    /** Something goes on. */
    void moved(OneWay way) {
        limits.moved();
        (way == there ? back : there).answered();
    }

    /** One way has come to its last byte. */
    void halfEnded() {
        if (options.closeOnEof()) {
            endSoon(Cause.ONE_ENDED);
        } else {
            limits.halfEnded();
        }
    }

    /** One way is done; the last one closes behind itself. */
    void done() {
        if (ways.decrementAndGet() > 0) return;
        boolean complete = outcome.compareAndSet(null, new Outcome(Cause.COMPLETE, System.nanoTime(), null));
        if (!over.compareAndSet(false, true)) return;
        for (StreamConnection each : List.of(first, second)) {
            if (complete || each.stream().input().ending() == Reason.EOF) {
                each.closeIdle();
            } else {
                each.stream().closeBehindOutput();
            }
        }
        tell();
    }

    /**
     * A stream is lost, and nobody must take what has come of it for the whole; but where it had come to its end, what has come is the
     * whole, and is delivered.
     */
    void lost(StreamConnection stream, Reason reason, ConnectionException failure) {
        boolean whole = stream.stream().input().ending() == Reason.EOF;
        var lost = switch (reason) {
            case CLOSED -> whole ? Cause.ONE_ENDED : Cause.ABORTED;
            case RESET -> Cause.RESET;
            case TLS_TRUNCATED -> Cause.TRUNCATED;
            default -> Cause.FAILED;
        };
        if (whole) {
            endSoon(lost, reason == Reason.CLOSED ? null : failure);
        } else {
            abort(lost, failure);
        }
    }

    /** Something that has come will not be passed on. */
    void failed(ConnectionException failure) {
        abort(Cause.FAILED, failure);
    }

    // ---- its end

    /** Both ways are to end behind what has come. */
    void endSoon(Cause cause) {
        endSoon(cause, null);
    }

    private void endSoon(Cause cause, @Nullable ConnectionException failure) {
        if (!outcome.compareAndSet(null, new Outcome(cause, System.nanoTime(), failure))) return;
        limits.farewell(FAREWELL_NANOS);
        there.endSoon();
        back.endSoon();
    }

    @Override
    public void abort() {
        abort(Cause.ABORTED, null);
    }

    private void abort(Cause cause, @Nullable ConnectionException failure) {
        outcome.compareAndSet(null, new Outcome(cause, System.nanoTime(), failure));
        if (!over.compareAndSet(false, true)) return;
        first.abort();
        second.abort();
        // what a loop is handing out at this moment has left, and is to be counted
        loop().executeAnyway(() -> second.stream().loop().executeAnyway(this::tell));
    }

    private void tell() {
        limits.cancel();
        there.run();
        back.run();
        Outcome came = Objects.requireNonNull(outcome.get());
        var mine = new RelayEnd(came.cause(), there(), back(), Duration.ofNanos(came.at() - started), came.failure());
        List<Consumer<RelayEnd>> listeners;
        lock.lock();
        try {
            end = mine;
            listeners = told;
            told = List.of();
        } finally {
            lock.unlock();
        }
        listeners.forEach(each -> each.accept(mine));
    }

    /** Whether it has ended, or is just being ended. */
    boolean isOver() {
        return over.get();
    }

    // ---- its user's side

    @Override
    public long there() {
        return there.moved();
    }

    @Override
    public long back() {
        return back.moved();
    }

    /** Whether there is something that its receiver has not taken yet. */
    boolean isDelivering() {
        return there.isDelivering() || back.isDelivering();
    }

    /** How far both sides have come with taking what there is for them. */
    long progress() {
        return there.progress() + back.progress();
    }

    NettyLoop loop() {
        return first.stream().loop();
    }

    @Override
    public boolean isOpen() {
        return !isOver();
    }

    @Override
    public RelayEnd join() {
        if (first.stream().isOnLoop() || second.stream().isOnLoop())
            throw first.stream().blocking();
        Thread me = Thread.currentThread();
        listen(_ -> LockSupport.unpark(me));
        boolean interrupted = false;
        RelayEnd came = end;
        while (came == null) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                interrupted = true;
                abort();
            }
            came = end;
        }
        if (interrupted) me.interrupt();
        return came;
    }

    @Override
    public void whenEnded(Consumer<RelayEnd> told) {
        listen(came -> loop().spawn("end of a relay", () -> told.accept(came)));
    }

    private void listen(Consumer<RelayEnd> listener) {
        lock.lock();
        try {
            if (end == null) {
                var more = new ArrayList<>(told);
                more.add(listener);
                told = more;
                return;
            }
        } finally {
            lock.unlock();
        }
        listener.accept(Objects.requireNonNull(end));
    }

    @Override
    public String toString() {
        return "relay between " + first + " and " + second + ", " + there() + " bytes there, " + back() + " back";
    }
}

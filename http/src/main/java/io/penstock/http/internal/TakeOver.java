package io.penstock.http.internal;

import io.penstock.http.TakeOverEnd;
import io.penstock.http.TakeOverEnd.Cause;
import io.penstock.http.TakenOver;
import io.penstock.http.TakenOverException;
import io.penstock.http.UnreadBody;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Action;
import io.penstock.net.internal.Durations;
import io.penstock.net.internal.StreamConnection;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection that has left its exchange, and the way back. */
final class TakeOver implements StreamConnection.Lender, MessageOutput.Taker {
    /** Whose the connection is. Whoever gives it back and a handler that returns may be at it at the same time: one of them wins. */
    private enum Holder {
        TAKER,
        /** On its way back, or there. */
        HTTP,
        /** The taker's time is over: its handler has returned, and has not given it to anybody. */
        SERVER
    }

    private static final Logger LOG = LoggerFactory.getLogger(TakeOver.class);
    private static final AtomicIntegerFieldUpdater<TakeOver> LATE =
            AtomicIntegerFieldUpdater.newUpdater(TakeOver.class, "late");

    private final String exchange;

    /** The server's hold on it. */
    private final StreamConnection connection;

    /** Why no request can follow; null when one can. */
    private final @Nullable String obstacle;

    private final String protocol;
    private final Instant since = Instant.now();

    /** Who has taken it over: a microsecond and some 700 bytes, as long as nobody has it rendered. */
    private final Throwable stack = new Throwable("the connection was taken over");

    private final AtomicReference<Holder> holder = new AtomicReference<>(Holder.TAKER);

    /** What had gone each way before. */
    private volatile long received;

    private volatile long sent;

    /** How the client's stream has ended first. */
    private volatile @Nullable Reason ending;

    private volatile Action watch = () -> false;

    /** What is to be told once HTTP has it again; null until then. */
    private volatile @Nullable TakeOverEnd back;

    /** How its handler has ended, where that was no good end. */
    private volatile @Nullable Cause failed;

    private volatile boolean forgotten;

    /** Whether somebody has answered behind it, and it was told. */
    private volatile int late;

    /** Who is to be told that it is over. */
    private final AtomicReference<@Nullable Runnable> told = new AtomicReference<>();

    private volatile Action closed = () -> false;

    TakeOver(String exchange, String protocol, StreamConnection connection, @Nullable String obstacle) {
        this.exchange = exchange;
        this.protocol = protocol;
        this.connection = connection;
        this.obstacle = obstacle;
    }

    /** Everything that HTTP had to do with it is done: what is received and not consumed, and what is sent now, is the taker's. */
    void begin() {
        received = consumed();
        sent = connection.stats().sent();
        watch = connection.inUse().whenInputEnds(reason -> ending = reason);
    }

    /** How much of what came was taken out of the connection; of two that change, both are looked at until they agree. */
    private long consumed() {
        while (true) {
            long came = connection.stats().received();
            int waiting = connection.inUse().buffered();
            if (came == connection.stats().received()) return came - waiting;
        }
    }

    /** Does with the unread part of a body what was chosen; if that cannot be, nothing of it is done as far as one can know before. */
    static void settle(MessageBody body, UnreadBody unread, Object exchange) throws ConnectionException {
        body.requireUnused();
        if (body.isConsumed()) return;
        switch (unread) {
            case UnreadBody.Fail _ ->
                throw new IllegalStateException("the body in " + exchange
                        + " was not read to its end: read it, or choose UnreadBody.RAW or drain(limit)");
            case UnreadBody.Drain(long limit) -> {
                if (body.left() > limit || !body.drop(limit)) {
                    throw ConnectionException.of(
                            Reason.TOO_LONG,
                            Phase.READ,
                            body.peer(),
                            "the unread body is longer than the " + limit + " bytes to be drained",
                            null);
                }
            }
            case UnreadBody.Raw _ -> {
                if (!body.isOnWire()) {
                    throw new IllegalStateException("the chunked body in " + exchange
                            + " was begun, and its framing is gone: read it to its end, or choose drain(limit)");
                }
            }
        }
    }

    /** What went out with the take-over was HTTP's. */
    void sentHead(int size) {
        sent += size;
    }

    TakenOverException alreadyTaken() {
        return new TakenOverException("the connection of " + exchange + " was taken over already, at " + place());
    }

    @Override
    public TakenOverException refusal() {
        return new TakenOverException(
                exchange + " has lost its connection to whoever took it over, at " + place() + ": use that");
    }

    /** For whoever answers all the same: told in the log as well, once, as such code seldom looks at what it is thrown. */
    @Override
    public TakenOverException refusalOfBytes() {
        TakenOverException late = refusal();
        if (LATE.compareAndSet(this, 0, 1)) {
            LOG.warn(
                    "{} is answered at {}, behind the take-over of its connection at {}",
                    exchange,
                    Caller.of(late),
                    place());
        }
        return late;
    }

    /** What there is to know of it now; null when it is over. */
    @Nullable
    TakenOver now() {
        StreamConnection taker = connection.inUse();
        if (isResumed() || !taker.isOpen()) return null;
        return new TakenNow(
                connection.id(),
                connection.remoteAddress(),
                exchange,
                protocol,
                since,
                this::place,
                taker.scope().name(),
                Math.max(0, consumed() - received),
                Math.max(0, connection.stats().sent() - sent));
    }

    /** The line of code that has taken it over. */
    private String place() {
        return Caller.of(stack);
    }

    @Override
    public void requireResumable() {
        if (obstacle != null) {
            throw new IllegalStateException("HTTP cannot go on behind " + exchange + ": " + obstacle);
        }
    }

    @Override
    public void claim() {
        if (holder.compareAndSet(Holder.TAKER, Holder.HTTP)) return;
        throw new IllegalStateException(
                switch (holder.get()) {
                    case SERVER -> "the handler of " + exchange + " has returned, and its connection is being closed";
                    case TAKER, HTTP -> "the connection of " + exchange + " was given back already";
                });
    }

    @Override
    public void resumed() {
        watch.cancel(); // the connection goes on, and may be taken over as often as there are requests
        back = upTo(consumed(), Cause.RESUMED);
        done();
    }

    @Override
    public void kept() {} // the stack tells the place as long as it lasts

    @Override
    public void forgotten(StreamConnection home) {
        forgotten = true;
        LOG.warn(
                "Nobody has the connection of {} any more, which was taken over and not ended: it is closed",
                exchange,
                stack);
    }

    boolean isResumed() {
        return back != null;
    }

    private TakeOverEnd upTo(long until, Cause cause) {
        return new TakeOverEnd(
                cause,
                Math.max(0, until - received), // a taker may put back more than it got
                Math.max(0, connection.stats().sent() - sent), // and the head may never have left
                Duration.between(since, Instant.now()));
    }

    /** The handler has thrown something, and the connection is aborted for it. */
    void failed() {
        failed = Cause.FAILED;
    }

    /**
     * As {@link #failed()}, by what happened to the connection: of a reset the handler may know before it is told here. Any other loss is told
     * by the connection's end, and what says {@code FAILED} may be its handler's own.
     */
    void lost(Reason how) {
        failed = how == Reason.RESET ? Cause.LOST : Cause.FAILED;
    }

    /** As {@link #failed()}, by another connection that the handler needs, or by what it makes of this one: its client sees a reset only. */
    void failed(ConnectionException failure) {
        failed();
        LOG.info(
                "{}: its handler failed behind the take-over of its connection at {}, and the connection is aborted: {}",
                exchange,
                place(),
                failure.getMessage());
        LOG.debug("{}", exchange, failure);
    }

    /** As {@link #failed()}, by a limit that is so often not known of that the log tells it. */
    void timedOut(ConnectionException limit) {
        failed = Cause.TIMEOUT;
        Timeouts limits = connection.inUse().timeouts();
        LOG.info(
                "{}: {}. Its connection, taken over at {}, is aborted. timeouts(...) sets its limits, which are {} to read and {}"
                        + " to write; Duration.ZERO is none",
                exchange,
                limit.getMessage(),
                place(),
                Durations.text(limits.read()),
                Durations.text(limits.write()));
    }

    /**
     * What is to be told of it, once it is closed or HTTP has it again.
     *
     * @param aborted whether the server itself has aborted it
     */
    TakeOverEnd end(boolean aborted) {
        TakeOverEnd resumed = back;
        // whoever gives it back may be at it while it ends: one of the two is told, and once
        return resumed == null ? upTo(connection.stats().received(), cause(aborted)) : resumed;
    }

    private Cause cause(boolean aborted) {
        Reason first = ending;
        if (first != null && first != Reason.EOF && first != Reason.CLOSED) return Cause.LOST;
        if (aborted) return Cause.ABORTED;
        if (forgotten) return Cause.FORGOTTEN;
        Cause failure = failed;
        return failure == null ? Cause.CLOSED : failure;
    }

    /** The handler has returned: whether somebody has the connection behind it, or is just giving it back. */
    boolean outlivesHandler() {
        if (isResumed()) return false;
        return !connection.inUse().comeHome(connection) || !holder.compareAndSet(Holder.TAKER, Holder.SERVER);
    }

    /** Has it told, once, when the one who has it behind its handler has ended it or given it back. Short work, on any thread. */
    void whenDone(Runnable work) {
        told.set(work);
        closed = connection.whenClosed(this::done);
        if (isResumed()) done(); // perhaps before there was somebody to be told
    }

    private void done() {
        closed.cancel(); // the connection may go on, and be taken over again
        Runnable work = told.getAndSet(null);
        if (work != null) work.run();
    }
}

package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.VioEvent.ActiveTimeout;
import io.penstock.net.event.VioEvent.InactivityTimeout;
import io.penstock.net.event.VioEvent.ReadComplete;
import io.penstock.net.event.VioEvent.WriteComplete;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An operation of the event face: a virtual thread of the stream's loop that moves the bytes in a straight line, as a user of the blocking
 * face would, and tells how far it has come. The half is claimed for that thread before it is started, and given free before the event that
 * ends the operation is told.
 *
 * <p>Its lock guards the counts, the state and what is due to be told.
 */
abstract class StreamVio {
    private enum State {
        UNDER_WAY,
        COMPLETE,
        /** Ended otherwise, or cancelled. */
        OVER
    }

    /** An event that is told at most once each time it is due. */
    final class Notice implements Continuation.Delivery {
        private final VioEvent event;
        private boolean due;

        Notice(VioEvent event) {
            this.event = event;
        }

        @Override
        public @Nullable Event begin() {
            boolean told;
            lock.lock();
            try {
                told = due && !isWithdrawn();
                due = false; // before it is asked whether it holds: what comes meanwhile makes it due again
            } finally {
                lock.unlock();
            }
            return told && holds(event) ? event : null;
        }

        /** Nobody else would end the stream, and its peer would wait. */
        @Override
        public void failed(Event told, Throwable cause) {
            Continuation.Delivery.super.failed(told, cause);
            if (connection != null && isOfConnection()) connection.endAtOnce();
        }

        /** The handler may have made room, or filled the buffer. */
        @Override
        public void ended() {
            wake();
        }
    }

    private final Continuation continuation;
    private final NettyLoop loop;
    private final @Nullable StreamConnection connection;
    private final SpinLock lock = new SpinLock();
    private State state = State.UNDER_WAY;
    private long requested;
    private long done;
    private @Nullable Notice ready;
    private @Nullable Notice inactive;
    private @Nullable Notice active;
    private @Nullable Notice last;
    private volatile @Nullable Thread thread;

    /** The next silence is to be told. */
    private volatile boolean armed = true;

    /** The silence of the wait under way is to be told: it was to be when the wait began. The thread's. */
    private boolean listening = true;

    /** Behind the deadline, until re-enabled. */
    private volatile boolean stopped;

    /** Bytes between the buffer and the stream, for moments: whoever cancels, or asks for the count, waits for them to be on one side. */
    private volatile int moving;

    /** The clock is to start anew. */
    private volatile boolean asked;

    /** Started on a half that its owner had ended, which is to be told. */
    private volatile boolean late;

    /** @param connection which carries the stream, if there is one */
    StreamVio(@Nullable StreamConnection connection, Continuation continuation, long bytes) {
        if (bytes < 0) throw new IllegalArgumentException("cannot move " + bytes + " bytes");
        NettyLoop home = connection == null
                ? NettyLoop.ofCurrentThread()
                : connection.stream().loop();
        if (home == null) throw new IllegalStateException("a stream of no loop can be used on the thread of one only");
        this.connection = connection;
        this.continuation = continuation;
        this.loop = home;
        this.requested = bytes;
    }

    // ---- what there is to know of the half

    /** Moves what is requested, and says how it ended. */
    abstract VioEvent transfer() throws ConnectionException;

    abstract Vio self();

    abstract BlockChain chain();

    /** Whether there is something to be moved now; throws when there never will be. */
    abstract boolean canMove() throws ConnectionException;

    /** Whether this side has given up the half, so that waiting is in vain. */
    abstract boolean isShut();

    /** How long there may be nothing to be moved. */
    abstract long patience();

    /** Whether it moves bytes of the connection itself, and not those of a message on it. */
    abstract boolean isOfConnection();

    /** Whether the half's owner has ended it, and is to hear no more of it. */
    abstract boolean isGivenUp();

    /** Makes the half the thread's own, or throws why that is not possible. */
    abstract void claim(Thread owner) throws ConnectionException;

    abstract void unclaim();

    /** The half is as good as free: who wants to claim it waits for the thread. */
    abstract void leaves(Thread owner);

    /** Has the thread's wait for the stream end, or its next one. */
    abstract void endWait(Thread owner);

    // ---- its thread

    final void start() throws ConnectionException {
        Thread runner = runner();
        claim(runner);
        thread = runner;
        loop.start(runner);
    }

    private Thread runner() {
        late = isGivenUp();
        return loop.unstarted("vio", this::run);
    }

    private void run() {
        VioEvent end;
        chain().use(this);
        do {
            end = moveAll();
        } while (!leave(end));
        chain().leave(this);
        unclaim();
        Notice told = last;
        if (told != null) continuation.tell(told, loop);
    }

    private VioEvent moveAll() {
        try {
            return transfer();
        } catch (ConnectionException e) {
            return switch (e.reason()) {
                case RESET -> new VioEvent.Reset(self(), e);
                // with a cause it was not this side: an engine that ends both directions of TLS at once
                case CLOSED -> e.getCause() == null ? new VioEvent.Closed(self()) : new VioEvent.Failed(self(), e);
                default -> new VioEvent.Failed(self(), e);
            };
        } catch (RuntimeException | Error e) {
            return new VioEvent.Failed(
                    self(), ConnectionException.of(Reason.FAILED, phase(), null, "it cannot be used: " + e, e));
        }
    }

    private Phase phase() {
        return this instanceof InputVio ? Phase.READ : Phase.WRITE;
    }

    /** Whether that is the end, or more was requested meanwhile. */
    private boolean leave(VioEvent end) {
        boolean completed = end instanceof ReadComplete || end instanceof WriteComplete;
        lock.lock();
        try {
            if (state == State.UNDER_WAY) {
                if (completed && done < requested) return false;
                state = completed ? State.COMPLETE : State.OVER;
                var told = new Notice(end);
                told.due = true;
                last = told;
                leaves(Thread.currentThread());
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Parks until something can be moved; false when nothing is to be moved any more. */
    final boolean goesOn() throws ConnectionException {
        long limit = 0;
        while (isUnderWay() && left() > 0) {
            if (canMove()) {
                listening = armed;
                return true;
            }
            if (asked || limit == 0) {
                asked = false;
                listening = armed;
                limit = patience();
            }
            if (Limit.isPast(limit)) {
                timedOut();
                limit = 0;
            } else {
                park(limit);
            }
        }
        return false;
    }

    /** After a failure of a wait: goes on where that is possible, behind the deadline when told to. */
    final void survive(ConnectionException failure) throws ConnectionException {
        switch (failure.reason()) {
            case CANCELLED -> {} // to look again at what was requested
            case TIMEOUT -> timedOut();
            default -> throw failure;
        }
    }

    private void timedOut() throws ConnectionException {
        if (connection != null && connection.limits().isPast()) {
            stopped = true;
            if (active == null) active = new Notice(new ActiveTimeout(self()));
            tell(active);
            while (stopped && isUnderWay() && !isShut()) park(Limit.NEVER);
        } else if (armed && listening) {
            armed = false;
            if (inactive == null) inactive = new Notice(new InactivityTimeout(self()));
            tell(inactive);
        }
    }

    private void park(long limit) throws ConnectionException {
        if (limit == Limit.NEVER) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, limit - System.nanoTime());
        }
        if (!Thread.currentThread().isInterrupted()) return;
        if (connection != null) connection.endAtOnce();
        throw ConnectionException.of(Reason.INTERRUPTED, phase(), null);
    }

    /** When a wait that begins now is over, if the deadline of the connection does not come first; the silence counts until it is told. */
    final long limit(Duration inactivity) {
        if (connection == null) return Limit.NEVER;
        return connection.limits().from(armed ? inactivity : Duration.ZERO);
    }

    /** Begins to move so many bytes, or as many as are left; none when nothing is to be moved any more. Behind it comes {@link #endMove}. */
    final int move(int most) {
        lock.lock();
        try {
            if (state != State.UNDER_WAY) return 0;
            armed = true;
            return moving = (int) Math.min(most, requested - done);
        } finally {
            lock.unlock();
        }
    }

    /** So many of them are where they were to go, and the others stay where they were. */
    final void moved(int count) {
        lock.lock();
        try {
            done += count;
            moving = 0;
        } finally {
            lock.unlock();
        }
    }

    /** They have been {@link #moved}, or never will be. */
    final void endMove() {
        moving = 0;
    }

    /** Bytes that have been moved, or are about to be. Holding the lock. */
    private long begun() {
        return done + moving;
    }

    final void tellReady() {
        if (ready == null) ready = new Notice(ready());
        tell(ready);
    }

    abstract VioEvent ready();

    /** Whether an event that was due is still true: the handling of the one before may have made it untrue. */
    abstract boolean holds(VioEvent event);

    private void tell(Notice notice) {
        lock.lock();
        try {
            if (notice.due || state != State.UNDER_WAY) return;
            notice.due = true;
        } finally {
            lock.unlock();
        }
        continuation.tell(notice, loop);
    }

    final boolean isUnderWay() {
        lock.lock();
        try {
            return state == State.UNDER_WAY;
        } finally {
            lock.unlock();
        }
    }

    private boolean isWithdrawn() {
        return !late && isOfConnection() && isGivenUp();
    }

    /** What has the half, for whoever wants it too; null when it is about to be free. */
    final @Nullable String busy() {
        return isUnderWay()
                ? "a " + name() + " is under way here, " + progress() + ": wait for its end, or cancel() it"
                : null;
    }

    private String name() {
        return this instanceof InputVio ? "ReadVio" : "WriteVio";
    }

    private String progress() {
        lock.lock();
        try {
            return done + " of " + (requested == Vio.UNBOUNDED ? "unbounded" : requested) + " bytes done";
        } finally {
            lock.unlock();
        }
    }

    // ---- the user's side

    /** Where it moves bytes, and how far it has come. */
    @Override
    public final String toString() {
        return name() + " on " + (connection == null ? "a stream" : connection) + ", " + progress();
    }

    public final Continuation continuation() {
        return continuation;
    }

    public final long requested() {
        lock.lock();
        try {
            return requested;
        } finally {
            lock.unlock();
        }
    }

    public final long done() {
        awaitMove();
        lock.lock();
        try {
            return done;
        } finally {
            lock.unlock();
        }
    }

    public final long left() {
        awaitMove();
        lock.lock();
        try {
            return requested - done;
        } finally {
            lock.unlock();
        }
    }

    public final void request(long bytes) throws ConnectionException {
        boolean completes;
        lock.lock();
        try {
            requireRequestable(bytes);
            completes = bytes == begun();
            if (state == State.UNDER_WAY || completes) requested = bytes;
            if (state == State.COMPLETE && completes) return;
            if (state == State.COMPLETE) requested = done; // until it is started again
        } finally {
            lock.unlock();
        }
        if (requested() < bytes) {
            restart(bytes);
        } else if (completes) {
            endWait();
        } else {
            wake();
        }
    }

    private void requireRequestable(long bytes) {
        if (bytes < begun())
            throw new IllegalArgumentException(begun() + " bytes have been moved already, not " + bytes);
        if (state == State.OVER) throw new IllegalStateException("the operation has ended: start another");
    }

    private void restart(long bytes) throws ConnectionException {
        Thread runner = runner();
        claim(runner);
        boolean mine = false;
        lock.lock();
        try {
            requireRequestable(bytes);
            mine = state == State.COMPLETE;
            if (mine) {
                state = State.UNDER_WAY;
                requested = bytes;
                withdraw();
                thread = runner;
            }
        } finally {
            lock.unlock();
            if (!mine) unclaim();
        }
        if (mine) {
            armed = true;
            loop.start(runner);
        } else {
            request(bytes); // somebody else has started it
        }
    }

    public final void reenable() {
        boolean silent = !armed || stopped;
        armed = true;
        stopped = false;
        asked = true;
        if (silent) {
            endWait();
        } else {
            wake();
        }
    }

    public final boolean cancel() {
        lock.lock();
        try {
            boolean working = state == State.UNDER_WAY;
            if (!working && (last == null || !last.due)) return false;
            state = State.OVER;
            withdraw();
            Thread runner = thread;
            if (working && runner != null) leaves(runner);
        } finally {
            lock.unlock();
        }
        endWait();
        awaitMove();
        return true;
    }

    /** Who has seen bytes where they went sees them counted as well; loops themselves do not wait, for what they may be carrying. */
    private void awaitMove() {
        while (moving > 0 && !loop.owner().isAnyLoopItself()) Thread.yield();
    }

    /** What is due is not told any more. Holding the lock. */
    private void withdraw() {
        if (ready != null) ready.due = false;
        if (inactive != null) inactive.due = false;
        if (active != null) active.due = false;
        if (last != null) last.due = false;
    }

    private void wake() {
        Thread runner = thread;
        if (runner != null) LockSupport.unpark(runner);
    }

    /** Has the thread look again, wherever it waits. */
    final void endWait() {
        Thread runner = thread;
        if (runner == null) return;
        endWait(runner);
        LockSupport.unpark(runner);
    }

    /**
     * Waits for a thread that has nothing more to do than to leave; false where waiting is not possible, and the half is busy then.
     *
     * @param left the half's leaver, if any
     * @param owner who has the half
     */
    static boolean hasLeft(@Nullable Thread left, @Nullable Thread owner, @Nullable StreamConnection connection) {
        if (owner == null) return true; // meanwhile
        if (left == null || left != owner || left == Thread.currentThread()) return false;
        if (connection == null || connection.stream().isOnLoop()) return false;
        try {
            left.join();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}

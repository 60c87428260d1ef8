package io.penstock.net.internal;

import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ProxyHeader;
import io.penstock.net.Released;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsSession;
import io.penstock.net.event.Action;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The stream that is under a connection: two halves over a link, and a life. It is what the link, the loop and the pool know.
 *
 * <p>Users come and go, one at a time: each holds a {@link StreamConnection} of its own. Whoever is not the {@linkplain #isUsedBy user} any
 * more can do nothing here. What takes long is claimed, and no user is dismissed who has a claim; everything else asks, and acts, under
 * one of the locks that {@link #dismiss} takes after it has changed the user.
 */
final class Duplex implements OpenSocket {
    /** Who uses a stream: a connection, or what leads to one that is nobody's any more as soon as nobody else knows it. */
    interface User {
        /** Null when it has been forgotten. */
        @Nullable
        StreamConnection connection();
    }

    private static final AtomicLong IDS = new AtomicLong();

    /** How long a peer may send nothing, and how long something, until it ends a stream that we have ended. */
    private static final long LINGER_NANOS = 2_000_000_000L;

    private static final long LINGER_MOST_NANOS = 30_000_000_000L;

    /** How much a peer may send meanwhile: whoever has so much to say before it looks at what has come is stopped. */
    static final long LINGER_MOST_BYTES = 64 << 20;

    private final long id = nextId();
    private final Instant opened = Instant.now();
    private final Origin origin;
    private final NettyLoop loop;
    /** Another one, on top of it, once the stream is secured. */
    private volatile Link link;

    private final InputHalf input;
    private final OutputHalf output;
    private final Halves halves;
    private volatile @Nullable User user;
    private final SpinLock lock = new SpinLock();
    private volatile boolean closing;
    private volatile boolean parting;
    private volatile boolean closed;

    /** To be run in this order at the end; under the lock until then. */
    private final List<Runnable> whenClosed = new ArrayList<>(2);

    private volatile @Nullable Slot slot;
    private volatile @Nullable ProxyHeader told;
    private volatile @Nullable Object attachment;
    private volatile @Nullable TlsSession tls;
    private volatile Action lingering = () -> false;

    Duplex(Origin origin, NettyLoop loop, Function<Duplex, Link> links) {
        this.origin = origin;
        this.loop = loop;
        this.link = links.apply(this);
        this.input = new InputHalf(this, loop);
        this.output = new OutputHalf(this, loop);
        this.halves = new OwnHalves(this, input, output);
        link.feed(halves);
        loop.opened(this);
    }

    /** The number of the next connection, or socket of another kind. */
    static long nextId() {
        return IDS.incrementAndGet();
    }

    // ---- its users

    /** Gives it to its next user, who has no trace of the last one. */
    StreamConnection lend(Timeouts timeouts) {
        var next = new StreamConnection(this, timeouts);
        user = next;
        return next;
    }

    /** Gives it from its user, who has claimed both halves, to another. */
    void pass(StreamConnection to) {
        user = to.asUser();
    }

    /** When this returns, nothing is under way of what the last user has begun, who has claimed both halves, and is that no more. */
    void forget(@Nullable StreamConnection last) {
        if (last != null) input.forget(last);
        output.uncorkAll();
        lock.lock(); // behind an option that is being set
        lock.unlock();
    }

    boolean isUsedBy(StreamConnection connection) {
        return user == connection.asUser();
    }

    boolean isUsedBy(User one) {
        return user == one;
    }

    @Nullable
    StreamConnection user() {
        User known = user;
        return known == null ? null : known.connection();
    }

    /** The loan under which it is used; null when it is not lent. */
    @Nullable
    Loan loan() {
        return user instanceof Loan lent ? lent : null;
    }

    /**
     * Whoever uses it, and has claimed both halves, does so no more: when this returns, nothing they have begun is under way.
     *
     * @return as {@link #flaw}
     */
    @Nullable
    Released dismiss() {
        StreamConnection last = user();
        user = null;
        forget(last);
        return flaw();
    }

    /** To be followed by {@link #dismiss}. */
    void forgetUser() {
        user = null;
    }

    /** What would confuse its next user; null when they would find it as good as new. Only while nobody uses it. */
    @Nullable
    Released flaw() {
        if (input.hasEnded() || !output.isIdle()) return Released.ENDED;
        return input.isIdle() ? null : Released.UNREAD;
    }

    void joinPool(Slot place) {
        slot = place;
    }

    /** Its place in a pool, if it has one. */
    @Nullable
    Slot slot() {
        return slot;
    }

    // ---- what it is

    @Override
    public long id() {
        return id;
    }

    Origin origin() {
        return origin;
    }

    Instant opened() {
        return opened;
    }

    NettyLoop loop() {
        return loop;
    }

    SocketAddress localAddress() {
        ProxyHeader header = told;
        return header == null || header.destination() == null ? link.localAddress() : header.destination();
    }

    SocketAddress remoteAddress() {
        ProxyHeader header = told;
        return header == null || header.source() == null ? link.remoteAddress() : header.source();
    }

    @Nullable
    ProxyHeader told() {
        return told;
    }

    /** Takes a proxy's word for who is at the ends. */
    void told(ProxyHeader header) {
        told = header;
    }

    /** Reads the addresses while there is a socket to ask. */
    void remember() {
        if (link instanceof SocketLink socket) socket.remember();
    }

    @Nullable
    TlsSession tls() {
        return tls;
    }

    /** The link has become the lower part of another. */
    void secured(Link by, TlsSession session) {
        link = by;
        tls = session;
    }

    @Nullable
    Object attachment() {
        return attachment;
    }

    void attach(@Nullable Object kept) {
        attachment = kept;
    }

    <T> T option(SocketOption<T> name) throws ConnectionException {
        return link.option(name);
    }

    /** Under the lock, so that no next user finds it set by the last. False when that is not the user any more, and nothing is set. */
    <T> boolean option(StreamConnection by, SocketOption<T> name, T value) throws ConnectionException {
        lock.lock();
        try {
            if (!isUsedBy(by)) return false;
            link.option(name, value);
            return true;
        } finally {
            lock.unlock();
        }
    }

    // ---- its parts

    /** The half that the link fills. */
    InputHalf input() {
        return input;
    }

    /** The half that the link empties. */
    OutputHalf output() {
        return output;
    }

    Halves halves() {
        return halves;
    }

    Link link() {
        return link;
    }

    // ---- its life

    boolean isClosed() {
        return closed;
    }

    /** Whether somebody has ended it, be it that its peer still has a while. */
    boolean isEnding() {
        return closing || parting || closed;
    }

    /** False when another thread is at it: it must be let finish. */
    boolean beginClosing() {
        lock.lock();
        try {
            boolean first = !closing && !closed;
            closing = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends it without waiting; with a reset where something that was sent is missing, for a stream that is cut off must not look like a
     * whole one to the peer.
     *
     * @param cut whether something is missing
     */
    void close(boolean cut) {
        dropUser();
        input.end(Reason.CLOSED, null);
        output.end(Reason.CLOSED, null);
        if (cut) {
            link.abort();
        } else {
            link.close();
        }
        ended();
        dropUser();
    }

    /** Ends it while nothing is under way. */
    void closeIdle() {
        close(output.isCut());
    }

    @Override
    public void abort() {
        dropUser();
        input.end(Reason.CLOSED, null);
        output.end(Reason.CLOSED, null);
        if (closed) return;
        link.abort();
        ended();
        dropUser();
    }

    /** Nobody has to answer for it any more; another thread may have made it somebody's meanwhile. */
    private void dropUser() {
        StreamConnection last = user();
        if (last != null) last.leaveScope();
    }

    /**
     * Ends in order what nobody uses any more: everything sent leaves, what comes is dropped, and the peer gets a while to end too. To close
     * at once would be to reset what it has not received yet, should it still send something. One that does not stop is stopped, and reset
     * once its system has what was sent.
     */
    void closeBehindOutput() {
        parting = true;
        output.finish();
        dropRest();
        linger(input.received(), System.nanoTime() + LINGER_MOST_NANOS);
        whenClosed(() -> lingering.cancel());
    }

    /** As long as something goes on, if it is not too long. */
    private void linger(long seen, long until) {
        lingering = loop.timer(LINGER_NANOS, () -> {
            long received = input.received();
            boolean goesOn = received != seen || output.hasPending() || !input.isWanted() && link.isUnderWay();
            if (goesOn && !Limit.isPast(until)) {
                linger(received, until);
            } else {
                close(output.owes());
            }
        });
    }

    /** What comes is dropped from now on, and the peer must not be stopped by it. */
    void dropInput() {
        input.end(Reason.CLOSED, null);
        link.resumeReading();
    }

    /** As {@link #dropInput}, of a stream that is coming to its end: a peer who takes no notice is stopped after a while. */
    void dropRest() {
        input.dropAtMost(LINGER_MOST_BYTES);
        dropInput();
    }

    /** The link is gone: both halves end, for this reason where they had none. */
    void lost(Reason reason, @Nullable Throwable cause) {
        input.end(reason, cause);
        output.end(reason == Reason.EOF ? Reason.RESET : reason, cause);
        ended();
    }

    private void ended() {
        lock.lock();
        try {
            if (closed) return;
            closed = true;
        } finally {
            lock.unlock();
        }
        whenClosed.forEach(Runnable::run); // nobody changes it any more
        // behind the threads that this has begun: whoever waits until there is nothing left is to see either
        loop.closed(this);
    }

    /** Runs the work once it has ended, behind what was asked for before; at once if it has. */
    Action whenClosed(Runnable work) {
        lock.lock();
        try {
            if (!closed) {
                whenClosed.add(work);
                return () -> forget(work);
            }
        } finally {
            lock.unlock();
        }
        work.run();
        return () -> false;
    }

    private boolean forget(Runnable work) {
        lock.lock();
        try {
            return !closed && whenClosed.remove(work);
        } finally {
            lock.unlock();
        }
    }

    /** Runs short work once the operating system has closed it, which is a little after {@link #whenClosed}. */
    void whenGone(Runnable work) {
        link.whenGone(work);
    }

    /** Waiting on the loop's own thread would stop all its connections. */
    void requireBlockable() {
        if (isOnLoop()) throw blocking();
    }

    boolean isOnLoop() {
        return loop.eventLoop().inEventLoop();
    }

    IllegalStateException blocking() {
        return new IllegalStateException(
                "connection " + id + " would block the event loop that carries it; spawn a thread for it");
    }

    @Override
    public String toString() {
        return "connection " + id + " (" + origin + ", " + localAddress() + " - " + remoteAddress() + ")";
    }
}

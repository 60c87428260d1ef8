package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import io.penstock.net.Deadline;
import io.penstock.net.Delimited;
import io.penstock.net.KeepAlive;
import io.penstock.net.Loop;
import io.penstock.net.Output;
import io.penstock.net.ProxyHeader;
import io.penstock.net.Released;
import io.penstock.net.Scope;
import io.penstock.net.Stats;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import io.penstock.net.TlsSession;
import io.penstock.net.Until;
import io.penstock.net.event.Action;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one connection there is: two halves over a link, and a life. */
public final class StreamConnection extends Owned implements Connection, OpenSocket {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final long AGAIN_NANOS = 1_000_000;
    private static final long LINGER_NANOS = 1_000_000_000;

    private final long id = nextId();
    private final Instant opened = Instant.now();
    private volatile Origin origin;
    private final NettyLoop loop;
    /** Another one, on top of it, once the stream is secured. */
    private volatile Link link;

    private final InputHalf input;
    private final OutputHalf output;
    private final Halves halves;
    private volatile Timeouts timeouts;
    private volatile long readNanos;
    private volatile long writeNanos;
    private volatile @Nullable FixedDeadline deadline;
    private volatile boolean dirty;
    private final SpinLock lock = new SpinLock();
    private boolean closing;
    private volatile boolean closed;

    /** To be run in this order at the end; under the lock until then. */
    private final List<Runnable> whenClosed = new ArrayList<>(2);

    private volatile @Nullable Slot slot;
    private volatile @Nullable ProxyHeader told;
    private volatile @Nullable Object attachment;
    private volatile @Nullable Lent lent;
    private volatile @Nullable TlsSession tls;

    /** While a TLS handshake is under way: the limit of all its waits, a {@link System#nanoTime()}. Else 0. */
    private volatile long securing;

    StreamConnection(Origin origin, NettyLoop loop, Timeouts timeouts, Function<StreamConnection, Link> links) {
        this.origin = origin;
        this.loop = loop;
        this.timeouts = timeouts;
        this.readNanos = timeouts.read().toNanos();
        this.writeNanos = timeouts.write().toNanos();
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

    // ---- the reading half

    @Override
    public byte[] receive(int size) throws ConnectionException {
        return input.receive(size);
    }

    @Override
    public String receiveLine(int limit) throws ConnectionException {
        return input.receiveLine(limit);
    }

    @Override
    public byte[] receiveAll(int limit) throws ConnectionException {
        return input.receiveAll(limit);
    }

    @Override
    public byte[] receiveAny(int max) throws ConnectionException {
        return input.receiveAny(max);
    }

    @Override
    public Delimited receiveUntil(byte[] delimiter, Until options) {
        return input.receiveUntil(delimiter, options);
    }

    @Override
    public int read(ByteBuffer into) throws ConnectionException {
        return input.read(into);
    }

    @Override
    public ByteBuffer peek(int size) throws ConnectionException {
        return input.peek(size);
    }

    @Override
    public void unread(ByteBuffer bytes) throws ConnectionException {
        input.unread(bytes);
    }

    @Override
    public int buffered() {
        return input.buffered();
    }

    @Override
    public long transferTo(Output to) throws ConnectionException {
        return input.transferTo(to instanceof StreamConnection other ? other.output : to);
    }

    @Override
    public InputStream inputStream() {
        return input.inputStream();
    }

    // ---- the writing half

    @Override
    public long send(byte[] bytes, int offset, int length) throws ConnectionException {
        return output.send(bytes, offset, length);
    }

    @Override
    public long send(CharSequence text) throws ConnectionException {
        return output.send(text);
    }

    @Override
    public long send(ByteBuffer... buffers) throws ConnectionException {
        return output.send(buffers);
    }

    @Override
    public long send(FileChannel file, long position, long count) throws ConnectionException {
        return output.send(file, position, count);
    }

    @Override
    public void flush() throws ConnectionException {
        output.flush();
    }

    @Override
    public Cork cork() {
        return output.cork();
    }

    /** Removes all corks, whoever has left them. */
    public void uncorkAll() {
        output.uncorkAll();
    }

    @Override
    public OutputStream outputStream() {
        return output.outputStream();
    }

    // ---- the life

    @Override
    public long id() {
        return id;
    }

    @Override
    public Origin origin() {
        return origin;
    }

    @Override
    public SocketAddress localAddress() {
        ProxyHeader header = told;
        return header == null || header.destination() == null ? link.localAddress() : header.destination();
    }

    @Override
    public SocketAddress remoteAddress() {
        ProxyHeader header = told;
        return header == null || header.source() == null ? link.remoteAddress() : header.source();
    }

    @Override
    public Optional<ProxyHeader> proxyHeader() {
        return Optional.ofNullable(told);
    }

    /** Takes a proxy's word for who is at the ends. */
    void told(ProxyHeader header) {
        told = header;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public Stats stats() {
        return new Stats(input.received(), output.sent(), opened, reused());
    }

    @Override
    public Optional<TlsSession> tls() {
        return Optional.ofNullable(tls);
    }

    @Override
    public void startTls(TlsClient options, String host) throws ConnectionException {
        output.uncorkAll(); // or the handshake would wait for its own first message
        TlsHandshake.client(this, options, host, connectLimit());
    }

    @Override
    public void startTls(TlsServer options) throws ConnectionException {
        output.uncorkAll();
        TlsHandshake.server(this, options, connectLimit());
    }

    private long connectLimit() {
        long nanos = timeouts.connect().toNanos();
        return nanos == 0 ? Parking.NO_LIMIT : System.nanoTime() + nanos;
    }

    /** From now on a handshake has the connection for itself. */
    void startSecuring(long limit) {
        FixedDeadline fixed = deadline;
        securing = fixed != null && (limit == Parking.NO_LIMIT || fixed.at - limit < 0) ? fixed.at : limit;
    }

    void endSecuring() {
        securing = 0;
    }

    /** When the handshake is to give up. */
    long securingLimit() {
        return securing;
    }

    boolean isSecuring() {
        return securing != 0;
    }

    /** The link has become the lower part of another. To its pool the connection is not what it was any more. */
    void secured(Link by, TlsSession session) {
        link = by;
        tls = session;
        if (slot != null) soil();
    }

    @Override
    public boolean isOpen() {
        if (closed) return false;
        return !(input.hasEnded() && output.hasEnded());
    }

    @Override
    public Optional<Reason> inputEnd() {
        return Optional.ofNullable(input.ending());
    }

    /** The watcher must not run on the thread that notices, nor inside this call. */
    @Override
    public Action onInputEnd(Consumer<Reason> told) {
        return whenInputEnds(reason -> loop.spawn("end of connection " + id, () -> told.accept(reason)));
    }

    /** As {@link #onInputEnd}, but told by the thread that notices, which must not be held up; at once if it has ended. */
    public Action whenInputEnds(Consumer<Reason> told) {
        return input.onEnd(told);
    }

    @Override
    public Timeouts timeouts() {
        return timeouts;
    }

    @Override
    public void timeouts(Timeouts limits) {
        timeouts = limits;
        readNanos = limits.read().toNanos();
        writeNanos = limits.write().toNanos();
    }

    @Override
    public Deadline deadline(Duration total) {
        var set = new FixedDeadline(System.nanoTime() + total.toNanos(), null);
        deadline = set;
        return set;
    }

    /** A deadline for a part of what its user does: it does not outlast theirs, which is the one again afterwards. */
    public Deadline deadlineWithin(Duration part) {
        FixedDeadline theirs = deadline;
        long at = System.nanoTime() + part.toNanos();
        var set = new FixedDeadline(theirs == null || at - theirs.at < 0 ? at : theirs.at, theirs);
        deadline = set;
        return set;
    }

    @Override
    public <T> T option(SocketOption<T> name) throws ConnectionException {
        return link.option(name);
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        link.option(name, value);
    }

    @Override
    public Socket asSocket() {
        return ConnectionSocket.over(this);
    }

    @Override
    public void shutdownOutput() throws ConnectionException {
        output.finish();
    }

    @Override
    public void shutdownInput() {
        input.end(Reason.CLOSED, null);
        link.resumeReading(); // what comes is dropped, and the peer must not be stopped by it
    }

    @Override
    public void close() throws ConnectionException {
        leaveScope();
        input.end(Reason.CLOSED, null); // even where the connection was lost: what has come may still be there
        if (closed || !beginClosing()) return;
        boolean cut = output.isCut();
        ConnectionException undelivered = null;
        if (output.hasPending() && !loop.eventLoop().inEventLoop()) {
            link.resumeReading();
            try {
                output.flush();
            } catch (ConnectionException e) {
                cut = true;
                undelivered = e.reason() == Reason.BUSY_WRITING ? null : e; // that writer will be told
            }
        }
        output.end(Reason.CLOSED, null);
        endLink(cut);
        ended();
        leaveScope(); // another thread may have transferred it meanwhile
        if (undelivered != null) {
            throw ConnectionException.of(
                    undelivered.reason(),
                    Phase.CLOSE,
                    remoteAddress(),
                    "closed, but not everything that was sent could be delivered",
                    undelivered);
        }
    }

    /** False when another thread is at it: it must be let finish. */
    private boolean beginClosing() {
        lock.lock();
        try {
            boolean first = !closing;
            closing = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void abort() {
        leaveScope();
        input.end(Reason.CLOSED, null);
        output.end(Reason.CLOSED, null);
        if (closed) return;
        link.abort();
        ended();
        leaveScope();
    }

    /** Ends a connection on which nothing is under way: without waiting; with a reset only where something that was sent is missing. */
    void closeIdle() {
        leaveScope();
        boolean cut = output.isCut();
        input.end(Reason.CLOSED, null);
        output.end(Reason.CLOSED, null);
        endLink(cut);
        ended();
        leaveScope();
    }

    /** A stream that is cut off must not look like a whole one to the peer. */
    private void endLink(boolean cut) {
        if (cut) {
            link.abort();
        } else {
            link.close();
        }
    }

    /** Ends in order what nobody uses any more: everything sent leaves, what comes is dropped, and the peer gets a moment to end too. */
    void closeBehindOutput() {
        output.finish();
        shutdownInput();
        Action limit = loop.timer(LINGER_NANOS, this::closeIdle);
        whenClosed(limit::cancel);
    }

    /**
     * Ends a connection on which its owner waits for the peer, unless something has come by now, be it still with the operating system:
     * what crosses the end of an idle connection is not to be lost. Does not wait.
     *
     * @param idle whether the owner still takes it for idle
     */
    public void closeUnlessReached(BooleanSupplier idle) {
        loop.eventLoop().execute(() -> {
            if (closed || !idle.getAsBoolean()) return;
            link.receiveRest();
            if (input.waiting() > 0) return;
            if (!input.isAwaited()) { // it is about to be
                loop.timer(AGAIN_NANOS, () -> closeUnlessReached(idle));
            } else if (output.isIdle()) {
                closeIdle();
            } else {
                shutdownInput();
            }
        });
    }

    @Override
    public Released release(KeepAlive keepAlive) {
        return pooled().release(keepAlive);
    }

    @Override
    public Released release() {
        return pooled().release();
    }

    private Slot pooled() {
        Slot place = slot;
        if (place == null) {
            throw new IllegalStateException(
                    "connection " + id + " to " + remoteAddress() + " does not come from a pool");
        }
        return place;
    }

    @Override
    public Connection transfer(Scope to) {
        moveTo((ConnectionScope) to);
        return this;
    }

    @Override
    void abandonedBy(ConnectionScope scope) {
        if (isOpen()) {
            LOG.debug("{} was left open by the {}, which has ended", this, scope);
            loop.owner().countAbandoned();
        }
        if (closed) {
            input.end(Reason.CLOSED, null); // what has come may still be there
        } else if (input.isBeingRead() || isPastDeadline()) {
            abort();
        } else if (output.isIdle() || output.hasEnded() && !output.hasPending()) {
            closeIdle();
        } else {
            loop.spawn(
                    "closing connection " + id,
                    this::close); // what was sent is to arrive, and the scope not to wait for it
        }
    }

    @Override
    boolean isGone() {
        return closed && input.ending() == Reason.CLOSED;
    }

    @Override
    public void resumeHttp() throws ConnectionException {
        Lent from = lent;
        if (from == null) throw new IllegalStateException(this + " was not taken over from an HTTP server");
        if (closed || output.hasEnded()) {
            throw new IllegalStateException(this + " has ended: no request can be answered on it");
        }
        from.by().requireResumable();
        output.uncorkAll();
        output.flush();
        if (input.isBeingRead()) {
            throw ConnectionException.of(Reason.BUSY_READING, Phase.READ, remoteAddress());
        }
        from.by().claim();
        lent = null;
        origin = from.origin();
        deadline = null;
        moveTo(from.scope());
        from.by().resumed();
    }

    @Override
    public String toString() {
        return "connection " + id + " (" + origin + ", " + localAddress() + " - " + remoteAddress() + ")";
    }

    // ---- for the house

    public BufferedInput input() {
        return input;
    }

    public ChunkOutput output() {
        return output;
    }

    /** What the protocol spoken on this connection keeps with it. */
    public @Nullable Object attachment() {
        return attachment;
    }

    public void attach(Object kept) {
        attachment = kept;
    }

    /** The protocol that a connection was taken over from, and that may have it back. */
    public interface Lender {
        /** Throws {@link IllegalStateException} unless it can go on from here. */
        void requireResumable();

        /** Throws {@link IllegalStateException} unless this is the one call that gives it back. */
        void claim();

        void resumed();
    }

    private record Lent(Lender by, Origin origin, ConnectionScope scope) {}

    /** The connection is a raw stream from now on, with timeouts of its own, and a matter of the calling thread's scope. */
    public void takenOverFrom(Lender lender) {
        output.uncorkAll();
        ConnectionScope home = owner();
        lent = new Lent(lender, origin, home == null ? ConnectionScope.PROCESS : home);
        origin = Origin.TAKEN_OVER;
        timeouts(Timeouts.DEFAULT);
        moveTo(ConnectionScope.ofCurrentThread());
    }

    /** Puts it where it was before it was taken over, if it is still the calling thread's; false when it is another's, or ended. */
    public boolean comeHome() {
        Lent from = lent;
        if (from == null || !ConnectionScope.ofCurrentThread().remove(this)) return false;
        from.scope().add(this);
        return true;
    }

    /** Whether a failure that names this address is one of this connection: its own peer, or the one a proxy has told. */
    public boolean isPeer(@Nullable SocketAddress address) {
        return remoteAddress().equals(address) || link.remoteAddress().equals(address);
    }

    /** How often it has been taken out of a pool. */
    public int reused() {
        Slot from = slot;
        return from == null ? 0 : from.reused();
    }

    /** The half that the link fills. */
    InputHalf inputHalf() {
        return input;
    }

    /** The half that the link empties. */
    OutputHalf outputHalf() {
        return output;
    }

    Halves halves() {
        return halves;
    }

    Link link() {
        return link;
    }

    NettyLoop nettyLoop() {
        return loop;
    }

    /** The link is gone: both halves end, for this reason where they had none. */
    void lost(Reason reason, @Nullable Throwable cause) {
        input.end(reason, cause);
        output.end(reason == Reason.EOF ? Reason.RESET : reason, cause);
        ended();
    }

    /** Runs the work once the connection has ended, behind what was asked for before; at once if it has. */
    public Action whenClosed(Runnable work) {
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

    private void ended() {
        lock.lock();
        try {
            if (closed) return;
            closed = true;
        } finally {
            lock.unlock();
        }
        loop.closed(this);
        whenClosed.forEach(Runnable::run); // nobody changes it any more
    }

    void joinPool(Slot place) {
        slot = place;
    }

    /** Has a thread that waits for input give up with {@code CANCELLED}; nothing happens when none waits. Any thread. */
    public void cancelReceive() {
        input.cancelWait();
    }

    /** Reads the addresses while there is a socket to ask. */
    void remember() {
        if (link instanceof SocketLink socket) socket.remember();
    }

    /** Runs short work once the operating system has closed it, which is a little after {@link #whenClosed}. */
    void whenGone(Runnable work) {
        link.whenGone(work);
    }

    /** Whether something that was sent has not left, or was lost. */
    public boolean owes() {
        return output.owes();
    }

    /** Before its user gives it back. */
    void requireUnused() {
        if (input.isBeingRead() || output.isBeingWritten()) {
            throw new IllegalStateException("another thread is " + (input.isBeingRead() ? "receiving" : "sending")
                    + " on connection " + id + ", which can be released when nothing is under way");
        }
        if (output.hasPending()) requireBlockable(); // what was sent is waited for
    }

    /** Waits until everything sent is with the operating system; where that fails, the writing half has ended. */
    void settle() {
        if (!output.hasPending()) return;
        try {
            output.flush();
        } catch (ConnectionException e) {
            LOG.debug("{} could not deliver everything before it was released", this, e);
        }
    }

    /** What would confuse its next user; null when they would find it as good as new. */
    @Nullable
    Released flaw() {
        if (input.hasEnded() || output.hasEnded()) return Released.ENDED;
        if (dirty) return Released.DIRTY;
        if (!input.isIdle()) return Released.UNREAD;
        return output.isIdle() ? null : Released.ENDED;
    }

    /** Forgets what its last user has set. */
    public void renew(Timeouts usual) {
        deadline = null;
        if (timeouts != usual) timeouts(usual);
    }

    /** A read timed out: an answer may still come, for a question nobody waits for. */
    void soil() {
        dirty = true;
    }

    /** Waiting on the loop's own thread would stop all its connections. */
    void requireBlockable() {
        if (loop.eventLoop().inEventLoop()) {
            throw new IllegalStateException(
                    "connection " + id + " would block the event loop that carries it; spawn a thread for it");
        }
    }

    boolean isPastDeadline() {
        long handshake = securing;
        if (handshake != 0) return handshake != Parking.NO_LIMIT && handshake - System.nanoTime() <= 0;
        FixedDeadline fixed = deadline;
        return fixed != null && fixed.at - System.nanoTime() <= 0;
    }

    long readNanos() {
        return readNanos;
    }

    long writeNanos() {
        return writeNanos;
    }

    /** When a wait that begins now is over, by inactivity or by the deadline. */
    long limit(long inactivity) {
        long handshake = securing;
        if (handshake != 0) return handshake;
        FixedDeadline fixed = deadline;
        if (inactivity == 0) return fixed == null ? Parking.NO_LIMIT : fixed.at;
        long idle = System.nanoTime() + inactivity;
        return fixed != null && fixed.at - idle < 0 ? fixed.at : idle;
    }

    String readLimitText(long inactivity) {
        return limitText("nothing was received within " + Durations.text(Duration.ofNanos(inactivity)));
    }

    String writeLimitText(long inactivity) {
        return limitText("the peer took nothing within " + Durations.text(Duration.ofNanos(inactivity)));
    }

    private String limitText(String inactive) {
        return isPastDeadline() ? "the deadline has passed" : inactive;
    }

    private final class FixedDeadline implements Deadline {
        private final long at;
        private final @Nullable FixedDeadline outer;

        FixedDeadline(long at, @Nullable FixedDeadline outer) {
            this.at = at;
            this.outer = outer;
        }

        @Override
        public Duration remaining() {
            return Duration.ofNanos(at - System.nanoTime());
        }

        @Override
        public void close() {
            if (deadline == this) deadline = outer;
        }
    }
}

package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import io.penstock.net.Deadline;
import io.penstock.net.Delimited;
import io.penstock.net.Detached;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
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
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.WriteVio;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream in the hands of one user: what they have set, and the only way to the stream, which ends with their use of it.
 *
 * <p>Whoever takes a connection out of a pool is another user, and gets another one of these.
 */
public final class StreamConnection extends Owned implements Connection, Duplex.User {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private static final long AGAIN_NANOS = 1_000_000;

    private final Duplex stream;
    private final StreamInput input;
    private final StreamOutput output;
    private final Limits limits;
    private volatile boolean dirty;

    /** Closed by its user in order: there is nothing left for them to abort. */
    private volatile boolean parting;

    /** Who has lent it to whoever has this; null when nobody has. */
    private final @Nullable Loan loan;

    StreamConnection(Duplex stream, Timeouts timeouts) {
        this.stream = stream;
        this.loan = null;
        this.limits = new Limits(timeouts, null);
        this.input = new StreamInput(this, stream.input());
        this.output = new StreamOutput(this, stream.output());
    }

    /** For whom it is lent to: a raw stream, with timeouts of its own. */
    StreamConnection(StreamConnection home, Lender lender) {
        this.stream = home.stream;
        this.loan = new Loan(this, home, lender);
        this.limits = new Limits(Timeouts.DEFAULT, home.limits);
        this.input = new StreamInput(this, stream.input());
        this.output = new StreamOutput(this, stream.output());
    }

    /** What a user has given, as what it is; to whom it is not theirs to give, that is told. */
    public static StreamConnection of(Connection given) {
        return switch (given) {
            case StreamConnection own -> own;
            case GuardedConnection guarded -> throw guarded.refusal();
            default -> throw new IllegalArgumentException("not a connection of Penstock's own: " + given);
        };
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
    public Framed framed(Framing framing) {
        return input.framed(framing);
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
    public ReadVio read(Continuation reader, IoBuffer into, long bytes) throws ConnectionException {
        return input.read(reader, into, bytes);
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
        stream.output().uncorkAll(this);
    }

    @Override
    public WriteVio write(Continuation writer, IoBuffer.Reader from, long bytes) throws ConnectionException {
        return output.write(writer, from, bytes);
    }

    @Override
    public OutputStream outputStream() {
        return output.outputStream();
    }

    // ---- what it is

    @Override
    public long id() {
        return stream.id();
    }

    @Override
    public Origin origin() {
        return stream.loan() == null ? stream.origin() : Origin.TAKEN_OVER;
    }

    @Override
    public SocketAddress localAddress() {
        return stream.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return stream.remoteAddress();
    }

    @Override
    public Optional<ProxyHeader> proxyHeader() {
        return Optional.ofNullable(stream.told());
    }

    @Override
    public Loop loop() {
        return stream.loop();
    }

    @Override
    public Stats stats() {
        return new Stats(stream.input().received(), stream.output().sent(), stream.opened(), reused());
    }

    @Override
    public Optional<TlsSession> tls() {
        return Optional.ofNullable(stream.tls());
    }

    @Override
    public void startTls(TlsClient options, String host) throws ConnectionException {
        uncorkAll(); // or the handshake would wait for its own first message
        TlsHandshake.client(this, options, host, limits.connect());
    }

    @Override
    public void startTls(TlsServer options) throws ConnectionException {
        uncorkAll();
        TlsHandshake.server(this, options, limits.connect());
    }

    @Override
    public boolean isOpen() {
        return isUser()
                && !stream.isClosed()
                && !(stream.input().hasEnded() && stream.output().hasEnded());
    }

    @Override
    public Optional<Reason> inputEnd() {
        return Optional.ofNullable(isUser() ? stream.input().ending() : Reason.CLOSED);
    }

    /** The watcher must not run on the thread that notices, nor inside this call. */
    @Override
    public Action onInputEnd(Consumer<Reason> told) {
        return whenInputEnds(reason -> stream.loop().spawn("end of connection " + id(), () -> told.accept(reason)));
    }

    /** As {@link #onInputEnd}, but told by the thread that notices, which must not be held up; at once if it has ended. */
    public Action whenInputEnds(Consumer<Reason> told) {
        return stream.input().onEnd(this, told);
    }

    @Override
    public Timeouts timeouts() {
        return limits.timeouts();
    }

    @Override
    public void timeouts(Timeouts each) {
        limits.timeouts(each);
    }

    @Override
    public Deadline deadline(Duration total) {
        return limits.deadline(total);
    }

    /** A deadline for a part of what its user does: it does not outlast theirs, which is the one again afterwards. */
    public Deadline deadlineWithin(Duration part) {
        return limits.deadlineWithin(part);
    }

    @Override
    public <T> T option(SocketOption<T> name) throws ConnectionException {
        if (!isUser()) throw released(Phase.CONNECT);
        return stream.option(name);
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        if (!stream.option(this, name, value)) throw released(Phase.CONNECT);
    }

    @Override
    public Socket asSocket() {
        return ConnectionSocket.over(this);
    }

    // ---- its end

    @Override
    public void shutdownOutput() throws ConnectionException {
        output.giveUp();
        stream.output().finish(this);
    }

    @Override
    public void shutdownInput() {
        input.giveUp();
        if (stream.input().drop(this)) stream.dropInput();
    }

    @Override
    public void close() throws ConnectionException {
        giveUp();
        end();
    }

    private void giveUp() {
        input.giveUp();
        output.giveUp();
    }

    /**
     * As {@link #close}, but what the peer still sends is dropped for a while: behind a close the kernel would answer it with a reset, which
     * takes away what the peer has not received yet.
     */
    public void closeGently() throws ConnectionException {
        Reason ended = stream.input().ending();
        giveUp();
        end(ended == null || ended == Reason.CLOSED);
    }

    /** Closes it for its owner, whose operations are told. */
    void end() throws ConnectionException {
        end(loan != null && stream.input().ending() == null);
    }

    private void end(boolean gently) throws ConnectionException {
        leaveScope();
        // what has come is dropped even where the connection was lost
        if (!stream.input().drop(this) || !stream.beginClosing()) return;
        boolean cut = stream.output().isCut() || output.isPartway();
        ConnectionException undelivered = null;
        if (stream.output().hasPending() && !stream.isOnLoop()) {
            stream.dropRest();
            try {
                output.flush();
            } catch (ConnectionException e) {
                cut = true;
                undelivered = e.reason() == Reason.BUSY_WRITING ? null : e; // that writer will be told
            }
        }
        if (gently && !cut) {
            parting = true;
            stream.closeBehindOutput();
        } else {
            stream.close(cut || stream.output().hasPending());
        }
        if (undelivered != null) {
            throw ConnectionException.of(
                    undelivered.reason(),
                    Phase.CLOSE,
                    remoteAddress(),
                    "closed, but not everything that was sent could be delivered",
                    undelivered);
        }
    }

    @Override
    public void abort() {
        if (!parting) abortAnyway();
    }

    private void abortAnyway() {
        giveUp();
        endAtOnce();
    }

    /** Aborts it for its owner, whose operations are told. */
    void endAtOnce() {
        leaveScope();
        if (stream.input().drop(this)) stream.abort();
    }

    /** Ends it while nothing is under way: without waiting; with a reset only where something that was sent is missing. */
    void closeIdle() {
        leaveScope();
        if (stream.input().drop(this)) stream.closeIdle();
    }

    /**
     * Ends a connection on which its owner waits for the peer, unless something has come by now, be it still with the operating system:
     * what crosses the end of an idle connection is not to be lost. Does not wait.
     *
     * @param idle whether the owner still takes it for idle
     */
    public void closeUnlessReached(BooleanSupplier idle) {
        stream.loop().eventLoop().execute(() -> {
            if (!isUser() || stream.isClosed() || !idle.getAsBoolean()) return;
            stream.link().receiveRest();
            if (stream.input().waiting() > 0) return;
            if (!stream.input().isAwaited()) { // it is about to be
                stream.loop().timer(AGAIN_NANOS, () -> closeUnlessReached(idle));
            } else if (stream.output().isIdle()) {
                closeIdle();
            } else {
                shutdownInput();
            }
        });
    }

    @Override
    public Released release() {
        return release(pooled().keepAlive());
    }

    /** When both halves are claimed, and never given free again, nothing can begin here any more. */
    @Override
    public Released release(KeepAlive keepAlive) {
        Slot place = pooled();
        claimBoth();
        Released flaw = stream.dismiss();
        leaveScope();
        if (flaw == null && input.held() > 0) flaw = Released.UNREAD;
        if (flaw != Released.ENDED && (dirty || input.isBroken())) flaw = Released.DIRTY;
        input.drop();
        return place.putBack(flaw, keepAlive);
    }

    private Slot pooled() {
        Slot place = stream.slot();
        if (place == null) throw new IllegalStateException(this + " does not come from a pool");
        if (place.hasLeft()) throw new IllegalStateException(this + " was taken over, and is no pool's any more");
        return place;
    }

    /** Whoever is inside an operation is not disturbed. */
    private void claimBoth() {
        if (!input.claim()) throw unreleasable("receiving");
        if (!output.tryBegin()) {
            input.unclaim();
            throw unreleasable("sending");
        }
        if (stream.output().hasPending()) settle();
    }

    private IllegalStateException unreleasable(String doing) {
        return new IllegalStateException(
                isUser()
                        ? "another thread is " + doing + " on connection " + id()
                                + ", which can be released when nothing is under way"
                        : this + " has been released before");
    }

    @Override
    public Detached detach() throws ConnectionException {
        input.begin();
        try {
            output.claim();
            try {
                var departure = new Departure(this); // when nobody can secure it any more
                output.flush();
                return departure.begin(input.kept());
            } finally {
                output.unclaim();
            }
        } finally {
            input.end();
        }
    }

    /** Waits until everything sent is with the operating system; where that fails, the writing half has ended. */
    private void settle() {
        if (stream.isOnLoop()) {
            output.unclaim();
            input.unclaim();
            throw stream.blocking();
        }
        try {
            output.flush();
        } catch (ConnectionException e) {
            LOG.debug("{} could not deliver everything before it was released", this, e);
        }
    }

    /** As its stream knows it. */
    Duplex.User asUser() {
        Loan from = loan;
        return from == null ? this : from;
    }

    @Override
    public StreamConnection connection() {
        return this;
    }

    /** Whether it has not been released. */
    boolean isUser() {
        return stream.isUsedBy(this);
    }

    /** What an operation gets that comes too late. */
    ConnectionException released(Phase phase) {
        return ConnectionException.of(Reason.CLOSED, phase, remoteAddress(), fate(), null);
    }

    private String fate() {
        if (inUse() != this) return "the connection was taken over: use the one that whoever took it over was given";
        Loan from = loan;
        return from == null || !from.isOver()
                ? "the connection was released or detached, and may be another's by now: take one out of the pool again"
                : from.fate();
    }

    // ---- its scope

    @Override
    public Connection transfer(Scope to) {
        moveTo((ConnectionScope) Objects.requireNonNull(to, "no scope to transfer the connection to"));
        return this;
    }

    @Override
    void abandonedBy(ConnectionScope scope) {
        if (isOpen()) {
            LOG.debug("{} was left open by the {}, which has ended", this, scope);
            stream.loop().owner().countAbandoned();
        }
        OutputHalf sent = stream.output();
        if (stream.isClosed()) {
            stream.input().drop(this); // what has come may still be there
        } else if (input.isBeingRead() || limits.isPast()) {
            endAtOnce();
        } else if (sent.isIdle() || sent.hasEnded() && !sent.hasPending()) {
            closeIdle();
        } else {
            stream.loop()
                    .spawn(
                            "closing connection " + id(),
                            this::end); // what was sent is to arrive, and the scope not to wait for it
        }
    }

    @Override
    boolean isGone() {
        return !isUser() || stream.isClosed() && stream.input().ending() == Reason.CLOSED;
    }

    // ---- to and from HTTP

    /** The protocol that a connection was taken over from, and that may have it back. */
    public interface Lender {
        /** Throws {@link IllegalStateException} unless it can go on from here. */
        void requireResumable();

        /** Throws {@link IllegalStateException} unless this is the one call that gives it back. */
        void claim();

        void resumed();

        /** It cannot be {@linkplain #forgotten} any more. */
        void kept();

        /** Nobody has it any more who could end it or give it back: it is being closed. */
        void forgotten(StreamConnection home);
    }

    /**
     * Lends the stream to a taker, as a matter of the calling thread's scope. Until it is given back this gets nowhere, but for what it can
     * tell, and for {@link #revoke}.
     *
     * @throws ConnectionException BUSY_READING or BUSY_WRITING when another thread is at it; nothing has changed then
     */
    public StreamConnection lendTo(Lender lender) throws ConnectionException {
        StreamConnection taker = Loan.begin(this, lender);
        taker.moveTo(ConnectionScope.ofCurrentThread());
        return taker;
    }

    /**
     * Passes the stream on for good, with the timeouts that are set here and its place in a scope and in none of a pool: this is dead from
     * then on, but for {@link #revoke}.
     *
     * @param where whose stack is told should nobody have it any more who could end it
     * @throws ConnectionException BUSY_READING or BUSY_WRITING when another thread is at it; nothing has changed then
     */
    public StreamConnection passOn(Throwable where) throws ConnectionException {
        StreamConnection taker = Loan.begin(this, new ForGood(where));
        taker.timeouts(timeouts());
        Slot place = stream.slot();
        if (place != null) place.leave();
        taker.succeed(this);
        return taker;
    }

    /** The hold on the stream that counts: that of the last taker while it is lent, else this. */
    public StreamConnection inUse() {
        StreamConnection user = stream.user();
        return user != null && user.isLentBy(this) ? user : this;
    }

    private boolean isLentBy(StreamConnection one) {
        for (Loan each = loan; each != null; each = each.home().loan) {
            if (each.home() == one) return true;
        }
        return false;
    }

    /** Aborts it, in whose hands it may be. */
    public void revoke() {
        StreamConnection last = null;
        for (StreamConnection user = inUse(); user != last; user = inUse()) {
            user.abortAnyway();
            last = user;
        }
        Loan lent = stream.loan();
        if (lent != null && lent.connection() == null) stream.abort();
    }

    /** Puts it into the scope of that lender, if it is still the calling thread's; false when it is another's, or ended. */
    public boolean comeHome(StreamConnection lender) {
        if (!isLentBy(lender) || !ConnectionScope.ofCurrentThread().remove(this)) return false;
        ConnectionScope theirs = lender.owner();
        return theirs == null || theirs.add(this);
    }

    @Override
    public void resumeHttp() throws ConnectionException {
        Loan from = loan;
        if (from == null) throw new IllegalStateException(this + " was not taken over from an HTTP server");
        from.giveBack(this);
    }

    // ---- for the house

    public BufferedInput input() {
        return input;
    }

    public ChunkOutput output() {
        return output;
    }

    /** What the protocol spoken on this connection keeps with it, from user to user. */
    public @Nullable Object attachment() {
        return stream.attachment();
    }

    public void attach(@Nullable Object kept) {
        stream.attach(kept);
    }

    /** Whether a failure that names this address is one of this connection: its own peer, or the one a proxy has told. */
    public boolean isPeer(@Nullable SocketAddress address) {
        return remoteAddress().equals(address) || stream.link().remoteAddress().equals(address);
    }

    /** Whether something that was sent has not left, or was lost. */
    public boolean owes() {
        return stream.output().owes();
    }

    /** Forgets the deadline, and the timeouts that were set here. */
    public void renew(Timeouts usual) {
        limits.forgetDeadline();
        if (limits.timeouts() != usual) limits.timeouts(usual);
    }

    /** How often it has been taken out of a pool. */
    public int reused() {
        Slot from = stream.slot();
        return from == null ? 0 : from.reused();
    }

    /** Runs the work once the connection has ended, behind what was asked for before; at once if it has. */
    public Action whenClosed(Runnable work) {
        return stream.whenClosed(work);
    }

    /** Has a thread that waits for input give up with {@code CANCELLED}; nothing happens when none waits. Any thread. */
    public void cancelReceive() {
        stream.input().cancelWait(this);
    }

    /**
     * Has the watcher told, once, on the thread that notices, as soon as something comes or the input ends; for whoever reads without
     * waiting. False when something has come by now, or it has ended.
     */
    public boolean whenReadable(Runnable watcher) {
        return stream.input().watch(watcher);
    }

    /** As {@link #framed}, for the house. */
    public Packets packets(Framing framing) {
        return new Packets(input, framing);
    }

    /** Sends what there is room for now, without waiting, and returns how much that was; 0 also when somebody else sends, or nothing can be sent. */
    public int offer(byte[] bytes, int offset, int count) {
        return output.offer(bytes, offset, count);
    }

    /** Fails when nothing can be sent any more, whoever may be sending. */
    public void requireOutput() throws ConnectionException {
        Reason ended = stream.output().ending();
        if (ended != null) throw output.failure(ended);
    }

    /** Something that lasts as long as the stream has this now, and answers for it. */
    void keep() {
        leaveScope();
        if (loan != null) loan.kept();
    }

    Duplex stream() {
        return stream;
    }

    StreamInput streamInput() {
        return input;
    }

    StreamOutput streamOutput() {
        return output;
    }

    Limits limits() {
        return limits;
    }

    boolean isSending() {
        return output.isBeingWritten();
    }

    /** A read timed out: an answer may still come, for a question nobody waits for. */
    void soil() {
        dirty = true;
    }

    /** To its pool it is not what it was any more. */
    void secured(Link by, TlsSession session) {
        stream.secured(by, session);
        if (stream.slot() != null) soil();
    }

    @Override
    public String toString() {
        return "connection " + id() + " (" + origin() + ", " + localAddress() + " - " + remoteAddress() + ")";
    }
}

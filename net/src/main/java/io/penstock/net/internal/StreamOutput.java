package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.FileRegion;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The writing half of a stream in the hands of one user. What is here is the writer's. */
final class StreamOutput extends ChunkOutput {
    private static final VarHandle WRITER;

    static {
        try {
            WRITER = MethodHandles.lookup().findVarHandle(StreamOutput.class, "writer", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StreamConnection connection;
    private final OutputHalf half;

    @SuppressWarnings("unused") // through WRITER
    private volatile @Nullable Thread writer;

    /** A writer that is about to give this free, and is waited for. */
    private volatile @Nullable Thread leaver;

    /** The operation that writes, if it is one of the event face. */
    private volatile @Nullable OutputVio holder;

    private volatile boolean givenUp;

    /** Whether a timeout leaves everything as it is. */
    private boolean patient;

    /** How long the call that is under way waits for the peer to take something. */
    private Duration inactivity = Duration.ZERO;

    /** Bytes accepted before the call. */
    private long callStart;

    private volatile boolean partway;

    /** Bytes that had left, at least, when the writer last gave up waiting. */
    private long left;

    StreamOutput(StreamConnection connection, OutputHalf half) {
        this.connection = connection;
        this.half = half;
    }

    // ---- sending

    @Override
    public long send(byte[] bytes, int offset, int length) throws ConnectionException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        boolean begun = begin();
        try {
            if (length == 0) requireOpen(); // nothing to send is no reason to overlook that nothing could be
            int end = offset + length;
            for (int from = offset; from < end; ) {
                int count = half.copy(bytes, from, end - from);
                from += count;
                if (count == 0) awaitRoom();
            }
            return length;
        } finally {
            if (begun) unclaim();
        }
    }

    /** See {@link StreamConnection#offer}. */
    int offer(byte[] bytes, int offset, int count) {
        if (!tryBegin()) return 0;
        try {
            return half.copy(bytes, offset, count);
        } finally {
            unclaim();
        }
    }

    /** All of them under one claim: no other writer gets between. */
    @Override
    public long send(ByteBuffer... buffers) throws ConnectionException {
        boolean begun = begin();
        try {
            return super.send(buffers);
        } finally {
            if (begun) unclaim();
        }
    }

    @Override
    public void write(ByteBuf chunk) throws ConnectionException {
        boolean taken = false;
        try {
            boolean begun = begin();
            try {
                for (taken = half.add(chunk); !taken; taken = half.add(chunk)) awaitRoom();
            } finally {
                if (begun) unclaim();
            }
        } finally {
            if (!taken) chunk.release();
        }
    }

    @Override
    public long send(FileChannel file, long position, long count) throws ConnectionException {
        var part = new FilePart(file, position, count);
        part.requireThere();
        if (count == 0) return 0;
        boolean begun = begin();
        try {
            if (connection.stream().link().sendsFiles()) {
                pass(part);
            } else {
                copy(part);
            }
            return count;
        } finally {
            if (begun) unclaim();
        }
    }

    private void pass(FilePart part) throws ConnectionException {
        FileRegion region = half.add(part);
        if (region == null) throw ended(Objects.requireNonNull(half.shut()));
        try {
            awaitTaken();
        } catch (ConnectionException e) {
            if (e.reason() == Reason.FILE) connection.endAtOnce(); // the link is at it, and this thread may be faster
            throw e.withSent(region.transferred()); // to the byte, and of the link's backlog no part
        }
    }

    private void copy(FilePart part) throws ConnectionException {
        var piece = ByteBuffer.allocate((int) Math.min(part.count(), 16 * 1024));
        for (long done = 0; done < part.count(); ) {
            try {
                part.read(done, piece, connection.loop());
            } catch (IOException e) {
                connection.endAtOnce();
                throw ConnectionException.of(Reason.FILE, Phase.WRITE, peer(), "the file could not be read", e);
            }
            done += send(piece);
        }
        awaitTaken();
    }

    @Override
    public void flush() throws ConnectionException {
        boolean begun = begin();
        try {
            callStart = half.sent(); // all that waits is its concern
            awaitTaken();
        } finally {
            if (begun) unclaim();
        }
    }

    /** Waits for everything to be taken, as {@link #flush} does, for whoever has the claim; a timeout ends nothing. */
    void settle() throws ConnectionException {
        inactivity = timeout();
        patient = true;
        try {
            awaitTaken();
        } finally {
            patient = false;
        }
    }

    Duration timeout() {
        return connection.limits().timeouts().write();
    }

    @Override
    public StreamConnection connection() {
        return connection;
    }

    @Override
    public Cork cork() {
        return half.cork(connection);
    }

    // ---- the claim

    /** Claims the writing side; false when this thread has it already, being inside a send of several parts. */
    private boolean begin() throws ConnectionException {
        if (tryBegin()) return true;
        if (writer == Thread.currentThread() && connection.isUser()) return false;
        throw refusal();
    }

    ConnectionException refusal() {
        if (!connection.isUser()) return connection.released(Phase.WRITE);
        if (connection.limits().isHandshake())
            return ConnectionException.of(Reason.BUSY_CONNECTING, Phase.WRITE, peer());
        OutputVio vio = holder;
        String busy = OneWay.isHolder(writer) ? OneWay.BUSY : vio == null ? null : vio.busy();
        return busy == null
                ? ConnectionException.of(Reason.BUSY_WRITING, Phase.WRITE, peer())
                : ConnectionException.of(Reason.BUSY_WRITING, Phase.WRITE, peer(), busy, null);
    }

    void holder(@Nullable OutputVio vio) {
        holder = vio;
    }

    /** Its owner ends it: operations that are under way tell nothing any more. */
    void giveUp() {
        givenUp = true;
    }

    boolean isGivenUp() {
        return givenUp;
    }

    @Override
    public boolean isMine() {
        return writer == Thread.currentThread();
    }

    /** As {@link #claim()}; false when a thread is sending. */
    boolean tryBegin() {
        return tryBegin(Thread.currentThread());
    }

    boolean tryBegin(Thread by) {
        if (!tryClaim(by) && !(StreamVio.hasLeft(leaver, writer, connection) && tryClaim(by))) return false;
        inactivity = timeout();
        callStart = half.accepted();
        left = 0;
        return true;
    }

    private boolean tryClaim(Thread by) {
        return WRITER.compareAndSet(this, (Thread) null, by);
    }

    /** Keeps all others than that thread from writing, until {@link #unclaim}. */
    void claim(Thread by) throws ConnectionException {
        if (!tryBegin(by)) throw refusal();
    }

    /** That thread is about to give this free. */
    void leaves(Thread who) {
        leaver = who;
    }

    /** Has that thread give up its wait, or else its next one. */
    void endWait(Thread who) {
        half.cancelWait(who);
    }

    /** The writer of an operation that stands still has to know how the stream has ended. */
    void ended() {
        LockSupport.unpark(writer);
    }

    /** Keeps all others from writing, until {@link #unclaim}, while the calling thread writes. */
    void claim() throws ConnectionException {
        if (!begin()) throw new IllegalStateException("this thread is sending already");
    }

    void unclaim() {
        if (partway) partway = false;
        WRITER.setRelease(this, (Thread) null);
    }

    /** The claim of the calling thread is that one's from now on. */
    void pass(Thread to) {
        WRITER.setVolatile(this, to);
    }

    /** Whether a thread is inside a sending method right now. */
    boolean isBeingWritten() {
        return writer != null;
    }

    // ---- waiting

    private void awaitRoom() throws ConnectionException {
        requireOpen();
        partway = true;
        await(OutputHalf.MARK);
    }

    /** Whether a thread is inside a send that was not accepted at once: not all of it may have been by now. */
    boolean isPartway() {
        return partway;
    }

    private void awaitTaken() throws ConnectionException {
        while (true) {
            Reason end = half.ending();
            if (end == Reason.CLOSED || end == Reason.TIMEOUT) throw ended(end);
            if (!half.press()) return; // whatever came afterwards: all of it was taken
            if (end != null) throw ended(end);
            await(1);
        }
    }

    /** Waits for less than {@code most} to be pending; returns now and then before. */
    private void await(long most) throws ConnectionException {
        connection.stream().requireBlockable();
        long before = half.left();
        if (!half.announce(connection.limits().from(inactivity), most)) return;
        switch (half.park()) {
            case WOKEN -> {}
            case CANCELLED -> throw counted(failure(Reason.CANCELLED));
            case EXPIRED -> {
                // a slow peer that takes something is not a stalled one
                left = half.left();
                if (left > before && !connection.limits().isPast()) return;
                // part of it may be out: whoever sent on now would send from an unknown place
                if (!patient) half.end(Reason.TIMEOUT, null);
                throw counted(failure(Reason.TIMEOUT));
            }
            case INTERRUPTED -> {
                left = half.left();
                connection.stream().abort();
                throw counted(failure(Reason.INTERRUPTED));
            }
        }
    }

    // ---- failures

    void requireOpen() throws ConnectionException {
        Reason end = half.shut();
        if (end != null) throw ended(end);
    }

    boolean isShut() {
        return half.shut() != null;
    }

    private ConnectionException ended(Reason end) {
        if (end != Reason.TIMEOUT) return counted(failure(end));
        return ConnectionException.of(
                Reason.CLOSED,
                Phase.WRITE,
                peer(),
                "a send before has timed out, and what follows would come from an unknown place: close the connection",
                null);
    }

    private ConnectionException counted(ConnectionException failure) {
        long gone = Math.min(Math.max(half.sent(), left), half.accepted()) - callStart;
        return gone <= 0 ? failure : failure.withSent(gone);
    }

    ConnectionException failure(Reason reason) {
        Throwable cause = half.cause();
        return switch (reason) {
            case TIMEOUT -> {
                String inactive = "the peer took nothing within " + Durations.text(inactivity);
                yield ConnectionException.of(
                        reason, Phase.WRITE, peer(), connection.limits().text(inactive), null);
            }
            case CLOSED -> {
                if (cause != null)
                    yield ConnectionException.of(
                            reason, Phase.WRITE, peer(), String.valueOf(cause.getMessage()), cause);
                boolean whole = connection.stream().input().ending() == Reason.CLOSED;
                yield whole
                        ? ConnectionException.of(reason, Phase.WRITE, peer())
                        : ConnectionException.of(
                                reason, Phase.WRITE, peer(), "the output is closed on this side", null);
            }
            case INTERRUPTED, CANCELLED -> ConnectionException.of(reason, Phase.WRITE, peer());
            default -> ConnectionException.of(reason, Phase.WRITE, peer(), Failures.text(reason, cause), cause);
        };
    }

    private SocketAddress peer() {
        return connection.stream().link().remoteAddress();
    }
}

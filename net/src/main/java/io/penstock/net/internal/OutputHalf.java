package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.FileRegion;
import io.netty.util.ReferenceCountUtil;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a connection: a bounded queue between one writer and the link, which takes it at the end of the turn.
 *
 * <p>Its lock guards what is outgoing and how much of it, and is never held while parked.
 */
final class OutputHalf extends ChunkOutput {
    /** A writer waits while this much has not been taken by the peer's side. */
    static final int MARK = 64 * 1024;

    private static final VarHandle WRITER;

    static {
        try {
            WRITER = MethodHandles.lookup().findVarHandle(OutputHalf.class, "writer", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final StreamConnection connection;
    private final SpinLock lock = new SpinLock();
    private final Parking parking;

    @SuppressWarnings("unused") // through WRITER
    private volatile @Nullable Thread writer;

    /** The write timeout of the call that is under way, and the bytes accepted before it. The writer's. */
    private long inactivity;

    private long callStart;

    /** Bytes ever accepted; written by the writer only. */
    private long accepted;

    /** Bytes that had left, at least, when the writer last gave up waiting. The writer's. */
    private long left;

    private final Outgoing outgoing = new Outgoing();

    /** Bytes accepted, and not yet with the operating system or the peer. */
    private long pending;

    /** Bytes ever handed to the link. */
    private volatile long handed;

    private long sent;
    private boolean drainRequested;
    private int corks;

    /** How often all corks were removed at once; those from before count no more. */
    private int uncorked;

    /** What is held back by corks is to leave all the same. */
    private boolean pressing;

    private boolean finishing;

    /** Why nothing more can be sent; null while the stream runs. */
    private volatile @Nullable Reason ending;

    private @Nullable Throwable cause;

    OutputHalf(StreamConnection connection, NettyLoop loop) {
        this.connection = connection;
        this.parking = new Parking(lock, loop);
    }

    // ---- the writer's side

    @Override
    public long send(byte[] bytes, int offset, int length) throws ConnectionException {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        boolean begun = begin();
        try {
            if (length == 0) requireOpenNow();
            int from = offset;
            int end = offset + length;
            while (from < end) {
                int count;
                lock.lock();
                try {
                    requireOpen();
                    count = (int) Math.min(MARK - pending, end - from);
                    if (count > 0) {
                        outgoing.copy(bytes, from, count);
                        accept(count);
                    } else {
                        announce();
                    }
                } finally {
                    lock.unlock();
                }
                if (count > 0) {
                    from += count;
                } else {
                    await();
                }
            }
            return length;
        } finally {
            end(begun);
        }
    }

    /** All of them under one claim: no other writer gets between. */
    @Override
    public long send(ByteBuffer... buffers) throws ConnectionException {
        boolean begun = begin();
        try {
            return super.send(buffers);
        } finally {
            end(begun);
        }
    }

    @Override
    public void write(ByteBuf chunk) throws ConnectionException {
        boolean taken = false;
        try {
            begin();
            try {
                while (!taken) {
                    lock.lock();
                    try {
                        requireOpen();
                        if (pending < MARK) {
                            accept(outgoing.add(chunk));
                            taken = true;
                        } else {
                            announce();
                        }
                    } finally {
                        lock.unlock();
                    }
                    if (!taken) await();
                }
            } finally {
                end();
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
        if (!connection.link().sendsFiles()) return copy(part);
        begin();
        try {
            FileRegion region;
            lock.lock();
            try {
                requireOpen();
                accept(count);
                region = outgoing.add(file, position, count);
            } finally {
                lock.unlock();
            }
            try {
                awaitTaken();
            } catch (ConnectionException e) {
                throw e.withSent(region.transferred()); // to the byte, and of the link's backlog no part
            }
            return count;
        } finally {
            end();
        }
    }

    @Override
    public void flush() throws ConnectionException {
        boolean begun = begin();
        try {
            callStart = sent(); // all that waits is its concern
            awaitTaken();
        } finally {
            end(begun);
        }
    }

    @Override
    public Cork cork() {
        int bottle;
        lock.lock();
        try {
            corks++;
            bottle = uncorked;
        } finally {
            lock.unlock();
        }
        var removed = new AtomicBoolean();
        return () -> {
            if (removed.compareAndSet(false, true)) uncork(bottle);
        };
    }

    private void uncork(int bottle) {
        lock.lock();
        try {
            if (bottle == uncorked && --corks == 0 && pending > 0 && ending == null) press();
        } finally {
            lock.unlock();
        }
    }

    /** Removes all corks: what one user has forgotten must not hold back what the next one sends. */
    void uncorkAll() {
        lock.lock();
        try {
            if (corks == 0) return;
            corks = 0;
            uncorked++;
            if (pending > 0 && ending == null) press();
        } finally {
            lock.unlock();
        }
    }

    private void awaitTaken() throws ConnectionException {
        while (true) {
            lock.lock();
            try {
                if (ending == Reason.CLOSED || ending == Reason.TIMEOUT) requireRunning();
                if (pending == 0) return; // whatever came afterwards: all of it was taken
                requireRunning();
                press();
                announce();
            } finally {
                lock.unlock();
            }
            await();
        }
    }

    /** Claims the writing side; false when this thread has it already, being inside a send of several parts. */
    private boolean begin() throws ConnectionException {
        Thread me = Thread.currentThread();
        if (WRITER.compareAndSet(this, (Thread) null, me)) {
            inactivity = connection.writeNanos();
            callStart = accepted;
            left = 0;
            return true;
        }
        if (writer == me) return false;
        throw failure(connection.isSecuring() ? Reason.BUSY_CONNECTING : Reason.BUSY_WRITING);
    }

    /** Keeps all others from writing, until {@link #unclaim}, while the calling thread writes. */
    void claim() throws ConnectionException {
        if (!begin()) throw new IllegalStateException("this thread is sending already");
    }

    void unclaim() {
        end();
    }

    private void end(boolean begun) {
        if (begun) end();
    }

    private void end() {
        WRITER.setRelease(this, (Thread) null);
    }

    private void requireOpen() throws ConnectionException {
        requireRunning();
        if (finishing) throw failure(Reason.CLOSED);
    }

    /** Nothing to send is no reason to overlook that nothing could be. */
    private void requireOpenNow() throws ConnectionException {
        lock.lock();
        try {
            requireOpen();
        } finally {
            lock.unlock();
        }
    }

    private void requireRunning() throws ConnectionException {
        Reason why = ending;
        if (why == null) return;
        if (why != Reason.TIMEOUT) throw failure(why);
        throw ConnectionException.of(
                Reason.CLOSED,
                Phase.WRITE,
                connection.link().remoteAddress(),
                "a send before has timed out, and what follows would come from an unknown place: close the connection",
                null);
    }

    private void accept(long count) {
        pending += count;
        accepted += count;
        if (corks == 0 || pending >= MARK) press();
    }

    /** Has everything leave that there is, corked or not. */
    private void press() {
        pressing = true;
        requestDrain();
    }

    private void requestDrain() {
        if (!drainRequested) {
            drainRequested = true;
            connection.link().drainSoon();
        }
    }

    private void announce() {
        connection.requireBlockable();
        parking.announce(connection.limit(inactivity));
    }

    private void await() throws ConnectionException {
        long before = leftSoFar();
        switch (parking.park()) {
            case WOKEN, CANCELLED -> {}
            case EXPIRED -> {
                // a slow peer that takes something is not a stalled one
                left = leftSoFar();
                if (left > before && !connection.isPastDeadline()) return;
                // part of it may be out: whoever sent on now would send from an unknown place
                end(Reason.TIMEOUT, null);
                throw failure(Reason.TIMEOUT);
            }
            case INTERRUPTED -> {
                left = leftSoFar();
                connection.abort();
                throw failure(Reason.INTERRUPTED);
            }
        }
    }

    /** How much has left for the peer, or nearly so: it grows as long as the peer takes something. */
    private long leftSoFar() {
        return handed - connection.link().backlog();
    }

    private long copy(FilePart part) throws ConnectionException {
        begin();
        try {
            var piece = ByteBuffer.allocate((int) Math.min(part.count(), 16 * 1024));
            for (long done = 0; done < part.count(); ) {
                try {
                    part.read(done, piece, connection.loop());
                } catch (IOException e) {
                    connection.abort();
                    throw ConnectionException.of(
                            Reason.FILE,
                            Phase.WRITE,
                            connection.link().remoteAddress(),
                            "the file could not be read",
                            e);
                }
                done += send(piece);
            }
            awaitTaken();
            return part.count();
        } finally {
            end();
        }
    }

    // ---- the link's side

    /**
     * Hands out everything there is, in order, as buffers and file regions that the link then owns.
     *
     * @param scratch a buffer of the loop's, lent for what is gathered where it fits: the link gets a reference of its own
     * @return the number of bytes
     */
    long takeInto(Consumer<Object> link, ByteBuf scratch) {
        lock.lock();
        try {
            drainRequested = false;
            if (corks > 0 && !pressing) return 0;
            pressing = false;
            long size = outgoing.takeInto(link, scratch);
            handed += size;
            return size;
        } finally {
            lock.unlock();
        }
    }

    /** The operating system, or the peer, has this much more of what was handed out. */
    void taken(long count) {
        lock.lock();
        try {
            pending -= count;
            sent += count;
            parking.wake();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing more can be sent, for this reason; the first one counts. */
    void end(Reason reason, @Nullable Throwable why) {
        List<Object> dropped;
        lock.lock();
        try {
            if (ending == null) {
                ending = reason;
                cause = why;
            }
            dropped = outgoing.drop();
            parking.end();
        } finally {
            lock.unlock();
        }
        dropped.forEach(OutputHalf::discard);
    }

    static void discard(Object message) {
        ReferenceCountUtil.release(message);
    }

    /** Whether the stream is to be ended as soon as everything is taken, and everything is. */
    boolean mayFinish() {
        lock.lock();
        try {
            return finishing && pending == 0 && ending == null;
        } finally {
            lock.unlock();
        }
    }

    // ---- the connection's side

    /** Ends the stream behind what has been sent. */
    void finish() {
        lock.lock();
        try {
            if (finishing || ending != null) return;
            finishing = true;
            press();
        } finally {
            lock.unlock();
        }
    }

    /** What has been sent so far counts as this much. */
    void countFrom(long base) {
        lock.lock();
        sent = base;
        lock.unlock();
    }

    long sent() {
        lock.lock();
        try {
            return sent;
        } finally {
            lock.unlock();
        }
    }

    boolean hasEnded() {
        lock.lock();
        try {
            return ending != null || finishing;
        } finally {
            lock.unlock();
        }
    }

    /** Whether the stream runs, nobody writes, and everything has been taken. */
    boolean isIdle() {
        lock.lock();
        try {
            return ending == null && !finishing && pending == 0 && corks == 0 && writer == null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a thread is inside a sending method right now. */
    boolean isBeingWritten() {
        return writer != null;
    }

    boolean owes() {
        lock.lock();
        try {
            return pending > 0;
        } finally {
            lock.unlock();
        }
    }

    boolean hasPending() {
        lock.lock();
        try {
            return pending > 0 && ending == null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it has failed with bytes on the way, or before it took all: the peer must not take what it has got for the whole. */
    boolean isCut() {
        lock.lock();
        try {
            return ending == Reason.TIMEOUT || pending > 0 && ending != null && ending != Reason.CLOSED;
        } finally {
            lock.unlock();
        }
    }

    private ConnectionException failure(Reason reason) {
        long gone = Math.min(Math.max(sent, left), accepted) - callStart;
        return gone <= 0 || reason == Reason.BUSY_WRITING
                ? failureOf(reason)
                : failureOf(reason).withSent(gone);
    }

    private ConnectionException failureOf(Reason reason) {
        return switch (reason) {
            case TIMEOUT ->
                ConnectionException.of(
                        reason,
                        Phase.WRITE,
                        connection.link().remoteAddress(),
                        connection.writeLimitText(inactivity),
                        null);
            case CLOSED ->
                cause == null
                        ? ConnectionException.of(
                                reason, Phase.WRITE, connection.link().remoteAddress())
                        : ConnectionException.of(
                                reason,
                                Phase.WRITE,
                                connection.link().remoteAddress(),
                                String.valueOf(cause.getMessage()),
                                cause);
            case BUSY_WRITING, BUSY_CONNECTING, INTERRUPTED ->
                ConnectionException.of(reason, Phase.WRITE, connection.link().remoteAddress());
            default ->
                ConnectionException.of(
                        reason, Phase.WRITE, connection.link().remoteAddress(), Failures.text(reason, cause), cause);
        };
    }
}

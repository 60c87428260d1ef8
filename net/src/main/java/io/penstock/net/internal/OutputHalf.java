package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultFileRegion;
import io.netty.channel.FileRegion;
import io.netty.util.ReferenceCountUtil;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a connection: a bounded queue between one writer and the link, which takes it at the end of the turn.
 *
 * <p>Small sends are gathered in one array, so that a head and a body become one system call; chunks that change hands are queued as they
 * are. Its lock guards all of it and is never held while parked.
 */
final class OutputHalf extends ChunkOutput {
    /** A writer waits while this much has not been taken by the peer's side. */
    static final int MARK = 64 * 1024;

    private static final int SMALL = 1024;
    private static final byte[] NOTHING = {};
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

    /** How long the operation under way waits without progress, in ns; the writer's. */
    private long inactivity;

    private byte[] gathered = NOTHING;
    private int gatheredSize;
    private final ArrayDeque<Object> queue = new ArrayDeque<>(2);

    /** Bytes accepted, and not yet with the operating system or the peer. */
    private long pending;

    /** Bytes ever handed to the link. */
    private volatile long handed;

    private long sent;
    private boolean drainRequested;
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
                        gather(bytes, from, count);
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
        boolean accepted = false;
        try {
            begin();
            try {
                while (!accepted) {
                    lock.lock();
                    try {
                        requireOpen();
                        if (pending < MARK) {
                            enqueue(chunk);
                            accepted = true;
                        } else {
                            announce();
                        }
                    } finally {
                        lock.unlock();
                    }
                    if (!accepted) await();
                }
            } finally {
                end();
            }
        } finally {
            if (!accepted) chunk.release();
        }
    }

    @Override
    public long send(FileChannel file, long position, long count) throws ConnectionException {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException(
                    "a file region starts at 0 or later and has 0 bytes or more: " + position + ", " + count);
        }
        requireLength(file, position, count);
        if (count == 0) return 0;
        if (!connection.link().sendsFiles()) return copy(file, position, count);
        begin();
        try {
            lock.lock();
            try {
                requireOpen();
                seal();
                accept(count);
                queue.add(new Region(file, position, count));
            } finally {
                lock.unlock();
            }
            awaitTaken();
            return count;
        } finally {
            end();
        }
    }

    @Override
    public void flush() throws ConnectionException {
        boolean begun = begin();
        try {
            awaitTaken();
        } finally {
            end(begun);
        }
    }

    private void awaitTaken() throws ConnectionException {
        while (true) {
            lock.lock();
            try {
                if (ending == Reason.CLOSED) throw failure(ending);
                if (pending == 0) return; // whatever came afterwards: all of it was taken
                if (ending != null) throw failure(ending);
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
        if (ending != null) throw failure(ending);
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

    private void accept(long count) {
        pending += count;
        requestDrain();
    }

    private void requestDrain() {
        if (!drainRequested) {
            drainRequested = true;
            connection.link().drainSoon();
        }
    }

    private void gather(byte[] bytes, int from, int count) {
        makeRoom(count);
        System.arraycopy(bytes, from, gathered, gatheredSize, count);
        gatheredSize += count;
    }

    private void makeRoom(int count) {
        int needed = gatheredSize + count;
        if (gathered.length < needed)
            gathered = Arrays.copyOf(gathered, Math.max(needed, Math.max(SMALL, 2 * gathered.length)));
    }

    /** A few bytes behind others are cheaper copied than carried on their own. */
    private void enqueue(ByteBuf chunk) {
        int size = chunk.readableBytes();
        if (size <= SMALL && gatheredSize > 0) {
            makeRoom(size);
            chunk.readBytes(gathered, gatheredSize, size);
            gatheredSize += size;
            chunk.release();
        } else {
            seal();
            queue.add(chunk);
        }
        accept(size);
    }

    /** Puts what is gathered into the queue, so that what comes next stays behind it. */
    private void seal() {
        if (gatheredSize == 0) return;
        queue.add(Unpooled.wrappedBuffer(gathered, 0, gatheredSize));
        gathered = NOTHING;
        gatheredSize = 0;
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
                if (leftSoFar() > before && !connection.isPastDeadline()) return;
                // part of it may be out: whoever sent on now would send from an unknown place
                end(Reason.TIMEOUT, null);
                throw failure(Reason.TIMEOUT);
            }
            case INTERRUPTED -> {
                connection.abort();
                throw failure(Reason.INTERRUPTED);
            }
        }
    }

    /** How much has left for the peer, or nearly so: it grows as long as the peer takes something. */
    private long leftSoFar() {
        return handed - connection.link().backlog();
    }

    private static void requireLength(FileChannel file, long position, long count) throws ConnectionException {
        try {
            if (file.size() - position < count) {
                throw ConnectionException.of(
                        Reason.FILE,
                        Phase.WRITE,
                        null,
                        "the file has " + file.size() + " bytes, " + count + " were to be sent from " + position,
                        null);
            }
        } catch (ConnectionException e) {
            throw e;
        } catch (IOException e) {
            throw ConnectionException.of(Reason.FILE, Phase.WRITE, null, "the file could not be read", e);
        }
    }

    private long copy(FileChannel file, long position, long count) throws ConnectionException {
        begin();
        try {
            var piece = ByteBuffer.allocate((int) Math.min(count, 16 * 1024));
            for (long done = 0; done < count; ) {
                piece.clear().limit((int) Math.min(piece.capacity(), count - done));
                try {
                    if (read(file, piece, position + done) < 0) throw new IOException("the file was cut short");
                } catch (IOException e) {
                    connection.abort();
                    throw ConnectionException.of(
                            Reason.FILE,
                            Phase.WRITE,
                            connection.link().remoteAddress(),
                            "the file could not be read",
                            e);
                }
                done += send(piece.flip());
            }
            awaitTaken();
            return count;
        } finally {
            end();
        }
    }

    /** A disk may be slow, and nobody else of the loop shall wait for it. */
    private int read(FileChannel file, ByteBuffer piece, long position) throws IOException {
        try {
            return connection.loop().offload(() -> file.read(piece, position));
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("reading the file was given up", e);
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
            long size = 0;
            for (Object message = queue.poll(); message != null; message = queue.poll()) {
                size += message instanceof ByteBuf bytes ? bytes.readableBytes() : ((FileRegion) message).count();
                link.accept(message);
            }
            if (gatheredSize > 0) {
                size += gatheredSize;
                if (gatheredSize <= scratch.writableBytes()) {
                    link.accept(scratch.retain().writeBytes(gathered, 0, gatheredSize));
                } else {
                    link.accept(Unpooled.wrappedBuffer(gathered, 0, gatheredSize));
                    gathered = NOTHING;
                }
                gatheredSize = 0;
                if (gathered.length > SMALL) gathered = NOTHING;
            }
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
            dropped = queue.isEmpty() ? List.of() : List.copyOf(queue);
            queue.clear();
            gathered = NOTHING;
            gatheredSize = 0;
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
            requestDrain();
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
            return ending == null && !finishing && pending == 0 && writer == null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a thread is inside a sending method right now. */
    boolean isBeingWritten() {
        return writer != null;
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

    /** A region of a file that stays its owner's: Netty would close it. */
    private static final class Region extends DefaultFileRegion {
        Region(FileChannel file, long position, long count) {
            super(file, position, count);
        }

        @Override
        protected void deallocate() {
            // the caller opened the file and closes it
        }
    }
}

package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.http.BodyOutput;
import io.penstock.http.Headers;
import io.penstock.http.TakenOverException;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import io.penstock.net.internal.ChunkOutput;
import io.penstock.net.internal.StreamConnection;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * The body of a message being sent: what all kinds of framing have in common.
 *
 * <p>Threads come and go, one at a time: a piece and its framing are several sends, between which nobody else may get.
 */
abstract class MessageOutput extends ChunkOutput implements BodyOutput {
    private static final AtomicReferenceFieldUpdater<MessageOutput, @Nullable Thread> WRITER =
            AtomicReferenceFieldUpdater.newUpdater(MessageOutput.class, Thread.class, "writer");

    /** Who has the connection, as those are told who send all the same. */
    @FunctionalInterface
    interface Taker {
        TakenOverException refusal();

        default TakenOverException refusalOfBytes() {
            return refusal();
        }
    }

    protected final ChunkOutput wire;
    private volatile @Nullable Thread writer;
    private long sent;
    private boolean finished;
    private volatile @Nullable Taker taker;

    MessageOutput(ChunkOutput wire) {
        this.wire = wire;
    }

    /** Keeps all other threads from sending, until {@link #unclaim}. */
    final void claim() throws ConnectionException {
        while (!WRITER.compareAndSet(this, null, Thread.currentThread())) {
            if (!wire.isMine()) throw ConnectionException.of(Reason.BUSY_WRITING, Phase.WRITE, null);
            Thread.yield(); // this is an operation's, and whoever else has come so far is about to be refused
        }
    }

    final void unclaim() {
        WRITER.lazySet(this, null);
    }

    /** Somebody has the connection itself, and goes on with the framing or not: nothing can be sent from here any more. */
    final void takenOver(Taker by) {
        taker = by;
    }

    /** Refuses bytes that the head has no room for, before anything is sent of them. */
    protected abstract void admit(long size);

    /** What stands before a piece. */
    protected void before(long size) throws ConnectionException {}

    /** What stands behind a piece. */
    protected void behind() throws ConnectionException {}

    /** What stands behind the body. */
    protected abstract void end(Headers trailers) throws ConnectionException;

    /** Whether pieces go out at all. */
    protected boolean passes() {
        return true;
    }

    @Override
    public long send(byte[] bytes, int offset, int length) throws ConnectionException {
        if (length == 0) return nothing();
        claim();
        try {
            require(length);
            if (passes()) {
                before(length);
                wire.send(bytes, offset, length);
                behind();
                sent += length;
            }
            return length;
        } finally {
            unclaim();
        }
    }

    /** All of them are one piece. */
    @Override
    public long send(ByteBuffer... buffers) throws ConnectionException {
        long size = 0;
        for (ByteBuffer each : buffers) size += each.remaining();
        if (size == 0) return nothing();
        claim();
        try {
            require(size);
            if (passes()) {
                before(size);
                wire.send(buffers);
                behind();
                sent += size;
            } else {
                for (ByteBuffer each : buffers) each.position(each.limit());
            }
            return size;
        } finally {
            unclaim();
        }
    }

    @Override
    public void write(ByteBuf chunk) throws ConnectionException {
        int size = chunk.readableBytes();
        boolean handedOver = false;
        try {
            if (size == 0) return;
            claim();
            try {
                require(size);
                if (!passes()) return;
                before(size);
                handedOver = true;
                wire.write(chunk);
                behind();
                sent += size;
            } finally {
                unclaim();
            }
        } finally {
            if (!handedOver) chunk.release();
        }
    }

    @Override
    public long send(FileChannel file, long position, long count) throws ConnectionException {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException("no region of a file: " + count + " bytes from " + position);
        }
        if (count == 0) return nothing();
        claim();
        try {
            require(count);
            if (passes()) {
                before(count);
                wire.send(file, position, count);
                behind();
                sent += count;
            }
            return count;
        } finally {
            unclaim();
        }
    }

    @Override
    public void flush() throws ConnectionException {
        requireConnection();
        wire.flush();
    }

    /** Who takes the connection over inside a {@code try} with such a stream has nothing to do with it any more. */
    @Override
    protected void flushLast() throws ConnectionException {
        if (taker == null) flush();
    }

    @Override
    public final @Nullable StreamConnection connection() {
        return wire.connection();
    }

    @Override
    public Cork cork() {
        requireConnection();
        return wire.cork();
    }

    @Override
    public void finish(Headers trailers) throws ConnectionException {
        if (finished) return;
        claim();
        try {
            if (finished) return; // by a thread that was here before
            requireConnection();
            end(trailers);
            finished = true;
        } finally {
            unclaim();
        }
    }

    @Override
    public boolean isFinished() {
        return finished;
    }

    @Override
    public long sent() {
        return sent;
    }

    /** No bytes are no answer, but a way to ask whether there can be one. */
    private long nothing() {
        requireConnection();
        return 0;
    }

    private void requireConnection() {
        Taker by = taker;
        if (by != null) throw by.refusal();
    }

    private void require(long size) {
        Taker by = taker;
        if (by != null) throw by.refusalOfBytes();
        if (finished) throw new IllegalStateException("the body is finished: " + size + " more bytes cannot be sent");
        admit(size);
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a connection: a bounded queue of chunks between the link, which fills it, and one reader.
 *
 * <p>Its monitor guards the queue. It is held for moments only and never while parked; when the reader is carried by the connection's own
 * loop, nobody can contend for it.
 */
final class InputHalf extends BufferedInput {
    /** The link is paused when this much waits for the reader ... */
    static final int HIGH_MARK = 64 * 1024;

    /** ... and resumed when it is down to this. */
    static final int LOW_MARK = 16 * 1024;

    private final StreamConnection connection;
    private final Link link;
    private final Parking parking;
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(2);
    private int queued;
    private long received;
    private boolean paused;

    /** Why no more will come: EOF, CLOSED by this side, or a failure. Null while the stream runs. */
    private volatile @Nullable Reason ending;

    private @Nullable Throwable cause;

    /** Told once, when something comes although nobody reads. */
    private @Nullable Runnable watcher;

    InputHalf(StreamConnection connection, Link link, NettyLoop loop) {
        this.connection = connection;
        this.link = link;
        this.parking = new Parking(this, loop);
    }

    // ---- the link's side

    /** Takes over a chunk that has arrived. */
    void offer(ByteBuf chunk) {
        boolean enough = false;
        Runnable told;
        synchronized (this) {
            int size = chunk.readableBytes();
            received += size;
            if (ending != null || size == 0) {
                chunk.release();
                return;
            }
            queue.add(chunk);
            queued += size;
            if (!paused && queued >= HIGH_MARK) {
                paused = true;
                enough = true;
            }
            // within the monitor, so that a reader on another thread cannot resume before the pause has happened
            if (enough) link.pauseReading();
            parking.wake();
            told = watcher;
            watcher = null;
        }
        if (told != null) told.run();
    }

    /** Nothing more will come, for this reason; the first one counts. What has come is still to be read unless this side closed. */
    void end(Reason reason, @Nullable Throwable why) {
        Runnable told;
        synchronized (this) {
            boolean dropped = reason == Reason.CLOSED;
            if (ending != null && !(dropped && ending != Reason.CLOSED)) return;
            ending = reason;
            cause = why;
            if (dropped) {
                queue.forEach(ByteBuf::release);
                queue.clear();
                queued = 0;
            }
            parking.end();
            told = watcher;
            watcher = null;
        }
        if (reason == Reason.CLOSED) tidy();
        if (told != null) told.run();
    }

    // ---- the reader's side

    @Override
    protected @Nullable ByteBuf next() throws ConnectionException {
        long limit = 0;
        while (true) {
            ByteBuf chunk;
            synchronized (this) {
                chunk = queue.poll();
                if (chunk != null) {
                    queued -= chunk.readableBytes();
                    if (paused && queued <= LOW_MARK) {
                        paused = false;
                        link.resumeReading();
                    }
                } else {
                    if (ending == Reason.EOF) return null;
                    if (ending != null) throw failure(ending);
                    connection.requireBlockable();
                    if (limit == 0) limit = connection.readLimit();
                    parking.announce(limit);
                }
            }
            if (chunk != null) return chunk;
            switch (parking.park()) {
                case WOKEN -> {}
                case EXPIRED -> {
                    connection.soil();
                    throw failure(Reason.TIMEOUT);
                }
                case CANCELLED -> throw failure(Reason.CANCELLED);
                case INTERRUPTED -> {
                    connection.abort();
                    throw failure(Reason.INTERRUPTED);
                }
            }
        }
    }

    /** Has a reader that waits give up. */
    synchronized void cancelWait() {
        parking.cancel();
    }

    @Override
    protected boolean isDropped() {
        return ending == Reason.CLOSED;
    }

    @Override
    protected synchronized int waiting() {
        return queued;
    }

    @Override
    protected @Nullable SocketAddress peer() {
        return link.remoteAddress();
    }

    // ---- the connection's side

    synchronized long received() {
        return received;
    }

    /** Whether no more will come, however much is still to be read. */
    synchronized boolean hasEnded() {
        return ending != null;
    }

    /** Whether the stream runs, nobody reads it, and nothing waits to be read. */
    synchronized boolean isIdle() {
        return ending == null && queued == 0 && held() == 0 && !isBeingRead();
    }

    /** Has the watcher told, once, as soon as something comes or the stream ends. False when it is not idle now. */
    synchronized boolean watch(Runnable whenReadable) {
        if (!isIdle()) return false;
        watcher = whenReadable;
        return true;
    }

    synchronized void unwatch() {
        watcher = null;
    }

    private ConnectionException failure(Reason reason) {
        return switch (reason) {
            case TIMEOUT -> ConnectionException.of(reason, Phase.READ, peer(), connection.readLimitText(), null);
            case RESET, FAILED ->
                ConnectionException.of(reason, Phase.READ, peer(), Failures.text(reason, cause), cause);
            default -> ConnectionException.of(reason, Phase.READ, peer());
        };
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a connection: a bounded queue of chunks between the link, which fills it, and one reader.
 *
 * <p>Its lock guards the queue. It is held for moments only and never while parked; when the reader is carried by the connection's own
 * loop, hardly anybody contends for it.
 */
final class InputHalf extends BufferedInput {
    /** The link is paused when this much waits for the reader ... */
    static final int HIGH_MARK = 64 * 1024;

    /** ... and resumed when it is down to this. */
    static final int LOW_MARK = 16 * 1024;

    private static final int SMALL = 1024;

    private final StreamConnection connection;
    private final SpinLock lock = new SpinLock();
    private final Parking parking;
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(2);
    private int queued;
    private long received;
    private boolean paused;

    /** How long the operation under way waits without progress, in ns; the reader's. */
    private long inactivity;

    /** Why no more will come: EOF, CLOSED by this side, or a failure. Null while the stream runs. */
    private volatile @Nullable Reason ending;

    private @Nullable Throwable cause;

    /** Told once, when something comes although nobody reads. */
    private @Nullable Runnable watcher;

    /** Told the reason, once, when the stream has ended. */
    private List<Consumer<Reason>> enders = List.of();

    InputHalf(StreamConnection connection, NettyLoop loop) {
        this.connection = connection;
        this.parking = new Parking(lock, loop);
    }

    // ---- the link's side

    /** Takes over a chunk that has arrived. */
    void offer(ByteBuf chunk) {
        Runnable told = null;
        int size = chunk.readableBytes();
        lock.lock();
        try {
            received += size;
            if (ending == null && size > 0) {
                queued += size;
                if (!joinsTail(chunk, size)) {
                    queue.add(chunk);
                    chunk = null;
                }
                if (!paused && queued >= HIGH_MARK) {
                    paused = true;
                    // under the lock, so that a reader on another thread cannot resume before the pause has happened
                    connection.link().pauseReading();
                }
                parking.wake();
                told = watcher;
                watcher = null;
            }
        } finally {
            lock.unlock();
        }
        if (chunk != null) chunk.release();
        if (told != null) told.run();
    }

    /** Copies a few bytes behind the last ones, so that a peer who sends one at a time cannot have us keep a buffer for each. */
    private boolean joinsTail(ByteBuf chunk, int size) {
        if (size > SMALL) return false;
        ByteBuf tail = queue.peekLast();
        if (tail == null || tail.isReadOnly() || tail.refCnt() != 1 || tail.writableBytes() < size) return false;
        tail.writeBytes(chunk);
        return true;
    }

    /** Nothing more will come, for this reason; the first one counts. What has come is still to be read unless this side closed. */
    void end(Reason reason, @Nullable Throwable why) {
        boolean dropping = reason == Reason.CLOSED;
        List<ByteBuf> dropped = List.of();
        Runnable told;
        List<Consumer<Reason>> tellEnd;
        lock.lock();
        try {
            if (ending != null && !(dropping && ending != Reason.CLOSED)) return;
            ending = reason;
            cause = why;
            if (dropping && !queue.isEmpty()) {
                dropped = List.copyOf(queue);
                queue.clear();
                queued = 0;
            }
            parking.end();
            told = watcher;
            watcher = null;
            tellEnd = enders;
            enders = List.of();
        } finally {
            lock.unlock();
        }
        dropped.forEach(ByteBuf::release);
        if (dropping) tidy();
        if (told != null) told.run();
        tellEnd.forEach(each -> each.accept(reason));
    }

    /**
     * Begins anew behind a layer: what has come, and how it ended, goes to the layer, after what the layer has waiting for it already.
     *
     * @param base what counts as received so far
     */
    void passOn(Halves layer, ByteBuf first, long base) {
        List<ByteBuf> chunks;
        Reason end;
        lock.lock();
        try {
            chunks = List.copyOf(queue);
            queue.clear();
            queued = 0;
            received = base;
            end = ending;
            if (end != Reason.CLOSED) ending = null;
            if (paused) {
                paused = false;
                connection.link().resumeReading();
            }
        } finally {
            lock.unlock();
        }
        layer.offer(first);
        chunks.forEach(layer::offer);
        if (end != null && end != Reason.CLOSED) layer.endInput(end, cause);
    }

    // ---- the reader's side

    @Override
    protected void begun() {
        inactivity = connection.readNanos();
    }

    @Override
    protected @Nullable ByteBuf next() throws ConnectionException {
        long limit = 0;
        while (true) {
            ByteBuf chunk;
            lock.lock();
            try {
                chunk = queue.poll();
                if (chunk != null) {
                    queued -= chunk.readableBytes();
                    if (paused && queued <= LOW_MARK) {
                        paused = false;
                        connection.link().resumeReading();
                    }
                } else {
                    if (ending == Reason.EOF) return null;
                    if (ending != null) throw failure(ending);
                    connection.requireBlockable();
                    if (limit == 0) limit = connection.limit(inactivity);
                    parking.announce(limit);
                }
            } finally {
                lock.unlock();
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
    void cancelWait() {
        lock.lock();
        try {
            parking.cancel();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the link shall go on: what comes is read, or dropped. */
    boolean isWanted() {
        lock.lock();
        try {
            return !paused || ending != null;
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected Reason busy() {
        return connection.isSecuring() ? Reason.BUSY_CONNECTING : Reason.BUSY_READING;
    }

    @Override
    protected boolean isDropped() {
        return ending == Reason.CLOSED;
    }

    /** Whether its reader waits for what is to come, which is a moment at which nothing is half done. */
    boolean isAwaited() {
        lock.lock();
        try {
            return parking.isWaiting() && queue.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected int waiting() {
        lock.lock();
        try {
            return queued;
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected @Nullable SocketAddress peer() {
        return connection.link().remoteAddress();
    }

    // ---- the connection's side

    long received() {
        lock.lock();
        try {
            return received;
        } finally {
            lock.unlock();
        }
    }

    /** Whether no more will come, however much is still to be read. */
    boolean hasEnded() {
        return ending != null;
    }

    /** Why no more will come, however much is still to be read; null while the stream runs. */
    @Nullable
    Reason ending() {
        return ending;
    }

    /** Has the reason told when the stream ends, on the thread that notices; at once if it has. */
    Action onEnd(Consumer<Reason> told) {
        lock.lock();
        try {
            if (ending == null) {
                enders = Stream.concat(enders.stream(), Stream.of(told)).toList();
                return () -> forget(told);
            }
        } finally {
            lock.unlock();
        }
        told.accept(Objects.requireNonNull(ending));
        return () -> false;
    }

    private boolean forget(Consumer<Reason> told) {
        lock.lock();
        try {
            List<Consumer<Reason>> before = enders;
            enders = before.stream().filter(each -> each != told).toList();
            return enders.size() < before.size();
        } finally {
            lock.unlock();
        }
    }

    /** Nobody has the end told any more. */
    void forgetAll() {
        lock.lock();
        enders = List.of();
        lock.unlock();
    }

    /** Whether the stream runs, nobody reads it, and nothing waits to be read. */
    boolean isIdle() {
        lock.lock();
        try {
            return isQuiet();
        } finally {
            lock.unlock();
        }
    }

    private boolean isQuiet() {
        return ending == null && queued == 0 && held() == 0 && !isBeingRead();
    }

    /** Has the watcher told, once, as soon as something comes or the stream ends. False when it is not idle now. */
    boolean watch(Runnable whenReadable) {
        lock.lock();
        try {
            if (!isQuiet()) return false;
            watcher = whenReadable;
            return true;
        } finally {
            lock.unlock();
        }
    }

    void unwatch() {
        lock.lock();
        watcher = null;
        lock.unlock();
    }

    private ConnectionException failure(Reason reason) {
        return switch (reason) {
            case TIMEOUT ->
                ConnectionException.of(reason, Phase.READ, peer(), connection.readLimitText(inactivity), null);
            case RESET, FAILED, TLS_HANDSHAKE, MALFORMED ->
                ConnectionException.of(reason, Phase.READ, peer(), Failures.text(reason, cause), cause);
            default -> ConnectionException.of(reason, Phase.READ, peer());
        };
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a stream: a bounded queue of chunks between the link, which fills it, and one reader.
 *
 * <p>Its lock guards the queue. It is held for moments only and never while parked; when the reader is carried by the connection's own
 * loop, hardly anybody contends for it.
 */
final class InputHalf {
    /** The link is paused when this much waits for the reader ... */
    static final int HIGH_MARK = 64 * 1024;

    /** ... and resumed when it is down to this. */
    static final int LOW_MARK = 16 * 1024;

    private static final int SMALL = 1024;

    private final Duplex stream;
    private final SpinLock lock = new SpinLock();
    private final Parking parking;
    private final ArrayDeque<ByteBuf> queue = new ArrayDeque<>(2);
    private int queued;
    private long received;
    private boolean paused;

    /** What comes is dropped until so much has come altogether; then the peer is stopped. */
    private long droppedUntil = Long.MAX_VALUE;

    private @Nullable Throwable cause;

    /** Why no more will come: EOF, CLOSED by this side, or a failure. Null while the stream runs. */
    private volatile @Nullable Reason ending;

    /** Told once, when something comes although nobody reads. */
    private @Nullable Runnable watcher;

    /** Told the reason, once, when the stream has ended. */
    private List<Ender> enders = List.of();

    private record Ender(Duplex.User user, Consumer<Reason> told) {
        void tell(Reason end) {
            told.accept(end);
        }
    }

    InputHalf(Duplex stream, NettyLoop loop) {
        this.stream = stream;
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
                parking.wake();
                told = watcher;
                watcher = null;
                if (told == null) pauseIfFull(); // whoever is told may take it at once
            } else {
                pauseIfSated();
            }
        } finally {
            lock.unlock();
        }
        if (chunk != null) chunk.release();
        if (told != null) {
            told.run();
            lock.lock();
            pauseIfFull();
            lock.unlock();
        }
    }

    /** So much has come and gone without having been here. */
    void passed(long size) {
        lock.lock();
        received += size;
        lock.unlock();
    }

    /** Of what comes from now on, so much at most is dropped; what was said before counts. */
    void dropAtMost(long size) {
        lock.lock();
        droppedUntil = Math.min(droppedUntil, received + size);
        lock.unlock();
    }

    /** Under the lock, so that a reader on another thread cannot resume before the pause has happened. */
    private void pauseIfFull() {
        if (paused || queued < HIGH_MARK || ending != null) return;
        paused = true;
        stream.link().pauseReading();
    }

    /** Nobody wants it: a peer who goes on sending is to pay for that, and not this side. */
    private void pauseIfSated() {
        if (isSated()) stream.link().pauseReading();
    }

    private boolean isSated() {
        return ending != null && received >= droppedUntil;
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
        end(null, reason, why);
    }

    /** Drops, for its user, what has come and what comes; false when that is not the user any more, and nothing has changed. */
    boolean drop(StreamConnection by) {
        return end(by, Reason.CLOSED, null);
    }

    /**
     * Hands out, for its user, what has come, and is at its end; from then on that is the user no more.
     *
     * @return null when they have ended it before, or are not the user
     */
    @Nullable
    List<ByteBuf> surrender(StreamConnection by) {
        List<ByteBuf> chunks;
        List<Ender> tellEnd;
        lock.lock();
        try {
            if (!stream.isUsedBy(by) || ending == Reason.CLOSED) return null;
            stream.forgetUser();
            chunks = List.copyOf(queue);
            queue.clear();
            queued = 0;
            ending = Reason.CLOSED;
            parking.end();
            tellEnd = enders;
            enders = List.of();
        } finally {
            lock.unlock();
        }
        tellEnd.forEach(each -> each.tell(Reason.CLOSED));
        return chunks;
    }

    private boolean end(@Nullable StreamConnection by, Reason reason, @Nullable Throwable why) {
        boolean dropping = reason == Reason.CLOSED;
        List<ByteBuf> dropped = List.of();
        Runnable told;
        List<Ender> tellEnd;
        lock.lock();
        try {
            if (by != null && !stream.isUsedBy(by)) return false;
            if (ending != null && !(dropping && ending != Reason.CLOSED)) return true;
            cause = why;
            ending = reason;
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
        StreamConnection user = stream.user();
        if (dropping && user != null) user.streamInput().tidy();
        if (told != null) told.run();
        tellEnd.forEach(each -> each.tell(reason));
        return true;
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
                stream.link().resumeReading();
            }
        } finally {
            lock.unlock();
        }
        layer.offer(first);
        chunks.forEach(layer::offer);
        if (end != null && end != Reason.CLOSED) layer.endInput(end, cause);
    }

    // ---- the reader's side

    /** The next chunk, which the reader then owns; null at the end of the stream. Parks until there is one. */
    @Nullable
    ByteBuf next(StreamInput reader) throws ConnectionException {
        long limit = 0;
        while (true) {
            ByteBuf chunk;
            Reason end;
            boolean blocking = false;
            lock.lock();
            try {
                chunk = queue.poll();
                end = ending;
                if (chunk != null) {
                    taken(chunk.readableBytes());
                } else if (end == null) {
                    blocking = stream.isOnLoop();
                    if (limit == 0) limit = reader.limit();
                    if (!blocking) parking.announce(limit);
                }
            } finally {
                lock.unlock();
            }
            if (chunk != null || end == Reason.EOF) return chunk;
            if (end != null) throw reader.failure(end, cause);
            if (blocking) throw stream.blocking();
            switch (parking.park()) {
                case WOKEN -> {}
                case EXPIRED -> throw reader.failure(Reason.TIMEOUT, null);
                case CANCELLED -> throw reader.failure(Reason.CANCELLED, null);
                case INTERRUPTED -> {
                    stream.abort();
                    throw reader.failure(Reason.INTERRUPTED, null);
                }
            }
        }
    }

    /** The next chunk, which the reader then owns; null when there is none now. */
    @Nullable
    ByteBuf poll() {
        lock.lock();
        try {
            ByteBuf chunk = queue.poll();
            if (chunk != null) taken(chunk.readableBytes());
            return chunk;
        } finally {
            lock.unlock();
        }
    }

    /** The reader has this much more. Holding the lock. */
    private void taken(int size) {
        queued -= size;
        if (paused && queued <= LOW_MARK) {
            paused = false;
            stream.link().resumeReading();
        }
    }

    /** Has its user's reader give up, if it waits. */
    void cancelWait(StreamConnection user) {
        lock.lock();
        try {
            if (stream.isUsedBy(user)) parking.cancel();
        } finally {
            lock.unlock();
        }
    }

    /** Has that thread give up its wait, or else its next one. */
    void cancelWait(Thread reader) {
        lock.lock();
        try {
            parking.cancel(reader);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the link shall go on: what comes is read, or still dropped. */
    boolean isWanted() {
        lock.lock();
        try {
            return ending == null ? !paused : !isSated();
        } finally {
            lock.unlock();
        }
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

    /** The bytes that are in the queue. */
    int waiting() {
        lock.lock();
        try {
            return queued;
        } finally {
            lock.unlock();
        }
    }

    /** The bytes that are in the queue for this user. */
    int waiting(StreamConnection user) {
        lock.lock();
        try {
            return stream.isUsedBy(user) ? queued : 0;
        } finally {
            lock.unlock();
        }
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

    /** What has ended the stream, where there was more to it than the reason. */
    @Nullable
    Throwable cause() {
        lock.lock();
        try {
            return cause;
        } finally {
            lock.unlock();
        }
    }

    /** Has its user told the reason when the stream ends, on the thread that notices; at once if it has, or is another's by now. */
    Action onEnd(StreamConnection user, Consumer<Reason> told) {
        Reason end;
        lock.lock();
        try {
            end = stream.isUsedBy(user) ? ending : Reason.CLOSED;
            if (end == null) {
                var ender = new Ender(user.asUser(), told);
                enders = Stream.concat(enders.stream(), Stream.of(ender)).toList();
                return () -> forgetIf(each -> each == ender);
            }
        } finally {
            lock.unlock();
        }
        told.accept(end);
        return () -> false;
    }

    /** That user, who is it no more, has the end told no more. When this returns, nothing that they have begun here is under way. */
    void forget(StreamConnection user) {
        forgetIf(each -> each.user() == user.asUser());
    }

    private boolean forgetIf(Predicate<Ender> condition) {
        lock.lock();
        try {
            List<Ender> before = enders;
            if (before.isEmpty()) return false;
            enders = before.stream().filter(condition.negate()).toList();
            return enders.size() < before.size();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the stream runs, and nothing waits to be read. */
    boolean isIdle() {
        lock.lock();
        try {
            return ending == null && queued == 0;
        } finally {
            lock.unlock();
        }
    }

    /** Has the watcher told, once, as soon as something comes or the stream ends. False when it is not idle now. */
    boolean watch(Runnable whenReadable) {
        lock.lock();
        try {
            if (ending != null || queued > 0) return false;
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
}

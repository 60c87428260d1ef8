package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.FileRegion;
import io.netty.util.ReferenceCountUtil;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Cork;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The writing half of a stream: a bounded queue between one writer and the link, which takes it at the end of the turn.
 *
 * <p>Its lock guards what is outgoing and how much of it, and is never held while parked.
 */
final class OutputHalf {
    /** A writer waits while this much has not been taken by the peer's side. */
    static final int MARK = 64 * 1024;

    private final Duplex stream;
    private final SpinLock lock = new SpinLock();
    private final Parking parking;
    private final Outgoing outgoing = new Outgoing();

    /** Bytes accepted, and not yet with the operating system or the peer. */
    private long pending;

    /** Bytes ever accepted; changed by the writer only. */
    private long accepted;

    /** Bytes ever handed to the link. */
    private volatile long handed;

    private long sent;
    private boolean drainRequested;

    /** It is to be requested as soon as the lock is free; of its holder. */
    private boolean drainDue;

    private int corks;

    /** How often all corks were removed at once; those from before count no more. */
    private int uncorked;

    /** What is held back by corks is to leave all the same. */
    private boolean pressing;

    private boolean finishing;
    private @Nullable Throwable cause;

    /** Of a writer that does not wait: told when there is room again, when all is taken before the end, and at the end. */
    private @Nullable Runnable watcher;

    /** The watcher wants to know when there is room. */
    private boolean full;

    /** Why nothing more can be sent; null while the stream runs. */
    private volatile @Nullable Reason ending;

    OutputHalf(Duplex stream, NettyLoop loop) {
        this.stream = stream;
        this.parking = new Parking(lock, loop);
    }

    // ---- the writer's side

    /** Copies what there is room for, and returns how much it was; 0 also when nothing can be sent any more. */
    int copy(byte[] bytes, int from, int count) {
        lock.lock();
        try {
            if (isShut()) return 0;
            int size = (int) Math.min(MARK - pending, count);
            if (size <= 0) return 0;
            outgoing.copy(bytes, from, size);
            accept(size);
            return size;
        } finally {
            unlockAndDrain();
        }
    }

    /** Takes a chunk over, unless there is no room, or nothing can be sent any more. */
    boolean add(ByteBuf chunk) {
        lock.lock();
        try {
            if (isShut() || pending >= MARK) return false;
            accept(outgoing.add(chunk));
            return true;
        } finally {
            unlockAndDrain();
        }
    }

    /** Accepts a region of a file, however much it is; to be asked how much of it has left. Null when nothing can be sent any more. */
    @Nullable
    FileRegion add(FilePart part) {
        lock.lock();
        try {
            if (isShut()) return null;
            accept(part.count());
            return outgoing.add(part.file(), part.position(), part.count());
        } finally {
            unlockAndDrain();
        }
    }

    /** Whether a chunk can be passed. */
    enum Room {
        SOME,
        /** The watcher is told when there is some. */
        FULL,
        SHUT
    }

    /** Whether there is room for another chunk: less than so much pending, which is {@link #MARK} at most. */
    Room room(int most) {
        lock.lock();
        try {
            if (isShut()) return Room.SHUT;
            full = pending >= most;
            return full ? Room.FULL : Room.SOME;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a chunk over and has it leave, on the loop within this call where the link can do that; false when nothing can be sent any more. */
    boolean pass(ByteBuf chunk) {
        lock.lock();
        try {
            if (isShut()) return false;
            passing(outgoing.add(chunk));
        } finally {
            lock.unlock();
        }
        if (stream.isOnLoop()) {
            stream.link().drainNow();
        } else {
            press();
        }
        return true;
    }

    /** As {@link #pass(ByteBuf)}. On the loop. */
    boolean pass(Piped piped) {
        lock.lock();
        try {
            if (isShut()) return false;
            outgoing.add(piped);
            passing(piped.count());
        } finally {
            lock.unlock();
        }
        stream.link().drainNow();
        return true;
    }

    /** So much has left past the link, with nothing before it that had not. On the loop. */
    void passed(long size) {
        lock.lock();
        accepted += size;
        handed += size;
        sent += size;
        lock.unlock();
    }

    private void passing(long size) {
        pending += size;
        accepted += size;
        pressing = true;
    }

    /** Has the watcher told of news, on the thread that has them; null for nobody. */
    void watch(@Nullable Runnable news) {
        lock.lock();
        try {
            watcher = news;
        } finally {
            lock.unlock();
        }
    }

    /** Whether everything that was sent has been taken. */
    boolean isTaken() {
        lock.lock();
        try {
            return pending == 0;
        } finally {
            lock.unlock();
        }
    }

    private boolean isShut() {
        return finishing || ending != null;
    }

    private void accept(long count) {
        pending += count;
        accepted += count;
        if (corks == 0 || pending >= MARK) pressOut();
    }

    /** Has everything leave that there is, corked or not; whether anything has not been taken yet. */
    boolean press() {
        lock.lock();
        try {
            if (pending == 0) return false;
            if (ending == null) pressOut();
            return true;
        } finally {
            unlockAndDrain();
        }
    }

    private void pressOut() {
        pressing = true;
        if (!drainRequested) {
            drainRequested = true;
            drainDue = true;
        }
    }

    /** The loop, which this may wake, wants the lock. */
    private void unlockAndDrain() {
        boolean due = drainDue;
        drainDue = false;
        lock.unlock();
        if (due) stream.link().drainSoon();
    }

    /** Announces the calling thread as waiting, unless less than {@code most} is pending by now, or the stream has ended. */
    boolean announce(long limit, long most) {
        lock.lock();
        try {
            if (ending != null || pending < most) return false;
            parking.announce(limit);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Parks the thread that was announced. */
    Parking.Outcome park() {
        return parking.park();
    }

    /** Why nothing can be sent any more: how the stream has ended, CLOSED also when it is to end behind what was sent; null when it can. */
    @Nullable
    Reason shut() {
        lock.lock();
        try {
            return ending == null && finishing ? Reason.CLOSED : ending;
        } finally {
            lock.unlock();
        }
    }

    long accepted() {
        return accepted;
    }

    /** How much has left for the peer, or nearly so: it grows as long as the peer takes something. */
    long left() {
        return handed - stream.link().backlog();
    }

    // ---- corks

    /** A cork for this user; one that holds nothing when that is not the user any more. */
    Cork cork(StreamConnection user) {
        int bottle;
        lock.lock();
        try {
            if (!stream.isUsedBy(user)) return () -> {};
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
            if (bottle == uncorked && --corks == 0) pressRest();
        } finally {
            unlockAndDrain();
        }
    }

    /** Removes all corks: what one user has forgotten must not hold back what the next one sends. */
    void uncorkAll() {
        uncorkAll(null);
    }

    /** Removes all corks of this user; does nothing when that is not the user any more. */
    void uncorkAll(@Nullable StreamConnection by) {
        lock.lock();
        try {
            if (corks == 0 || by != null && !stream.isUsedBy(by)) return;
            corks = 0;
            uncorked++;
            pressRest();
        } finally {
            unlockAndDrain();
        }
    }

    private void pressRest() {
        if (pending > 0 && ending == null) pressOut();
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
            if (watcher != null) outgoing.trim(); // there are many such streams, and most do nothing
            handed += size;
            return size;
        } finally {
            lock.unlock();
        }
    }

    /** The operating system, or the peer, has this much more of what was handed out. */
    void taken(long count) {
        Runnable told = null;
        lock.lock();
        try {
            pending -= count;
            sent += count;
            parking.wake();
            if (full && pending < MARK || finishing && pending == 0) {
                full = false;
                told = watcher;
            }
        } finally {
            lock.unlock();
        }
        if (told != null) told.run();
    }

    /** Nothing more can be sent, for this reason; the first one counts. */
    void end(Reason reason, @Nullable Throwable why) {
        List<Object> dropped;
        Runnable told;
        lock.lock();
        try {
            if (ending == null) {
                cause = why;
                ending = reason;
            }
            dropped = outgoing.drop();
            parking.end();
            told = watcher;
        } finally {
            lock.unlock();
        }
        dropped.forEach(OutputHalf::discard);
        if (told != null) told.run();
        tellUser();
    }

    private void tellUser() {
        StreamConnection user = stream.user();
        if (user != null) user.streamOutput().ended();
    }

    /** Has that thread give up its wait, or else its next one. */
    void cancelWait(Thread writer) {
        lock.lock();
        try {
            parking.cancel(writer);
        } finally {
            lock.unlock();
        }
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
        finish(null);
    }

    /** Ends the stream behind what its user has sent; does nothing when that is not the user any more. */
    void finish(@Nullable StreamConnection by) {
        lock.lock();
        try {
            if (isShut() || by != null && !stream.isUsedBy(by)) return;
            finishing = true;
            pressOut();
        } finally {
            unlockAndDrain();
        }
        tellUser();
    }

    /** What has been sent so far, all of which was taken, counts as this much. */
    void countFrom(long base) {
        lock.lock();
        accepted -= sent - base; // the writer, whose these two are, waits for this
        handed -= sent - base;
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

    /** Why nothing more can be sent; null while the stream runs. */
    @Nullable
    Reason ending() {
        return ending;
    }

    /** What has ended the stream, where there was more to it than the reason. */
    @Nullable
    Throwable cause() {
        return cause;
    }

    boolean hasEnded() {
        return shut() != null;
    }

    /** Whether the stream runs, nobody writes, and everything has been taken. */
    boolean isIdle() {
        lock.lock();
        try {
            StreamConnection user = stream.user();
            return !isShut() && pending == 0 && corks == 0 && (user == null || !user.isSending());
        } finally {
            lock.unlock();
        }
    }

    /** Whether something that was sent has not left, or was lost. */
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
}

package io.penstock.net.client;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.client.Piece.Bytes;
import io.penstock.net.internal.SpinLock;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client has accepted and not sent yet: in order, and within a limit.
 *
 * <p>Who sends while nothing waits does it directly, as far as the connection has room. What is left waits here for a thread that sends it
 * piece by piece, with the connection's back-pressure; that thread is there only while something waits.
 */
final class SendQueue {
    /** Where it all goes. */
    interface Outlet {
        /** Takes what there is room for now, and returns how much that was. */
        int offer(byte[] bytes, int from, int count);

        /** Sends a piece; waits for room. */
        void send(Piece piece) throws ConnectionException;

        /** Runs the work on a thread that may wait. */
        void spawn(Runnable work);

        /** A mark was passed, or nothing waits any more. */
        void changed();

        /** Nothing more can be sent. */
        void failed(ConnectionException failure);
    }

    private static final byte[] NOTHING = {};
    private static final String SHUT = "its output was shut down";

    private final Outlet outlet;
    private final ClientOptions options;

    /** Guards what follows. */
    private final SpinLock lock = new SpinLock();

    private final ArrayDeque<Piece> pieces = new ArrayDeque<>(2);

    /** Somebody is sending, and whatever comes to wait meanwhile is theirs to send. */
    private boolean busy;

    /** It is a sender who does not wait. */
    private boolean direct;

    /** Of what waits, with the piece that is being sent. */
    private long weight;

    private long size;

    private boolean full;

    /** How often {@link #full} has changed and nobody was told: 2 at most, for a third change takes back the one before. */
    private volatile int changes;

    private boolean shut;

    /** Why nothing is accepted; null when it is. */
    private @Nullable String refusal = "it is not connected";

    SendQueue(Outlet outlet, ClientOptions options) {
        this.outlet = outlet;
        this.options = options;
    }

    // ---- whoever sends

    /** Accepts the bytes, all or, for want of room, none. */
    boolean send(byte[] bytes, int from, int count) {
        requireFits(count);
        if (!begin()) {
            boolean large = count >= Bytes.LEAST && hasRoom(count); // is not copied while others spin
            return large ? accept(Bytes.of(bytes, from, count), NOTHING, 0, 0) : accept(null, bytes, from, count);
        }
        int sent = outlet.offer(bytes, from, count);
        end(bytes, from + sent, count - sent);
        return true;
    }

    /** Accepts a piece, or, for want of room, does not. */
    boolean send(Piece piece) {
        requireFits(piece.weight());
        return accept(piece, NOTHING, 0, 0);
    }

    private void requireFits(long count) {
        if (count <= options.limit()) return;
        throw new IllegalArgumentException("a send of " + count + " bytes can never be accepted where "
                + options.limit() + " may wait: send it in parts");
    }

    /** Makes the calling thread the one that sends, if there is none. */
    private boolean begin() {
        lock.lock();
        try {
            requireAccepting();
            if (busy) return false;
            busy = true;
            direct = true;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** It has sent, but for these bytes, which come before all that waits. */
    private void end(byte[] bytes, int from, int count) {
        Piece first = count > 0 ? Bytes.of(bytes, from, count) : null;
        boolean news;
        boolean rest;
        lock.lock();
        try {
            int before = changes;
            direct = false;
            if (first != null) {
                pieces.addFirst(first);
                weight += count;
                size += count;
                mark(false);
            }
            rest = !pieces.isEmpty();
            busy = rest;
            news = changes != before || !rest && refusal != null;
        } finally {
            lock.unlock();
        }
        if (news) outlet.changed();
        if (rest) outlet.spawn(this::drain);
    }

    private boolean accept(@Nullable Piece piece, byte[] bytes, int from, int count) {
        long more = piece == null ? count : piece.weight();
        boolean accepted;
        boolean news;
        boolean first = false;
        lock.lock();
        try {
            requireAccepting();
            int before = changes;
            accepted = weight + more <= options.limit();
            if (accepted) {
                add(piece, bytes, from, count);
                first = !busy;
                busy = true;
            }
            mark(!accepted);
            news = changes != before;
        } finally {
            lock.unlock();
        }
        if (news) outlet.changed();
        if (first) outlet.spawn(this::drain);
        return accepted;
    }

    private void add(@Nullable Piece piece, byte[] bytes, int from, int count) {
        if (piece != null) {
            pieces.add(piece);
        } else if (!(pieces.peekLast() instanceof Bytes last && last.add(bytes, from, count))) {
            pieces.add(Bytes.of(bytes, from, count));
        }
        weight += piece == null ? count : piece.weight();
        size += piece == null ? count : piece.size();
    }

    private boolean hasRoom(int count) {
        lock.lock();
        try {
            return weight + count <= options.limit();
        } finally {
            lock.unlock();
        }
    }

    private void requireAccepting() {
        if (refusal != null) throw new IllegalStateException(outlet + " cannot send: " + refusal);
    }

    /** Whoever was refused is told when to try again, so that too is being full. */
    private void mark(boolean refused) {
        boolean now = refused || (full ? weight > options.lowMark() : weight >= options.highMark());
        if (now == full) return;
        full = now;
        if (++changes > 2) changes -= 2;
    }

    // ---- the thread that sends what waits

    private void drain() {
        try {
            for (Piece piece = next(null); piece != null; piece = next(piece)) outlet.send(piece);
        } catch (ConnectionException e) {
            outlet.failed(e);
        } catch (RuntimeException | Error e) {
            outlet.failed(ConnectionException.of(Reason.FAILED, Phase.WRITE, null, "it cannot be sent: " + e, e));
        }
    }

    /** The next piece, now that one has been sent; null when there is none. */
    private @Nullable Piece next(@Nullable Piece sent) {
        Piece piece;
        boolean news;
        lock.lock();
        try {
            int before = changes;
            if (sent != null) {
                weight -= sent.weight();
                size -= sent.size();
                mark(false);
            }
            piece = pieces.poll();
            busy = piece != null;
            news = changes != before || !busy && refusal != null;
        } finally {
            lock.unlock();
        }
        if (news) outlet.changed();
        return piece;
    }

    // ---- the client

    /** Ends the stream behind what was accepted, for which there is always room; false when that has been asked for. */
    boolean shutdown() {
        boolean first;
        lock.lock();
        try {
            if (shut) return false;
            requireAccepting();
            pieces.add(new Piece.End());
            shut = true;
            refusal = SHUT;
            first = !busy;
            busy = true;
        } finally {
            lock.unlock();
        }
        if (first) outlet.spawn(this::drain);
        return true;
    }

    /** Accepts from now on, unless the stream was ended. */
    void open() {
        lock.lock();
        refusal = shut ? SHUT : null;
        lock.unlock();
    }

    /** Accepts nothing from now on, for this reason. */
    void refuse(String why) {
        lock.lock();
        refusal = why;
        lock.unlock();
    }

    /** Why nothing is accepted; null when it is. */
    @Nullable
    String refusal() {
        lock.lock();
        try {
            return refusal;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nothing waits, and nobody sends. */
    boolean isIdle() {
        lock.lock();
        try {
            return !busy;
        } finally {
            lock.unlock();
        }
    }

    long queued() {
        lock.lock();
        try {
            return size;
        } finally {
            lock.unlock();
        }
    }

    /** Whether there is a change from full to empty or back that has not been told; it counts as told from then on. */
    boolean takeChange() {
        if (changes == 0) return false;
        lock.lock();
        try {
            if (changes == 0) return false;
            changes--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing any more, and gives up what waits; returns how many bytes that are. */
    long discard() {
        refuse("it has ended");
        while (isDirect()) Thread.yield(); // for moments: such a sender does not wait
        List<Piece> dropped;
        long lost;
        lock.lock();
        try {
            dropped = List.copyOf(pieces);
            pieces.clear();
            lost = size;
        } finally {
            lock.unlock();
        }
        for (Piece each : dropped) if (each instanceof Piece.File file) file.close();
        return lost;
    }

    private boolean isDirect() {
        lock.lock();
        try {
            return direct;
        } finally {
            lock.unlock();
        }
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A secured stream over another link, from the end of the handshake on: to the halves of the connection it is a link, to the link below it
 * is the halves.
 *
 * <p>Everything but what only passes a call on runs on the connection's loop. It keeps nothing back: what comes in is decrypted and handed
 * up at once, and what the output half has is encrypted when the link below takes it. So the bounds of the halves are its bounds.
 */
final class TlsLink implements Link, Halves {
    /** How long the last record may take to leave when this side closes, and the peer to end too. */
    private static final long FAREWELL_NANOS = 2_000_000_000;

    private final Duplex stream;
    private final Link lower;
    private final TlsRecords records;

    private Halves halves;

    /** For each batch that was handed to the link below and is not taken yet: how much of it was the application's. */
    private final ArrayDeque<Long> handed = new ArrayDeque<>(2);

    /** Encrypted before the link below has asked for it. */
    private final ArrayDeque<ByteBuf> ready = new ArrayDeque<>(0);

    private long readyPlain;

    /** What has come behind the end of the peer's stream. */
    private long dropped;

    private boolean peerEnded;
    private boolean ending;
    private long endingSince;
    private boolean failed;

    /** Nothing comes from the link below any more. */
    private boolean inputOver;

    /** Nothing leaves through it any more. */
    private boolean outputOver;

    private boolean closing;
    private final AtomicBoolean released = new AtomicBoolean();
    private @Nullable Action farewell;
    private volatile long atEnd;

    TlsLink(Duplex stream, Link lower, TlsRecords records) {
        this.stream = stream;
        this.lower = lower;
        this.records = records;
        this.halves = stream.halves();
    }

    @Override
    public void feed(Halves above) {
        halves = above;
    }

    @Override
    public void betweenDeliveries(Runnable work) {
        stream.loop().execute(work);
    }

    /** Once it stands where it belongs: the engine may have something to say. */
    void begin() {
        atEnd = stream.loop().releaseAtEnd(this::release);
        if (released.get()) stream.loop().released(atEnd); // by another loop, meanwhile
        stream.whenClosed(() -> stream.loop().defer(this::releaseUnlessClosing));
        drainSoon();
    }

    // ---- from the peer

    @Override
    public void offer(ByteBuf chunk) {
        onLoop(() -> open(chunk));
    }

    /** A pair delivers on the other end's loop. */
    private void onLoop(Runnable work) {
        if (stream.loop().eventLoop().inEventLoop()) {
            work.run();
        } else {
            stream.loop().execute(work);
        }
    }

    private void open(ByteBuf chunk) {
        if (released.get() || peerEnded || failed) {
            drop(chunk);
            return;
        }
        ByteBuf plain = records.plainBuffer(chunk.readableBytes());
        SSLException failure = null;
        try {
            // an engine that cannot half-close would refuse what it is given behind the peer's end
            if (!records.halfCloses()) sealAhead();
            records.open(chunk, plain);
        } catch (SSLException e) {
            failure = e;
        }
        boolean meant = plain.isReadable();
        if (meant) {
            halves.offer(plain);
        } else {
            plain.release();
        }
        if (closing && (meant || failure != null)) {
            finishClosing(); // whoever has sent it is to know that there is nobody any more
        } else if (failure != null) {
            fail(failure);
        } else if (records.isInboundDone()) {
            peerEnded = true;
            halves.endInput(Reason.EOF, null);
            if (!records.halfCloses()) {
                halves.endOutput(
                        Reason.CLOSED,
                        new SSLException(
                                "the peer has ended its stream with close_notify, and the JDK's TLS engine ends both"
                                        + " with it in TLS 1.2; to half-close, choose TLS 1.3 or the engine BORINGSSL"));
                beginEnding();
            }
            drainSoon();
            if (closing) farewell();
        } else if (records.needsWrap()) {
            drainSoon();
        }
    }

    /** Behind the end of its stream a peer has nothing to say: one that goes on all the same is stopped. */
    private void drop(ByteBuf chunk) {
        dropped += chunk.readableBytes();
        chunk.release();
        if (dropped >= Duplex.LINGER_MOST_BYTES) lower.pauseReading();
    }

    /** The peer is told by an alert, if the engine has one. */
    private void fail(SSLException failure) {
        failed = true;
        boolean told =
                String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT).contains("alert");
        Reason reason = told ? Reason.TLS_HANDSHAKE : Reason.MALFORMED;
        records.wrapAlert(ready::add);
        halves.endInput(reason, failure);
        halves.endOutput(reason, failure);
        drainSoon();
    }

    /** An end without close_notify may be somebody else's doing. */
    @Override
    public void endInput(Reason reason, @Nullable Throwable cause) {
        onLoop(() -> {
            if (!peerEnded) halves.endInput(reason == Reason.EOF ? Reason.TLS_TRUNCATED : reason, cause);
            inputOver = true;
            if (closing) farewell();
        });
    }

    @Override
    public void lost(Reason reason, @Nullable Throwable cause) {
        halves.lost(reason, cause);
        release();
    }

    // ---- to the peer

    @Override
    public long takeInto(Consumer<Object> link, ByteBuf scratch) {
        if (released.get()) return 0;
        var batch = new Batch(link);
        for (ByteBuf record = ready.poll(); record != null; record = ready.poll()) batch.accept(record);
        long plain = readyPlain;
        readyPlain = 0;
        if (!failed) {
            try {
                plain += seal(batch, scratch);
                records.sealPending(batch);
            } catch (SSLException e) {
                if (peerEnded && records.isOutboundDone()) {
                    halves.endOutput(Reason.RESET, e); // the peer has left, and its engine has ended both ways
                } else {
                    fail(e);
                }
            }
        }
        if (batch.size > 0) handed.add(plain);
        return batch.size;
    }

    private void sealAhead() throws SSLException {
        readyPlain += seal(ready::add, Unpooled.EMPTY_BUFFER);
        if (!ready.isEmpty()) drainSoon();
    }

    /** Encrypts what the output half has, small pieces together; returns how much it was. */
    private long seal(Consumer<ByteBuf> out, ByteBuf scratch) throws SSLException {
        var pieces = new ArrayDeque<ByteBuf>(2);
        long size = halves.takeInto(message -> pieces.add((ByteBuf) message), scratch);
        if (size == 0) return 0;
        ByteBuf plain = pieces.size() == 1 ? pieces.getFirst() : joined(pieces, (int) size);
        try {
            records.seal(plain, out);
        } finally {
            plain.release();
        }
        return size;
    }

    private static ByteBuf joined(ArrayDeque<ByteBuf> pieces, int size) {
        ByteBuf all = ByteBufAllocator.DEFAULT.directBuffer(size);
        for (ByteBuf piece : pieces) {
            all.writeBytes(piece);
            piece.release();
        }
        return all;
    }

    @Override
    public void taken(long count) {
        Long plain = handed.poll();
        if (plain != null && plain > 0) halves.taken(plain);
        if (closing) farewell();
    }

    /** The end of our stream is a record, behind everything else; the link below ends when both streams have, or nobody is here any more. */
    @Override
    public boolean mayFinish() {
        if (released.get()) return false;
        if (!ending && (closing || halves.mayFinish())) {
            beginEnding();
            records.closeOutbound();
            drainSoon();
        }
        return ending && (peerEnded || closing) && isSaid();
    }

    private void beginEnding() {
        ending = true;
        endingSince = System.nanoTime();
    }

    @Override
    public void endOutput(Reason reason, @Nullable Throwable cause) {
        halves.endOutput(reason, cause);
        outputOver = true;
        if (closing) finishClosing();
    }

    // ---- the endings

    @Override
    public void close() {
        stream.loop().defer(this::closeInOrder);
    }

    private void closeInOrder() {
        if (released.get() || closing) return;
        closing = true;
        if (!ending) {
            beginEnding();
            records.closeOutbound();
        }
        long left = endingSince + FAREWELL_NANOS - System.nanoTime();
        if (outputOver || isSaid() && left <= 0) {
            finishClosing();
        } else {
            farewell = stream.loop().timer(left > 0 ? left : FAREWELL_NANOS, this::finishClosing);
            farewell();
        }
        if (released.get()) return;
        lower.resumeReading();
        drainSoon();
    }

    /**
     * The peer's TLS may have something to say until it ends too, such as tickets for sessions to come. If the link below could not take that,
     * its system would answer by a reset, and what we have sent before be lost.
     */
    private void farewell() {
        if (released.get() || !isSaid()) return;
        if (peerEnded || inputOver || failed || !lower.resets()) finishClosing();
    }

    /** Whether the peer, or the operating system, has the last record. */
    private boolean isSaid() {
        return (failed || records.isOutboundDone()) && handed.isEmpty() && ready.isEmpty();
    }

    private void finishClosing() {
        if (released.get()) return;
        lower.close();
        release();
    }

    @Override
    public void abort() {
        lower.abort();
        stream.loop().execute(this::release);
    }

    /** Where there is TLS within TLS, the inner one closes the outer. */
    private void releaseUnlessClosing() {
        if (!closing && stream.link() == this) release();
    }

    private void release() {
        if (!released.compareAndSet(false, true)) return;
        stream.loop().released(atEnd);
        if (farewell != null) farewell.cancel();
        ready.forEach(ByteBuf::release);
        ready.clear();
        records.release();
    }

    // ---- what only passes it on

    @Override
    public void drainSoon() {
        lower.drainSoon();
    }

    @Override
    public void drainNow() {
        lower.drainNow();
    }

    @Override
    public SocketAddress localAddress() {
        return lower.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return lower.remoteAddress();
    }

    @Override
    public void pauseReading() {
        lower.pauseReading();
    }

    @Override
    public void resumeReading() {
        lower.resumeReading();
    }

    @Override
    public void whenGone(Runnable work) {
        lower.whenGone(work);
    }

    /** What is encrypted is a little more than what it carries. */
    @Override
    public int waiting() {
        return lower.waiting();
    }

    @Override
    public void receiveRest() {
        lower.receiveRest();
    }

    @Override
    public boolean resets() {
        return lower.resets();
    }

    @Override
    public long backlog() {
        return lower.backlog();
    }

    @Override
    public boolean isUnderWay() {
        return lower.isUnderWay();
    }

    @Override
    public boolean sendsFiles() {
        return false;
    }

    @Override
    public <T> T option(SocketOption<T> name) throws ConnectionException {
        return lower.option(name);
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws ConnectionException {
        lower.option(name, value);
    }

    /** Counts what it passes on. */
    private static final class Batch implements Consumer<ByteBuf> {
        private final Consumer<Object> link;
        private long size;

        Batch(Consumer<Object> link) {
            this.link = link;
        }

        @Override
        public void accept(ByteBuf record) {
            size += record.readableBytes();
            link.accept(record);
        }
    }
}

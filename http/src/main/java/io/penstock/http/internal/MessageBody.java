package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.http.Body;
import io.penstock.http.Headers;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.BufferedInput;
import io.penstock.net.internal.StreamConnection;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The body of a message, cut out of its connection: what all kinds of framing have in common.
 *
 * <p>Receiving threads come and go; which one may receive, {@link BufferedInput} sees to.
 */
abstract class MessageBody extends BufferedInput implements Body {
    /** The largest piece taken from the connection at once. */
    static final int PIECE = 64 * 1024;

    /** What is to be done before the first byte is waited for. */
    interface BeforeFirst {
        void run() throws ConnectionException;
    }

    protected final BufferedInput wire;
    private final @Nullable SocketAddress peer;
    private @Nullable BeforeFirst beforeFirst;
    private long received;
    private volatile boolean complete;
    private volatile boolean over;
    private volatile @Nullable BadMessage problem;
    private volatile @Nullable Reason failure;
    private volatile @Nullable Headers trailers;

    MessageBody(BufferedInput wire, @Nullable SocketAddress peer) {
        this.wire = wire;
        this.peer = peer;
    }

    /** The body of that length on the connection. */
    static MessageBody of(
            BodyLength length, BufferedInput wire, @Nullable SocketAddress peer, HeadLimits trailers, long limit) {
        return switch (length) {
            case BodyLength.None _ -> new SizedBody(0, wire, peer);
            case BodyLength.Sized sized -> new SizedBody(sized.bytes(), wire, peer);
            case BodyLength.Chunked _ -> new ChunkedBody(wire, peer, trailers, limit);
            case BodyLength.UntilClose _ -> new UntilCloseBody(wire, peer);
        };
    }

    /** The next bytes of the body, or null at its end, which {@link #completed} was told of. */
    protected abstract @Nullable ByteBuf receiveNext() throws ConnectionException, BadMessage;

    void beforeFirst(BeforeFirst step) {
        beforeFirst = step;
    }

    /** Why the body was refused, if it was. */
    @Nullable
    BadMessage problem() {
        return problem;
    }

    /** Why receiving failed the last time it did. */
    @Nullable
    Reason failure() {
        return failure;
    }

    /** The exchange is over: what is held is dropped, and nobody receives from here any more. False when somebody is at it. */
    boolean retire() {
        over = true;
        tidy();
        return !isBeingRead();
    }

    /** Whether all of it has been received and consumed. */
    boolean isConsumed() {
        return complete && held() == 0;
    }

    /** Whether it has no framing, so that what is left of it is simply what the connection delivers. */
    boolean endsWithConnection() {
        return false;
    }

    /** Whether what is left of it can be given back to the connection as it came. */
    boolean isOnWire() {
        return true;
    }

    /** The most bytes that are still to be consumed; -1 when only the end will tell. */
    long left() {
        return length() < 0 ? -1 : length() - received + held();
    }

    void requireUnused() throws ConnectionException {
        if (isBeingRead()) throw ConnectionException.of(Reason.BUSY_READING, Phase.READ, peer);
    }

    /** Puts what is held back into the connection and gives the rest up: the connection is somebody's who wants it as it is. */
    void giveBack() throws ConnectionException {
        begin();
        try {
            var held = new byte[held()];
            if (held.length > 0) {
                copy(held);
                wire.unread(ByteBuffer.wrap(held)); // if somebody reads there, all is as it was
                received -= held.length;
            }
            over = true;
        } finally {
            end();
        }
    }

    /** What gives a connection to its taker. */
    interface Passing {
        StreamConnection pass() throws ConnectionException;
    }

    /** Has the connection passed to somebody who wants it as it is, what is held here first. Where that fails, nothing has changed. */
    StreamConnection giveUp(Passing passing) throws ConnectionException {
        begin();
        try {
            StreamConnection taker = passing.pass();
            var held = new byte[held()];
            if (held.length > 0) {
                copy(held);
                taker.input().unread(ByteBuffer.wrap(held));
                received -= held.length;
            }
            over = true;
            return taker;
        } finally {
            end();
        }
    }

    /**
     * Receives and drops the rest of the body.
     *
     * @return whether it ended within that many bytes
     */
    boolean drop(long limit) throws ConnectionException {
        long left = limit;
        while (!isConsumed()) {
            ByteBuf piece = take(PIECE);
            if (piece == null) break;
            left -= piece.readableBytes();
            piece.release();
            if (left < 0) return false;
        }
        return true;
    }

    protected final void completed() {
        complete = true;
    }

    protected final void completed(Headers with) {
        trailers = with;
        complete = true;
    }

    @Override
    public final long received() {
        return received;
    }

    @Override
    public final boolean isComplete() {
        return complete;
    }

    @Override
    public final Headers trailers() {
        Headers came = trailers;
        return came == null ? Headers.of() : came;
    }

    @Override
    protected final @Nullable SocketAddress peer() {
        return peer;
    }

    @Override
    public final @Nullable StreamConnection connection() {
        return wire.connection();
    }

    @Override
    protected final boolean isDropped() {
        return over;
    }

    @Override
    protected final @Nullable ByteBuf next() throws ConnectionException {
        if (complete) return null;
        BadMessage known = problem;
        if (known != null) throw malformed(known);
        BeforeFirst first = beforeFirst;
        if (first != null) {
            beforeFirst = null;
            first.run();
        }
        try {
            ByteBuf piece = receiveNext();
            if (piece != null) received += piece.readableBytes();
            if (failure != null) failure = null; // it was only late
            return piece;
        } catch (BadMessage e) {
            problem = e;
            failure = Reason.MALFORMED;
            throw malformed(e);
        } catch (ConnectionException e) {
            if (e.reason() != Reason.CANCELLED) failure = e.reason();
            throw e;
        }
    }

    /** Whoever wants more than the body has is mistaken, and not left by the peer. */
    @Override
    protected final ConnectionException endOfStream() {
        return ConnectionException.of(Reason.EOF, Phase.READ, null, "the message body has no more bytes", null);
    }

    @Override
    protected final ConnectionException dropped() {
        return ConnectionException.of(
                Reason.CLOSED,
                Phase.READ,
                peer,
                "the exchange of this message body is over, or its connection was taken over",
                null);
    }

    private ConnectionException malformed(BadMessage why) {
        Reason reason = why.status() == 413 || why.status() == 431 ? Reason.TOO_LONG : Reason.MALFORMED;
        return ConnectionException.of(reason, Phase.READ, peer, "the message body: " + why.reason(), null);
    }

    protected final ConnectionException cut(String missing) {
        return ConnectionException.of(
                Reason.EOF, Phase.READ, peer, "the peer ended the stream within a message body, " + missing, null);
    }
}

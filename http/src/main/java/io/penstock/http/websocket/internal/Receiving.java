package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Deadline;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The reading side of a WebSocket: makes messages of frames, and answers what stands between them. The reader's. */
final class Receiving {
    private static final byte[] NOTHING = {};

    private final FrameReader frames;
    private final Sending sending;
    private final @Nullable Inflation inflation;
    private final SocketAddress peer;
    private final int limit;
    private final Utf8 utf8 = new Utf8();

    // the message under way
    private boolean inMessage;
    private boolean text;
    private boolean compressed;
    private boolean atLastFrame;
    private byte[] bytes = NOTHING;
    private int size;

    private Message.@Nullable Close closed;

    /** How long the peer has to close; null until this side has. */
    private @Nullable Deadline closing;

    /** @param keeps whether compressed messages may look back into those before; null when there are none */
    Receiving(FrameReader frames, Sending sending, @Nullable Boolean keeps, SocketAddress peer, int limit) {
        this.frames = frames;
        this.sending = sending;
        this.inflation = keeps == null ? null : new Inflation(keeps, this::payload);
        this.peer = peer;
        this.limit = limit;
    }

    /** How the peer has closed; null when it has not. */
    Message.@Nullable Close closed() {
        return closed;
    }

    /** The next message; goes on with the one that is under way. */
    Message whole() throws ConnectionException, Violation {
        if (!inMessage && !begin()) return end();
        try {
            while (fill()) {
                // until it is all there
            }
        } catch (ConnectionException e) {
            if (closed != null) return closed; // in the middle of a message, which is gone
            throw e;
        }
        byte[] whole = bytes.length == size ? bytes : Arrays.copyOf(bytes, size);
        bytes = NOTHING;
        size = 0;
        return text ? new Message.Text(new String(whole, StandardCharsets.UTF_8)) : new Message.Binary(whole);
    }

    private Message.Close end() {
        Message.Close end = closed;
        if (end == null) throw new IllegalStateException("the peer has not closed");
        return end;
    }

    /** Reads more of the message into its array; false at its end. */
    private boolean fill() throws ConnectionException, Violation {
        if (!compressed && size + frames.left() > limit) throw tooBig();
        if (bytes.length == size) {
            if (!compressed && atEnd()) return read(bytes, size, 0) > 0;
            if (size == limit) return exceeds();
            bytes = Arrays.copyOf(bytes, room());
        }
        int count = read(bytes, size, bytes.length - size);
        if (count < 0) return false;
        size += count;
        return true;
    }

    /** What is announced, as far as that is little; more only as it comes. */
    private int room() {
        long next = compressed || frames.left() == 0
                ? Math.max(256, size)
                : Math.min(frames.left(), Math.max(64 * 1024, size));
        return (int) Math.min(limit, size + next);
    }

    /** Whether a message that is as long as may be goes on. */
    private boolean exceeds() throws ConnectionException, Violation {
        if (read(new byte[1], 0, 1) < 0) return false;
        throw tooBig();
    }

    private Violation tooBig() {
        return new Violation(CloseCode.TOO_BIG, "the message is longer than the limit of " + limit + " bytes");
    }

    // ---- the bytes of a message

    /** Goes to the next message; false when the peer has closed instead. */
    boolean begin() throws ConnectionException, Violation {
        if (closed != null || !advance()) return false;
        if (frames.opcode() == Opcode.CONTINUATION) throw Violation.ofProtocol("a continuation of no message");
        inMessage = true;
        text = frames.opcode() == Opcode.TEXT;
        compressed = frames.isCompressed();
        atLastFrame = frames.isLast();
        return true;
    }

    boolean isText() {
        return text;
    }

    /** Reads at least one and at most {@code max} bytes of the message; -1 at its end. */
    int read(byte[] into, int at, int max) throws ConnectionException, Violation {
        Inflation inflater = inflation;
        int count = compressed && inflater != null ? inflater.read(into, at, max) : payload(into, at, max);
        if (count < 0) inMessage = false;
        if (text && !(count < 0 ? utf8.isComplete() : utf8.accepts(into, at, at + count))) throw Violation.notText();
        return count;
    }

    /** Whether all of the message's payload has been read. */
    private boolean atEnd() {
        return atLastFrame && frames.left() == 0;
    }

    /** Reads from the frames of the message as they were sent. */
    private int payload(byte[] into, int at, int max) throws ConnectionException, Violation {
        requireTime();
        while (frames.left() == 0) {
            if (atLastFrame) return -1;
            if (!advance()) throw closedWithin();
            if (frames.opcode() != Opcode.CONTINUATION) {
                throw Violation.ofProtocol("a message begins in the middle of another one");
            }
            atLastFrame = frames.isLast();
        }
        return frames.read(into, at, max);
    }

    private ConnectionException closedWithin() {
        inMessage = false;
        return ConnectionException.of(
                Reason.EOF, Phase.READ, peer, "the peer has closed the WebSocket in the middle of a message", null);
    }

    /** What was received so far of a message that was not received to its end; null when none is under way. */
    byte @Nullable [] resumed() {
        if (!inMessage) return null;
        byte[] begun = Arrays.copyOf(bytes, size);
        bytes = NOTHING;
        size = 0;
        return begun;
    }

    /** Drops what is left of the message under way. */
    void skip() throws ConnectionException, Violation {
        resumed();
        var dropped = new byte[4096];
        try {
            while (inMessage && read(dropped, 0, dropped.length) >= 0) {
                // nobody wants it
            }
        } catch (ConnectionException e) {
            if (closed == null) throw e;
        }
    }

    /** Drops everything until the peer has closed; false when it breaks a rule, and will not. */
    boolean awaitClose(Deadline time) throws ConnectionException {
        closing = time;
        try {
            do {
                skip();
            } while (begin());
            return true;
        } catch (Violation _) {
            return false;
        }
    }

    // ---- what stands between

    /** Goes to the next frame of a message, answering what comes before it; false when the peer has closed instead. */
    private boolean advance() throws ConnectionException, Violation {
        while (true) {
            requireTime();
            frames.next();
            switch (frames.opcode()) {
                case PING -> sending.pong(frames.control());
                case PONG -> frames.control();
                case CLOSE -> {
                    close(frames.control());
                    return false;
                }
                case CONTINUATION, TEXT, BINARY -> {
                    return true;
                }
            }
        }
    }

    /** Of a peer that sends without a pause no wait ever ends. */
    private void requireTime() throws ConnectionException {
        Deadline time = closing;
        if (time == null || time.remaining().isPositive()) return;
        throw ConnectionException.of(
                Reason.TIMEOUT, Phase.READ, peer, "the peer has not closed the WebSocket in time", null);
    }

    private void close(byte[] payload) throws Violation {
        closed = parsed(payload);
        try {
            sending.close(payload.length == 0 ? payload : Arrays.copyOf(payload, 2));
        } catch (ConnectionException _) {
            // it has gone without waiting for the answer
        }
    }

    private static Message.Close parsed(byte[] payload) throws Violation {
        if (payload.length == 0) return new Message.Close(CloseCode.NONE, "");
        if (payload.length == 1) throw Violation.ofProtocol("a close code has two bytes");
        int code = (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        if (!Sending.isCloseCode(code)) throw Violation.ofProtocol("no close may have the code " + code);
        try {
            String reason = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload, 2, payload.length - 2))
                    .toString();
            return new Message.Close(code, reason);
        } catch (CharacterCodingException _) {
            throw Violation.notText();
        }
    }

    /** Gives back what is not on the heap. */
    void release() {
        if (inflation != null) inflation.close();
    }
}

package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.CloseCode;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Input;
import io.penstock.net.internal.ChunkOutput;
import io.penstock.net.internal.StreamConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The writing side of a WebSocket: one message at a time, and between its frames what has to go out whoever sends.
 *
 * <p>Pings, pongs and the close wait in a place of their own. Whoever has had the {@link Turn} to write a frame sends them
 * behind it, so nobody has to wait for the end of a message, or to be woken, to have them sent.
 */
final class Sending {
    /** The most bytes in a control frame. */
    static final int CONTROL_LIMIT = 125;

    /** The most bytes in a frame, so that there is always a next one to get in front of. */
    static final int PIECE = 64 * 1024;

    private static final int LAST = 0x80;
    private static final int COMPRESSED = 0x40;

    private final StreamConnection connection;
    private final ChunkOutput wire;
    private final @Nullable Mask mask;
    private final @Nullable Deflation deflation;
    private final Turn turn = new Turn();

    /** Whoever is in the middle of a message. */
    private final AtomicReference<@Nullable Thread> sender = new AtomicReference<>();

    private final AtomicReference<byte @Nullable []> ping = new AtomicReference<>();
    private final AtomicReference<byte @Nullable []> pong = new AtomicReference<>();
    private final AtomicReference<byte @Nullable []> close = new AtomicReference<>();

    /** No more message is to be begun, or gone on with. */
    private volatile boolean closing;

    /** The close has left, and nothing may follow. Whoever has the turn. */
    private volatile boolean closed;

    Sending(StreamConnection connection, @Nullable Mask mask, @Nullable Deflation deflation) {
        this.connection = connection;
        this.wire = connection.output();
        this.mask = mask;
        this.deflation = deflation;
    }

    // ---- messages

    void message(Opcode kind, byte[] bytes) throws ConnectionException {
        begin();
        try {
            Deflation compressor = deflation;
            if (compressor != null && compressor.isWorth(bytes.length)) {
                byte[] small = compressor.whole(bytes);
                frames(kind, COMPRESSED, small);
            } else {
                frames(kind, 0, bytes);
            }
        } finally {
            sender.set(null);
        }
    }

    private void frames(Opcode kind, int flags, byte[] bytes) throws ConnectionException {
        int first = kind.number | flags;
        int at = 0;
        for (; bytes.length - at > PIECE; at += PIECE) {
            frame(first, bytes, at, PIECE);
            first = Opcode.CONTINUATION.number;
        }
        frame(first | LAST, bytes, at, bytes.length - at);
    }

    /** A message of unknown length. Nothing is held back: each piece leaves as it comes. */
    long stream(Input bytes) throws ConnectionException {
        begin();
        boolean whole = false;
        try {
            var piece = new byte[16 * 1024];
            int first = Opcode.BINARY.number | (deflation == null ? 0 : COMPRESSED);
            long total = 0;
            for (int size = bytes.read(ByteBuffer.wrap(piece)); size >= 0; size = bytes.read(ByteBuffer.wrap(piece))) {
                if (deflation == null) {
                    frame(first, piece, 0, size);
                } else {
                    byte[] small = deflation.piece(piece, size);
                    frame(first, small, 0, small.length);
                }
                first = Opcode.CONTINUATION.number;
                total += size;
            }
            byte[] end = deflation == null ? new byte[0] : deflation.end();
            frame(first | LAST, end, 0, end.length);
            whole = true;
            return total;
        } finally {
            sender.set(null);
            // the peer must not take for whole what is not, and nothing else can be sent in the middle of it
            if (!whole) breakOff();
        }
    }

    private void breakOff() {
        try {
            close(closePayload(CloseCode.INTERNAL_ERROR, "a message could not be finished"));
        } catch (ConnectionException _) {
            // whoever sends is told what came first
        }
    }

    private void begin() throws ConnectionException {
        if (!sender.compareAndSet(null, Thread.currentThread())) {
            throw ConnectionException.of(
                    Reason.BUSY_WRITING,
                    Phase.WRITE,
                    connection.remoteAddress(),
                    "another thread is sending a message on this WebSocket",
                    null);
        }
        if (closing) {
            sender.set(null);
            throw closed();
        }
    }

    private ConnectionException closed() {
        return ConnectionException.of(
                Reason.CLOSED,
                Phase.WRITE,
                connection.remoteAddress(),
                "the WebSocket is closing, as one of the two sides has asked for it",
                null);
    }

    private void frame(int first, byte[] payload, int from, int length) throws ConnectionException {
        if (!turn.enter()) {
            connection.abort();
            throw ConnectionException.of(Reason.INTERRUPTED, Phase.WRITE, connection.remoteAddress());
        }
        try {
            if (closed) throw closed();
            write(first, payload, from, length);
        } finally {
            turn.leave();
        }
        control(); // what others have left meanwhile, be it at the last moment
    }

    // ---- what goes between

    /** Answers a ping; of several that have to wait the last one counts. A peer that cannot be answered is left to the reader. */
    void pong(byte[] payload) {
        pong.set(payload);
        try {
            control();
        } catch (ConnectionException _) {
            // whoever receives is told what has become of the connection
        }
    }

    void ping(byte[] payload) throws ConnectionException {
        ping.set(payload);
        control();
    }

    /** Closes, unless that was done before. */
    void close(byte[] payload) throws ConnectionException {
        if (close.compareAndSet(null, payload)) {
            closing = true;
            control();
        }
    }

    /** Gives back what is not on the heap, unless somebody is sending. */
    void release() {
        if (deflation != null && sender.compareAndSet(null, Thread.currentThread())) {
            deflation.close();
            sender.set(null);
        }
    }

    /** Sends what waits, unless somebody has the turn: they will. */
    private void control() throws ConnectionException {
        while (waits() && turn.tryEnter()) {
            try {
                sendWaiting();
            } finally {
                turn.leave();
            }
        }
    }

    private boolean waits() {
        return pong.get() != null || ping.get() != null || closing && !closed;
    }

    private void sendWaiting() throws ConnectionException {
        send(Opcode.PONG, pong.getAndSet(null));
        send(Opcode.PING, ping.getAndSet(null));
        if (closing && !closed) {
            send(Opcode.CLOSE, close.get());
            closed = true;
        }
    }

    private void send(Opcode kind, byte @Nullable [] payload) throws ConnectionException {
        if (payload != null && !closed) write(kind.number | LAST, payload, 0, payload.length);
    }

    // ---- frames

    private void write(int first, byte[] payload, int from, int length) throws ConnectionException {
        byte[] frame = new byte[(length < 126 ? 2 : length < 65536 ? 4 : 10) + (mask == null ? 0 : 4 + length)];
        int at = head(frame, first, length);
        if (mask == null) {
            wire.send(ByteBuffer.wrap(frame), ByteBuffer.wrap(payload, from, length));
            return;
        }
        int key = mask.next();
        for (int shift = 24; shift >= 0; shift -= 8) frame[at++] = (byte) (key >>> shift);
        System.arraycopy(payload, from, frame, at, length);
        Mask.apply(key, 0, frame, at, frame.length);
        wire.send(frame);
    }

    private int head(byte[] frame, int first, int length) {
        int marked = mask == null ? 0 : 0x80;
        frame[0] = (byte) first;
        if (length < 126) {
            frame[1] = (byte) (marked | length);
            return 2;
        }
        int size = length < 65536 ? 2 : 8;
        frame[1] = (byte) (marked | (size == 2 ? 126 : 127));
        for (int i = 0; i < size; i++) frame[2 + i] = (byte) ((long) length >>> 8 * (size - 1 - i));
        return 2 + size;
    }

    /** Whether a close frame may have this code. */
    static boolean isCloseCode(int code) {
        boolean ofTheProtocol = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
        return ofTheProtocol || code >= 3000 && code <= 4999;
    }

    /** The payload of a close frame, the reason cut to what fits. */
    static byte[] closePayload(int code, String reason) {
        byte[] words = reason.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(words.length, CONTROL_LIMIT - 2);
        while (length < words.length && length > 0 && (words[length] & 0xc0) == 0x80)
            length--; // not within a character
        byte[] payload = Arrays.copyOf(new byte[] {(byte) (code >>> 8), (byte) code}, 2 + length);
        System.arraycopy(words, 0, payload, 2, length);
        return payload;
    }
}

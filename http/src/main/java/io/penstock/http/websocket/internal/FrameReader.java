package io.penstock.http.websocket.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.BufferedInput;
import io.penstock.net.internal.StreamConnection;
import java.util.Arrays;

/**
 * Takes frames off a connection, never more than was asked for. A timeout loses nothing: what was asked for may be asked for again.
 *
 * <p>Source: RFC 6455 §5.
 */
final class FrameReader {
    /** The most that a frame has before its payload, and all that a control frame has. */
    private static final int MOST = 14 + Sending.CONTROL_LIMIT;

    private final StreamConnection connection;
    private final BufferedInput wire;
    private final boolean masked;
    private final boolean compressing;
    private final KeepAlive keepAlive;
    private final byte[] head = new byte[MOST];

    // the frame at hand
    private Opcode opcode = Opcode.CONTINUATION;
    private boolean last;
    private boolean compressed;
    private long passed;
    private long left;
    private int key;

    /** @param masked whether the peer is a client */
    FrameReader(StreamConnection connection, boolean masked, boolean compressing, KeepAlive keepAlive) {
        this.connection = connection;
        this.wire = connection.input();
        this.masked = masked;
        this.compressing = compressing;
        this.keepAlive = keepAlive;
    }

    /** Goes to the next frame, the payload of the last one having been read. */
    void next() throws ConnectionException, Violation {
        await(2);
        Opcode named = Opcode.of(head[0] & 0x0f);
        if (named == null) throw Violation.ofProtocol("a frame of the reserved kind " + (head[0] & 0x0f));
        if ((head[0] & 0x30) != 0) throw Violation.ofProtocol("a reserved bit of a frame is set");
        boolean marked = (head[0] & 0x40) != 0;
        if (marked && !(compressing && (named == Opcode.TEXT || named == Opcode.BINARY))) {
            throw Violation.ofProtocol("a frame that cannot be compressed is marked as such");
        }
        if ((head[1] & 0x80) != 0 != masked) {
            throw Violation.ofProtocol(masked ? "a client must mask its frames" : "a server must not mask its frames");
        }
        int shortLength = head[1] & 0x7f;
        if (named.isControl() && ((head[0] & 0x80) == 0 || shortLength > Sending.CONTROL_LIMIT)) {
            throw Violation.ofProtocol("a control frame is whole and has at most 125 bytes");
        }
        int size = 2 + (shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0) + (masked ? 4 : 0);
        await(named.isControl() ? size + shortLength : size); // a control frame is taken as a whole
        long length = length(shortLength);
        opcode = named;
        last = (head[0] & 0x80) != 0;
        compressed = marked;
        left = length;
        passed = 0;
        key = masked ? (int) number(size - 4, 4) : 0;
        wire.skip(size);
    }

    private long length(int shortLength) throws Violation {
        if (shortLength < 126) return shortLength;
        long length = shortLength == 126 ? number(2, 2) : number(2, 8);
        if (length < 0) throw Violation.ofProtocol("the length of a frame is negative");
        if (length < (shortLength == 126 ? 126 : 65536)) {
            throw Violation.ofProtocol("the length of a frame is not in its shortest form");
        }
        return length;
    }

    private long number(int from, int size) {
        long number = 0;
        for (int i = from; i < from + size; i++) number = number << 8 | head[i] & 0xff;
        return number;
    }

    Opcode opcode() {
        return opcode;
    }

    boolean isLast() {
        return last;
    }

    boolean isCompressed() {
        return compressed;
    }

    /** How much of the payload has not been read. */
    long left() {
        return left;
    }

    /** Reads from the payload what is there, at least one byte and at most {@code max}; there must be some left. */
    int read(byte[] into, int at, int max) throws ConnectionException {
        await(1);
        ByteBuf chunk = wire.take((int) Math.min(left, max));
        if (chunk == null) throw cut();
        try {
            int count = chunk.readableBytes();
            chunk.readBytes(into, at, count);
            if (masked) Mask.apply(key, passed, into, at, at + count);
            passed += count;
            left -= count;
            return count;
        } finally {
            chunk.release();
        }
    }

    /** Reads the whole payload of a control frame, which is there. */
    byte[] control() throws ConnectionException {
        var payload = new byte[(int) left];
        int size = 0;
        while (left > 0) size += read(payload, size, payload.length - size);
        return Arrays.copyOf(payload, size);
    }

    /** Waits until that much is held, and looks at it. */
    private void await(int size) throws ConnectionException {
        while (wire.held() < size) {
            try {
                if (!wire.grow()) throw cut();
                keepAlive.heard();
            } catch (ConnectionException e) {
                keepAlive.silent(e);
            }
        }
        if (size > 1) wire.copyTo(head, 0);
    }

    private ConnectionException cut() {
        return ConnectionException.of(
                Reason.EOF,
                Phase.READ,
                connection.remoteAddress(),
                "the peer has left without closing the WebSocket",
                null);
    }
}

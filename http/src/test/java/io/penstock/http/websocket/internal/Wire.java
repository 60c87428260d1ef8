package io.penstock.http.websocket.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.testkit.Cut;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** The other end of a WebSocket, as naive as can be: writes frames byte by byte of its own making, right or wrong, and reads what comes. */
final class Wire {
    /** A frame as it was read. */
    record Frame(int first, byte[] payload) {
        int opcode() {
            return first & 0x0f;
        }

        boolean isLast() {
            return (first & 0x80) != 0;
        }

        String text() {
            return new String(payload, UTF_8);
        }

        /** The code of a close; 1005 for none. */
        int code() {
            return payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        }
    }

    static final int CONTINUATION = 0;
    static final int TEXT = 1;
    static final int BINARY = 2;
    static final int CLOSE = 8;
    static final int PING = 9;
    static final int PONG = 10;
    static final int LAST = 0x80;
    static final int COMPRESSED = 0x40;

    private static final byte[] KEY = HexFormat.of().parseHex("37fa213d");

    private final Connection connection;
    private final boolean masks;

    /** @param masks whether it plays the client */
    Wire(Connection connection, boolean masks) {
        this.connection = connection;
        this.masks = masks;
    }

    Connection connection() {
        return connection;
    }

    // ---- frames to send

    byte[] frame(int first, String payload) {
        return frame(first, payload.getBytes(UTF_8));
    }

    byte[] frame(int first, byte[] payload) {
        return frame(first, payload, masks);
    }

    static byte[] frame(int first, byte[] payload, boolean masked) {
        var bytes = new ByteArrayOutputStream();
        bytes.write(first);
        int mark = masked ? 0x80 : 0;
        if (payload.length < 126) {
            bytes.write(mark | payload.length);
        } else if (payload.length < 65536) {
            bytes.write(mark | 126);
            bytes.write(payload.length >> 8);
            bytes.write(payload.length);
        } else {
            bytes.write(mark | 127);
            for (int shift = 56; shift >= 0; shift -= 8) bytes.write((int) ((long) payload.length >> shift));
        }
        if (!masked) {
            bytes.writeBytes(payload);
        } else {
            bytes.writeBytes(KEY);
            for (int i = 0; i < payload.length; i++) bytes.write(payload[i] ^ KEY[i % 4]);
        }
        return bytes.toByteArray();
    }

    byte[] close(int code, String reason) {
        return frame(LAST | CLOSE, closing(code, reason.getBytes(UTF_8)));
    }

    static byte[] closing(int code, byte[] reason) {
        return join(new byte[] {(byte) (code >> 8), (byte) code}, reason);
    }

    static byte[] join(byte[]... parts) {
        var bytes = new ByteArrayOutputStream();
        for (byte[] part : parts) bytes.writeBytes(part);
        return bytes.toByteArray();
    }

    void send(byte[]... frames) throws ConnectionException {
        connection.send(join(frames));
        connection.flush();
    }

    /** Sends so that each piece arrives by itself. */
    void send(Cut cut, byte[]... frames) throws ConnectionException {
        for (byte[] piece : cut.pieces(join(frames))) {
            connection.send(piece);
            connection.flush();
        }
    }

    // ---- frames that come

    Frame receive() throws ConnectionException {
        byte[] head = connection.receive(2);
        int length = head[1] & 0x7f;
        if (length == 126) length = number(connection.receive(2));
        else if (length == 127) length = number(connection.receive(8));
        boolean masked = (head[1] & 0x80) != 0;
        if (masked == masks) throw new AssertionError(masked ? "the server masks" : "the client does not mask");
        byte[] key = masked ? connection.receive(4) : new byte[4];
        byte[] payload = connection.receive(length);
        for (int i = 0; i < length; i++) payload[i] ^= key[i % 4];
        return new Frame(head[0] & 0xff, payload);
    }

    private static int number(byte[] bytes) {
        int number = 0;
        for (byte each : bytes) number = number << 8 | each & 0xff;
        return number;
    }

    /** Whether the stream has ended. */
    boolean isAtEnd() throws ConnectionException {
        return !connection.peek(1).hasRemaining();
    }
}

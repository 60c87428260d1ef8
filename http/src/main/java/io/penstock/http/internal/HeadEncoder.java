package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.http.RequestHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.ChunkOutput;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes heads into one array that is sent as a whole. What it is given has been checked when it was made: heads and headers hold
 * nothing that could end a line.
 */
final class HeadEncoder {
    /** Fields left out, as the framing decides them. */
    static final int FRAMING = 1;

    /** {@code Content-Length} is left out as well. */
    static final int LENGTH = 1 << 1;

    private static final int ROOM = 512;
    private static final byte[] NOTHING = {};
    private static final byte[] LAST_CHUNK = latin("0\r\n");
    private static final byte[] CRLF = latin("\r\n");
    private static final byte[] HTTP_1_1 = latin("HTTP/1.1 ");
    private static final byte[] REQUEST_END = latin(" HTTP/1.1\r\n");
    private static final byte[] CONTENT_LENGTH = latin("Content-Length: ");
    static final byte[] CHUNKED = latin("Transfer-Encoding: chunked\r\n");
    static final byte[] CLOSE = latin("Connection: close\r\n");
    static final byte[] UPGRADE = latin("Connection: Upgrade\r\n");
    static final byte[] KEEP_ALIVE = latin("Connection: keep-alive\r\n");
    static final byte[] PLAIN_TEXT = latin("Content-Type: text/plain; charset=utf-8\r\n");

    private byte[] bytes;
    private int length;

    HeadEncoder() {
        this(ROOM);
    }

    HeadEncoder(int room) {
        bytes = new byte[room];
    }

    static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    HeadEncoder statusLine(int status, String reason) {
        byte[] whole = Reasons.line(status, reason);
        if (whole != null) return raw(whole);
        return raw(HTTP_1_1).number(status).text(" ").text(reason).raw(CRLF);
    }

    HeadEncoder requestLine(RequestHead head) {
        return text(head.method()).text(" ").text(head.target()).raw(REQUEST_END);
    }

    /** The fields, without those that {@code omitted} says; whether there was a {@code Date} among them. */
    boolean fields(Headers headers, int omitted) {
        boolean dated = false;
        int size = headers.size();
        for (int i = 0; i < size; i++) {
            String name = headers.name(i);
            if (isOmitted(name, omitted)) continue;
            dated |= name.length() == 4 && name.equalsIgnoreCase("Date");
            field(name, headers.value(i));
        }
        return dated;
    }

    private static boolean isOmitted(String name, int omitted) {
        return switch (name.length()) {
            case 10 ->
                (omitted & FRAMING) != 0
                        && (name.equalsIgnoreCase("Connection") || name.equalsIgnoreCase("Keep-Alive"));
            case 14 -> (omitted & LENGTH) != 0 && name.equalsIgnoreCase("Content-Length");
            case 16 -> (omitted & FRAMING) != 0 && name.equalsIgnoreCase("Proxy-Connection");
            case 17 -> (omitted & FRAMING) != 0 && name.equalsIgnoreCase("Transfer-Encoding");
            default -> false;
        };
    }

    HeadEncoder field(String name, String value) {
        int nameLength = name.length();
        int valueLength = value.length();
        makeRoom(nameLength + valueLength + 4);
        put(name, nameLength);
        bytes[length++] = ':';
        bytes[length++] = ' ';
        put(value, valueLength);
        bytes[length++] = '\r';
        bytes[length++] = '\n';
        return this;
    }

    HeadEncoder contentLength(long size) {
        return raw(CONTENT_LENGTH).number(size).raw(CRLF);
    }

    /**
     * What of a request holds for this hop only, if anything does.
     *
     * @param last no other request will follow
     * @param te it has a {@code TE}
     * @param upgrade it has an {@code Upgrade}
     */
    HeadEncoder connection(boolean last, boolean te, boolean upgrade) {
        if (!te && !upgrade) return last ? raw(CLOSE) : this;
        text("Connection: ").text(last ? "close, " : "").text(te ? "TE" : "").text(te && upgrade ? ", " : "");
        return text(upgrade ? "Upgrade" : "").raw(CRLF);
    }

    /** Ends the head. */
    HeadEncoder end() {
        return raw(CRLF);
    }

    HeadEncoder lastChunk(Headers trailers) {
        raw(LAST_CHUNK).fields(trailers, FRAMING | LENGTH);
        return end();
    }

    HeadEncoder raw(byte[] piece) {
        makeRoom(piece.length);
        System.arraycopy(piece, 0, bytes, length, piece.length);
        length += piece.length;
        return this;
    }

    /** Sends what was written, and starts anew; how many bytes it was. */
    int sendTo(ChunkOutput output) throws ConnectionException {
        int size = length;
        length = 0;
        output.send(bytes, 0, size);
        return size;
    }

    /** Gives up the memory of an unusually large head. */
    void trim() {
        if (bytes.length > 8 * ROOM) bytes = new byte[ROOM];
    }

    /** Gives up all memory until the next head, which is not to come soon. */
    void rest() {
        bytes = NOTHING;
    }

    private HeadEncoder text(String text) {
        int size = text.length();
        makeRoom(size);
        put(text, size);
        return this;
    }

    private HeadEncoder number(long number) {
        if (number < 10) {
            makeRoom(1);
            bytes[length++] = (byte) ('0' + number);
            return this;
        }
        int digits = 1;
        for (long rest = number / 10; rest != 0; rest /= 10) digits++;
        makeRoom(digits);
        int at = length + digits;
        for (long rest = number; rest != 0; rest /= 10) bytes[--at] = (byte) ('0' + rest % 10);
        length += digits;
        return this;
    }

    @SuppressWarnings(
            "deprecation") // takes the low byte of each char, which is what ISO-8859-1 is, and makes no array for it
    private void put(String text, int size) {
        text.getBytes(0, size, bytes, length);
        length += size;
    }

    private void makeRoom(int more) {
        if (bytes.length - length < more) bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, length + more));
    }
}

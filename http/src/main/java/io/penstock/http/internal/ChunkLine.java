package io.penstock.http.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.internal.BufferedInput;

/**
 * The line that begins a chunk, with the CR LF that ends the chunk before it.
 *
 * <p>The size is hexadecimal digits and nothing else. Extensions are allowed in their strict form, without white space, and thrown
 * away; so much of them that they outweigh the data is refused. Source: RFC 9112 §7.1 and §7.1.1.
 */
final class ChunkLine {
    /** The longest line, its end not counted. */
    static final int LONGEST = 256;

    /** The most bytes of extensions in a body. */
    static final int EXTENSIONS = 16 * 1024;

    private static final int DIGITS = 16;

    private final byte[] bytes = new byte[LONGEST + 4];
    private int end;
    private int length;
    private long size;
    private int extensions;

    /** Looks at what is held; false when the line is not complete. Consumes nothing. */
    boolean parse(BufferedInput wire, boolean behindChunk) throws BadMessage, ConnectionException {
        return parse(wire.copyTo(bytes, 0), behindChunk);
    }

    long size() {
        return size;
    }

    /** The bytes of the complete line, its ends included. */
    int length() {
        return length;
    }

    private boolean parse(int available, boolean behindChunk) throws BadMessage {
        end = available;
        int at = 0;
        if (behindChunk) {
            at = lineEnd(0);
            if (at < 0) return false;
        }
        int first = at;
        long value = 0;
        while (at < end) {
            int digit = digit(bytes[at]);
            if (digit < 0) break;
            if (at - first == DIGITS || value >>> 59 != 0) throw malformed("the size of a chunk is too large");
            value = value << 4 | digit;
            at++;
        }
        if (at == end) return false;
        if (at == first) throw malformed("a chunk has no size");
        int sizeEnd = at;
        if (bytes[at] == ';') {
            at = extensions(at);
            if (at < 0) return incomplete();
        } else if (bytes[at] != '\r') {
            throw malformed("a chunk's size is followed by what is neither a line end nor an extension");
        }
        int next = lineEnd(at);
        if (next < 0) return incomplete();
        extensions += at - sizeEnd;
        if (extensions > EXTENSIONS) throw malformed("it has more than " + EXTENSIONS + " bytes of chunk extensions");
        size = value;
        length = next;
        return true;
    }

    /** Where {@code ;name}, {@code ;name=token} and {@code ;name="text"} end; -1 when the bytes end before. */
    private int extensions(int from) throws BadMessage {
        int at = from;
        while (at < end && bytes[at] == ';') {
            at = token(at + 1);
            if (at < 0) return -1;
            if (bytes[at] != '=') continue;
            if (at + 1 == end) return -1;
            at = bytes[at + 1] == '"' ? quoted(at + 2) : token(at + 1);
            if (at < 0) return -1;
        }
        if (at < end && bytes[at] != '\r') throw malformed("a chunk extension is malformed");
        return at == end ? -1 : at;
    }

    private int token(int from) throws BadMessage {
        int at = from;
        while (at < end && ByteClass.is(bytes[at], ByteClass.TOKEN)) at++;
        if (at == end) return -1;
        if (at == from) throw malformed("a chunk extension is malformed");
        return at;
    }

    private int quoted(int from) throws BadMessage {
        int at = from;
        while (at < end && bytes[at] != '"') {
            if (bytes[at] == '\\') at++;
            // plain ASCII: nobody sends more, and readers are known to stumble over it
            if (at < end && (bytes[at] < 0 || !ByteClass.is(bytes[at], ByteClass.VALUE))) {
                throw malformed("a chunk extension is malformed");
            }
            at++;
        }
        return at + 1 >= end ? -1 : at + 1;
    }

    /** The place behind CR LF; -1 when the bytes end before. */
    private int lineEnd(int from) throws BadMessage {
        if (from < end && bytes[from] != '\r')
            throw malformed("a chunk, or the line with its size, does not end with CR LF");
        if (from + 1 < end && bytes[from + 1] != '\n') throw malformed("a CR is not followed by LF");
        return from + 1 < end ? from + 2 : -1;
    }

    private boolean incomplete() throws BadMessage {
        if (end == bytes.length) throw malformed("the line with a chunk's size is longer than " + LONGEST + " bytes");
        return false;
    }

    private static int digit(byte b) {
        if (b >= '0' && b <= '9') return b - '0';
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    private static BadMessage malformed(String reason) {
        return BadMessage.malformed(reason);
    }
}

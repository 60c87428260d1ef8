package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the head of a message out of bytes, strictly: what has two readings is refused, as somebody behind us would choose the other.
 *
 * <p>It is given all bytes of the message so far, goes over them once, and answers null until the head is complete; given more, it
 * goes on with the line it had begun. One message at a time, {@link #begin} starts the next. Source: RFC 9112 §2 to §5.
 */
final class HeadParser {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final byte[] VERSION = "HTTP/1.".getBytes(StandardCharsets.ISO_8859_1);
    private static final int VERSION_LENGTH = 8;
    private static final byte[] PREFACE = "PRI * ".getBytes(StandardCharsets.ISO_8859_1);

    private final HeadLimits limits;
    private final Trusted trusted = Trusted.instance();

    /** Where the line begins that is not complete yet. */
    private int at;

    /** Where the header section begins; -1 while the first line is not complete. */
    private int section;

    private String method = "";
    private String target = "";
    private int status;
    private String reason = "";
    private HttpVersion version = HttpVersion.HTTP_1_1;
    private Headers headers = Headers.of();

    HeadParser(HeadLimits limits) {
        this.limits = limits;
        this.section = -1;
    }

    /** Forgets the last head, to read the next. */
    void begin() {
        at = 0;
        section = -1;
        headers = Headers.of();
    }

    /** The bytes of the complete head. */
    int length() {
        return at;
    }

    @Nullable
    RequestHead request(byte[] bytes, int end) throws BadMessage {
        if (section < 0 && !requestLine(bytes, end)) return null;
        if (!fields(bytes, end)) return null;
        return trusted.request(method, target, version, headers);
    }

    @Nullable
    ResponseHead response(byte[] bytes, int end) throws BadMessage {
        if (section < 0 && !statusLine(bytes, end)) return null;
        if (!fields(bytes, end)) return null;
        return trusted.response(status, reason, version, headers);
    }

    /** Header fields alone, up to the empty line, as behind a chunked body. */
    @Nullable
    Headers trailers(byte[] bytes, int end) throws BadMessage {
        if (section < 0) section = 0;
        return fields(bytes, end) ? headers : null;
    }

    private boolean requestLine(byte[] bytes, int end) throws BadMessage {
        int start = at;
        if (start == 0 && end > 0 && bytes[0] == '\r') {
            // one empty line may stand before a request (RFC 9112 §2.2); old clients send it behind a body
            if (end == 1) return false;
            if (bytes[1] != '\n') throw BadMessage.malformed("a CR is not followed by LF");
            start = 2;
            at = 2;
        }
        int to = start;
        while (to < end && ByteClass.is(bytes[to], ByteClass.TOKEN)) to++;
        if (to == end) return incompleteLine(start, end);
        if (to == start || bytes[to] != ' ') throw illegal(bytes[to], "in the method");
        int methodEnd = to++;
        int targetStart = to;
        while (to < end && ByteClass.is(bytes[to], ByteClass.TARGET)) to++;
        if (to == end) return incompleteLine(start, end);
        if (to == targetStart || bytes[to] != ' ') throw illegal(bytes[to], "in the request target");
        if (to - start > limits.line()) throw tooLongLine();
        int targetEnd = to++;
        boolean preface = isPreface(bytes, start, to);
        if (!version(bytes, to, end, preface)) return incompleteLine(start, end);
        if (!lineEnds(bytes, to + VERSION_LENGTH, end)) return incompleteLine(start, end);
        int lineEnd = to + VERSION_LENGTH;
        if (lineEnd - start > limits.line()) throw tooLongLine();
        method = Words.OF_METHODS.of(bytes, start, methodEnd);
        target = new String(bytes, targetStart, targetEnd - targetStart, StandardCharsets.ISO_8859_1);
        String problem =
                method.equals("CONNECT") || bytes[targetStart] != '/' ? RequestTarget.problem(method, target) : null;
        if (problem != null) throw BadMessage.malformed(problem);
        at = lineEnd + 2;
        section = at;
        return true;
    }

    private boolean statusLine(byte[] bytes, int end) throws BadMessage {
        int start = at;
        if (!version(bytes, start, end, false)) return incompleteLine(start, end);
        int to = start + VERSION_LENGTH;
        // SP, three digits, SP; the reason may be empty, and then some senders leave out the second space as well
        for (int i = 0; i < 4; i++, to++) {
            if (to == end) return false;
            byte b = bytes[to];
            if (i == 0 ? b != ' ' : b < '0' || b > '9') throw illegal(b, "in the status line");
        }
        if (to == end) return false;
        int reasonStart = to;
        if (bytes[to] == ' ') {
            reasonStart = ++to;
            while (to < end && ByteClass.is(bytes[to], ByteClass.VALUE)) to++;
        }
        if (!lineEnds(bytes, to, end)) return incompleteLine(start, end);
        if (to - start > limits.line()) throw tooLongLine();
        int digits = start + VERSION_LENGTH + 1;
        status = 100 * (bytes[digits] - '0') + 10 * (bytes[digits + 1] - '0') + bytes[digits + 2] - '0';
        if (status < 100) throw BadMessage.malformed("the status is below 100");
        String usual = Reasons.of(status);
        reason = isSame(usual, bytes, reasonStart, to)
                ? usual
                : new String(bytes, reasonStart, to - reasonStart, StandardCharsets.ISO_8859_1).strip();
        at = to + 2;
        section = at;
        return true;
    }

    private static boolean isSame(String text, byte[] bytes, int from, int to) {
        if (text.length() != to - from) return false;
        for (int i = from; i < to; i++) {
            if (text.charAt(i - from) != bytes[i]) return false;
        }
        return true;
    }

    /** Whether that is how a client begins that speaks HTTP/2 without asking. */
    private static boolean isPreface(byte[] bytes, int from, int to) {
        return to - from == PREFACE.length && Arrays.equals(bytes, from, to, PREFACE, 0, PREFACE.length);
    }

    /** Checks as much of the version as there is; whether it is all there. */
    private boolean version(byte[] bytes, int from, int end, boolean preface) throws BadMessage {
        int to = Math.min(end, from + VERSION_LENGTH);
        for (int i = from; i < to; i++) {
            int place = i - from;
            byte b = bytes[i];
            boolean fits = place == 5 || place == 7 ? b >= '0' && b <= '9' : b == VERSION[place];
            if (!fits) throw illegal(b, "in the HTTP version");
        }
        if (to < from + VERSION_LENGTH) return false;
        byte major = bytes[from + 5];
        byte minor = bytes[from + 7];
        if (preface && major == '2' && minor == '0') {
            version = HttpVersion.HTTP_2_0;
            return true;
        }
        if (preface) throw BadMessage.malformed("the target * is for OPTIONS only");
        if (major != '1' || minor > '1') {
            throw new BadMessage(
                    505, "HTTP/" + (char) major + "." + (char) minor + " is not spoken here, only 1.0 and 1.1");
        }
        version = minor == '1' ? HttpVersion.HTTP_1_1 : HttpVersion.HTTP_1_0;
        return true;
    }

    private boolean fields(byte[] bytes, int end) throws BadMessage {
        int line = at;
        while (true) {
            int to = line;
            while (to < end && ByteClass.is(bytes[to], ByteClass.TOKEN)) to++;
            if (to == end) return incompleteFields(line, end);
            if (bytes[to] != ':' || to == line) {
                if (to > line || bytes[to] != '\r') throw illegalName(bytes, line, to);
                if (!lineEnds(bytes, to, end)) return incompleteFields(line, end);
                if (to - section > limits.section()) throw tooManyFields("bytes");
                at = to + 2;
                return true;
            }
            int nameEnd = to++;
            while (to < end && isBlank(bytes[to])) to++;
            int valueStart = to;
            to = endOfValue(bytes, to, end);
            if (!lineEnds(bytes, to, end)) return incompleteFields(line, end);
            int valueEnd = to;
            while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
            if (headers.size() == limits.count()) throw tooManyFields("fields");
            trusted.add(
                    headers,
                    Words.OF_NAMES.of(bytes, line, nameEnd),
                    new String(bytes, valueStart, valueEnd - valueStart, StandardCharsets.ISO_8859_1));
            line = to + 2;
            at = line;
            if (line - section > limits.section()) throw tooManyFields("bytes");
        }
    }

    /** Where the bytes that may stand in a value end, eight at a time while they are plain. */
    private static int endOfValue(byte[] bytes, int from, int end) {
        int to = from;
        while (to + Long.BYTES <= end) {
            long word = (long) LONG.get(bytes, to);
            long below = (word - 0x2020202020202020L) & ~word;
            long delete = word ^ 0x7f7f7f7f7f7f7f7fL;
            long deleted = (delete - 0x0101010101010101L) & ~delete;
            if (((below | deleted) & 0x8080808080808080L) != 0) break;
            to += Long.BYTES;
        }
        while (to < end && ByteClass.is(bytes[to], ByteClass.VALUE)) to++;
        return to;
    }

    /** Whether CR LF stands there; false when the bytes end before that can be told. */
    private static boolean lineEnds(byte[] bytes, int from, int end) throws BadMessage {
        if (from == end) return false;
        if (bytes[from] != '\r') throw illegal(bytes[from], "in the head");
        if (from + 1 == end) return false;
        if (bytes[from + 1] != '\n') throw BadMessage.malformed("a CR is not followed by LF");
        return true;
    }

    private boolean incompleteLine(int start, int end) throws BadMessage {
        if (end - start > limits.line() + 2) throw tooLongLine();
        return false;
    }

    private boolean incompleteFields(int line, int end) throws BadMessage {
        at = line;
        if (end - section > limits.section() + 2) throw tooManyFields("bytes");
        return false;
    }

    private BadMessage tooLongLine() {
        return new BadMessage(414, "the first line is longer than " + limits.line() + " bytes");
    }

    private BadMessage tooManyFields(String what) {
        int most = what.equals("bytes") ? limits.section() : limits.count();
        return new BadMessage(431, "the header section has more than " + most + " " + what);
    }

    private BadMessage illegalName(byte[] bytes, int line, int to) {
        byte b = bytes[to];
        if (to == line) {
            if (b == ':') return BadMessage.malformed("a field has no name");
            if (isBlank(b)) return BadMessage.malformed("a field line begins with white space (obsolete folding)");
        } else if (isBlank(b)) {
            return BadMessage.malformed("white space between a field name and its colon");
        }
        return illegal(b, "in a field name");
    }

    private static BadMessage illegal(byte b, String where) {
        String what = switch (b) {
            case '\n' -> "a LF without CR";
            case '\r' -> "a CR, or the end of the line,";
            case 0 -> "a NUL";
            case ' ' -> "a space";
            case '\t' -> "a tab";
            default -> b > ' ' && b < 127 ? "the character '" + (char) b + "'" : "the byte 0x%02x".formatted(b & 0xff);
        };
        return BadMessage.malformed(what + " " + where);
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\t';
    }
}

package io.penstock.proxy;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A message as it was on the wire, read naively and independently of the code under test.
 *
 * @param start the request or status line
 * @param fields the header lines, as they came
 * @param bytes the body without framing
 * @param trailers the trailer lines, as they came
 */
record Message(String start, List<String> fields, byte[] bytes, List<String> trailers) {
    /** Reads a head; the body is left on the stream. Null at the end of the stream. */
    static Message head(InputStream in) throws IOException {
        String start = line(in);
        if (start == null) return null;
        var fields = new ArrayList<String>();
        for (String line = line(in); ; line = line(in)) {
            if (line == null) throw new EOFException("the stream ended within the head behind " + start + " " + fields);
            if (line.isEmpty()) return new Message(start, List.copyOf(fields), new byte[0], List.of());
            fields.add(line);
        }
    }

    /** Reads a request, body and all. Null at the end of the stream. */
    static Message request(InputStream in) throws IOException {
        Message head = head(in);
        return head == null ? null : head.withBody(in, false);
    }

    /** Reads the answer to a request with that method. */
    static Message response(InputStream in, String method) throws IOException {
        Message head = head(in);
        if (head == null) throw new EOFException("the stream ended before an answer");
        boolean bodyless = method.equals("HEAD") || head.status() < 200 || head.status() == 204 || head.status() == 304;
        return bodyless ? head : head.withBody(in, true);
    }

    /** The same with the body that follows its head. */
    Message withBody(InputStream in, boolean untilClose) throws IOException {
        String coding = field("Transfer-Encoding");
        if ("chunked".equals(coding)) return chunked(in);
        String length = field("Content-Length");
        byte[] body;
        if (length != null) {
            body = in.readNBytes(Integer.parseInt(length));
            if (body.length < Integer.parseInt(length)) {
                throw new EOFException(
                        "the stream ended within a body, after " + body.length + " of " + length + " bytes");
            }
        } else {
            body = untilClose ? in.readAllBytes() : new byte[0];
        }
        return new Message(start, fields, body, List.of());
    }

    private Message chunked(InputStream in) throws IOException {
        var body = new ByteArrayOutputStream();
        while (true) {
            String size = line(in);
            if (size == null) throw new EOFException("the stream ended where a chunk was to begin");
            int count = Integer.parseInt(size, 16);
            if (count == 0) break;
            byte[] chunk = in.readNBytes(count);
            if (chunk.length < count) throw new EOFException("the stream ended within a chunk");
            body.write(chunk);
            if (!"".equals(line(in))) throw new IOException("no line end behind a chunk");
        }
        var trailers = new ArrayList<String>();
        for (String line = line(in); ; line = line(in)) {
            if (line == null) throw new EOFException("the stream ended within the trailers");
            if (line.isEmpty()) return new Message(start, fields, body.toByteArray(), List.copyOf(trailers));
            trailers.add(line);
        }
    }

    /** A line without its CR LF; null at the end of the stream. */
    static String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                if (line.size() == 0) return null;
                throw new EOFException("the stream ended within the line '" + line + "'");
            }
            line.write(b);
        }
        String text = line.toString(StandardCharsets.ISO_8859_1);
        if (!text.endsWith("\r")) throw new IOException("a line ended with a bare LF: '" + text + "'");
        return text.substring(0, text.length() - 1);
    }

    int status() {
        return Integer.parseInt(start.split(" ", 3)[1]);
    }

    String method() {
        return start.split(" ", 2)[0];
    }

    String target() {
        return start.split(" ", 3)[1];
    }

    String body() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** The value of the only field of that name, or null. */
    String field(String name) {
        List<String> all = all(name);
        if (all.size() > 1) throw new AssertionError("more than one " + name + ": " + all);
        return all.isEmpty() ? null : all.getFirst();
    }

    List<String> all(String name) {
        String prefix = name.toLowerCase(Locale.ROOT) + ":";
        return fields.stream()
                .filter(field -> field.toLowerCase(Locale.ROOT).startsWith(prefix))
                .map(field -> field.substring(prefix.length()).strip())
                .toList();
    }

    boolean has(String name) {
        return !all(name).isEmpty();
    }

    @Override
    public String toString() {
        return start + " " + fields + " + " + bytes.length + " bytes";
    }
}

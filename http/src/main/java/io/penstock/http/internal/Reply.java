package io.penstock.http.internal;

import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.ChunkOutput;
import org.jspecify.annotations.Nullable;

/** The answer to a request, on its way out: the head, and the body in its framing. One thread at a time, as {@link Progress} sees to. */
final class Reply {
    /** Up to this size a body goes out in one piece with its head. */
    private static final int SMALL = 2048;

    private final RequestHead request;
    private final HeadEncoder encoder;
    private final ChunkOutput wire;
    private volatile @Nullable MessageOutput body;

    /** The bytes of a body that was sent at once; -1 for none so far. */
    private volatile long whole = -1;

    Reply(RequestHead request, HeadEncoder encoder, ChunkOutput wire) {
        this.request = request;
        this.encoder = encoder;
        this.wire = wire;
    }

    void inform(ResponseHead head) throws ConnectionException {
        encoder.statusLine(head.status(), head.reason());
        encoder.fields(head.headers(), HeadEncoder.FRAMING | HeadEncoder.LENGTH);
        encoder.end().sendTo(wire);
    }

    /** Sends a head behind which there is no HTTP, to whoever has the connection now; how many bytes it was. */
    int sendLast(ResponseHead head, ChunkOutput raw) throws ConnectionException {
        boolean switches = head.status() == Switching.PROTOCOLS;
        encoder.statusLine(head.status(), head.reason());
        if (switches) encoder.raw(HeadEncoder.UPGRADE);
        boolean dated = encoder.fields(head.headers(), HeadEncoder.FRAMING | HeadEncoder.LENGTH);
        if (!switches && !dated) encoder.raw(HttpDate.line());
        return encoder.end().sendTo(raw);
    }

    /** The whole answer at once; without headers it is plain text. */
    void send(int code, String reason, @Nullable Headers headers, byte[] bytes, boolean persistent)
            throws ConnectionException {
        boolean sent = !isBodyless(code);
        encoder.statusLine(code, reason);
        boolean dated = false;
        if (headers != null) {
            dated = encoder.fields(headers, HeadEncoder.FRAMING | HeadEncoder.LENGTH);
        } else {
            encoder.raw(HeadEncoder.PLAIN_TEXT);
        }
        if (code != 204 && code != 304) encoder.contentLength(bytes.length);
        endHead(headers, dated, persistent);
        if (sent && bytes.length <= SMALL) encoder.raw(bytes);
        encoder.sendTo(wire);
        if (sent && bytes.length > SMALL) wire.send(bytes, 0, bytes.length);
        whole = sent ? bytes.length : 0;
    }

    /**
     * How the end of the body of such an answer will be found.
     *
     * @throws IllegalArgumentException when its head has no length that can be understood
     */
    BodyLength lengthOf(ResponseHead head) {
        long announced = announced(head.headers());
        if (isBodyless(head.status())) return BodyLength.NONE;
        if (announced >= 0) return new BodyLength.Sized(announced);
        return request.version() == HttpVersion.HTTP_1_0 ? BodyLength.UNTIL_CLOSE : BodyLength.CHUNKED;
    }

    private static long announced(Headers headers) {
        try {
            return Framing.contentLength(headers);
        } catch (BadMessage e) {
            throw new IllegalArgumentException(e.reason() + ": " + headers.all(HeaderNames.CONTENT_LENGTH), e);
        }
    }

    /** Sends the head, and opens the body of that length. */
    MessageOutput start(ResponseHead head, BodyLength length, boolean persistent) throws ConnectionException {
        int code = head.status();
        encoder.statusLine(code, head.reason());
        boolean dated = encoder.fields(head.headers(), HeadEncoder.FRAMING | (code == 204 ? HeadEncoder.LENGTH : 0));
        if (length instanceof BodyLength.Chunked) encoder.raw(HeadEncoder.CHUNKED);
        endHead(head.headers(), dated, persistent);
        MessageOutput opened = switch (length) {
            case BodyLength.None _ -> PlainOutput.dropping(wire);
            case BodyLength.Sized(long size) -> new SizedOutput(size, wire);
            case BodyLength.Chunked _ -> new ChunkedOutput(wire);
            case BodyLength.UntilClose _ -> PlainOutput.untilClose(wire);
        };
        body = opened;
        encoder.sendTo(wire);
        return opened;
    }

    private void endHead(@Nullable Headers headers, boolean dated, boolean persistent) {
        if (!dated) encoder.raw(HttpDate.line());
        // what is offered instead, as with a 426, is so for this connection only (RFC 9110 §7.8)
        if (headers != null && headers.contains(HeaderNames.UPGRADE)) encoder.raw(HeadEncoder.UPGRADE);
        if (!persistent) {
            encoder.raw(HeadEncoder.CLOSE);
        } else if (request.version() == HttpVersion.HTTP_1_0) {
            encoder.raw(HeadEncoder.KEEP_ALIVE);
        }
        encoder.end();
    }

    private boolean isBodyless(int code) {
        return code == 204 || code == 304 || request.method().equals("HEAD");
    }

    /** The body that was opened; null when none was. */
    @Nullable
    MessageOutput body() {
        return body;
    }

    /** The bytes of the body sent so far, without framing. */
    long bytesSent() {
        MessageOutput streamed = body;
        return streamed == null ? Math.max(0, whole) : streamed.sent();
    }

    /** Whether the client has all of it, or will. */
    boolean isComplete() {
        MessageOutput streamed = body;
        return streamed == null ? whole >= 0 : streamed.isFinished();
    }
}

package io.penstock.http;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Input;
import java.util.function.Consumer;

/**
 * One request and its answer, on the server's side.
 *
 * <p>It belongs to the handler until {@link Handler#handle} returns. Its threads may share it: one may read the request's body while
 * another answers. There is one answer, and one take-over, by whoever comes first: all others are refused with
 * {@link IllegalStateException}, which says why and changes nothing.
 */
public interface Exchange {
    /** A number unique in this process, for logs. */
    long id();

    RequestHead request();

    /**
     * The request's body; empty when there is none. Where the client waits for it, its first read sends {@code 100 Continue},
     * unless the answer has been begun.
     *
     * <p>What is left unread is dropped up to {@link HttpServerOptions#unreadBodyLimit}; above it the connection is closed behind
     * the answer. It is never taken for a request.
     */
    Body body();

    /** The client's connection, for its addresses, timeouts and statistics: reading and writing it belongs to the exchange. */
    Connection connection();

    /** Answers with a text, as {@code text/plain; charset=utf-8}. */
    void respond(int status, String text) throws ConnectionException;

    /** Answers with a body in memory; {@code Content-Length} is set. */
    default void respond(int status, Headers headers, byte[] body) throws ConnectionException {
        respond(ResponseHead.of(status, headers), body);
    }

    /** Answers with a body in memory; {@code Content-Length} is set. */
    void respond(ResponseHead head, byte[] body) throws ConnectionException;

    /** Answers with everything that the input has, with back-pressure; its length is told where it is known. */
    default void respond(ResponseHead head, Input body) throws ConnectionException {
        if (body instanceof Body known && known.length() >= 0 && !head.headers().contains(HeaderNames.CONTENT_LENGTH)) {
            head.headers().set(HeaderNames.CONTENT_LENGTH, Long.toString(known.length()));
        }
        BodyOutput output = start(head);
        body.transferTo(output);
        output.finish();
    }

    /**
     * Begins the answer: sends the head and gives the place for the body.
     *
     * <p>The body has the length that {@code Content-Length} says; without one it is chunked, or for HTTP/1.0 ends with the
     * connection. {@code Transfer-Encoding}, {@code Connection} and {@code Keep-Alive} are the exchange's business: what the head
     * has of them is left out, but {@code Connection: close} is heeded. A {@code Date} is added. To HEAD, and with 204 or 304,
     * the head is all that is sent, and what is written to the body is dropped.
     *
     * @param head a final status, 200 or above
     */
    BodyOutput start(ResponseHead head) throws ConnectionException;

    /** Sends an interim response, 100 or 102 to 199, before the answer; to an HTTP/1.0 client nothing is sent. */
    void inform(ResponseHead interim) throws ConnectionException;

    /** Takes the connection over as {@link #takeOver(UnreadBody)} does, with {@link UnreadBody#FAIL}. */
    default Connection takeOver() throws ConnectionException {
        return takeOver(UnreadBody.FAIL);
    }

    /**
     * Ends HTTP on the client's connection and gives it to the caller as a raw stream.
     *
     * <p>Whatever was sent before goes out first, and this waits for it; whatever was received before, pipelined requests included,
     * is what the connection delivers first. The server's timeouts are lifted: it has {@link io.penstock.net.Timeouts#DEFAULT}.
     * It may be done before the answer, behind it, or in the middle, where the caller then goes on with the framing by hand. With
     * nothing answered nothing is sent, and {@code 100 Continue} only where a client that waits for it has a body to be drained. From then
     * on the exchange's {@code respond}, {@code start}, {@code inform} and body output throw {@link IllegalStateException}, and its body is
     * {@code CLOSED}.
     *
     * <p>{@snippet :
     * Connection raw = exchange.takeOver();
     * raw.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n");
     * while (raw.peek(1).hasRemaining()) raw.send(raw.receiveLine() + "\n");
     * }
     *
     * <p>The connection is the caller's to end, or to {@linkplain Connection#resumeHttp() give back}; it belongs to the calling thread's
     * {@link io.penstock.net.Scope}, which is that of the exchange. When the handler returns it is closed in order; when the handler
     * throws anything but {@code EOF}, it is aborted; unless it was {@linkplain Connection#transfer transferred}, and goes on without
     * the handler. It stays the server's to count and to drain, and to abort when the grace period is over.
     *
     * @param unread what to do with the part of the request's body that was not read
     * @throws IllegalStateException when it was taken over already, when the exchange is over, or when there is an unread body and
     *     {@link UnreadBody#FAIL}, a chunked one of which something was read and {@link UnreadBody#RAW}, or one to be drained that
     *     the client holds back until it is asked to continue, and it got the answer instead; nothing has changed then
     * @throws ConnectionException {@code BUSY_READING} or {@code BUSY_WRITING} when another thread is at it; {@code TOO_LONG} when
     *     there is more to {@linkplain UnreadBody#drain drain} than its limit; any other when the client is lost or the body cannot
     *     be drained. It was not taken over then
     */
    Connection takeOver(UnreadBody unread) throws ConnectionException;

    /**
     * Has the reason told on a virtual thread of its own if the client ends its stream while this exchange lasts, even behind a body
     * or requests that nobody has read.
     *
     * <p>{@code EOF} says that it will send no more: it may have closed, or wait for the answer having shut down one half only.
     * {@code RESET} and {@code FAILED} say that it is gone. Bounds: {@link Connection#inputEnd()}.
     */
    void onClientEnd(Consumer<ConnectionException.Reason> told);

    /** Whether the answer has been begun, or none can be as the connection was taken over. */
    boolean committed();

    /** The status of the answer; 0 until it was begun. */
    int status();

    /** The bytes of the answer's body sent so far, without framing. */
    long bytesSent();
}

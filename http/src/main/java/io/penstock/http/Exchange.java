package io.penstock.http;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Input;

/**
 * One request and its answer, on the server's side.
 *
 * <p>It belongs to the handler until {@link Handler#handle} returns. All methods run on the handler's thread; the request body
 * may be read by a second thread while the first one answers. There is one answer: a second one is refused with
 * {@link IllegalStateException} and changes nothing.
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

    /** The client's connection, for its addresses and statistics: reading and writing it belongs to the exchange. */
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

    /** Whether the answer has been begun. */
    boolean committed();

    /** The status of the answer; 0 until it was begun. */
    int status();

    /** The bytes of the answer's body sent so far, without framing. */
    long bytesSent();
}

package io.penstock.http;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Input;
import io.penstock.net.Loop;
import java.util.function.Consumer;

/**
 * One request and its answer, on the server's side.
 *
 * <p>It belongs to the handler until {@link Handler#handle} returns. Its threads may share it: one may read the request's body while
 * another answers. There is one answer, and one take-over, by whoever comes first: all others are refused with
 * {@link IllegalStateException}, which says why and changes nothing; {@link TakenOverException}, when the connection is somebody's.
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

    /**
     * The client's connection, for its addresses, limits, options and statistics; the same object for all exchanges of a connection.
     *
     * <p>To read and to write it belongs to HTTP until {@link #takeOver()}: whatever would do so, or end it in order, secure it or give it
     * to somebody, throws {@link IllegalStateException}, and nothing has changed then; {@link Connection#abort()} ends it. Behind a
     * take-over the connection to use is the one that {@code takeOver} has returned.
     */
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
     * @param head a final status, 200 or above; 101, and a 2xx to CONNECT, are for {@link #upgrade} and {@link #acceptConnect}
     */
    BodyOutput start(ResponseHead head) throws ConnectionException;

    /** Sends an interim response, 100 or 102 to 199, before the answer; to an HTTP/1.0 client nothing is sent. */
    void inform(ResponseHead interim) throws ConnectionException;

    /** As {@link #upgrade(String, Headers, UnreadBody)}, with {@link UnreadBody#FAIL}: a body of the request has been read before. */
    default Connection upgrade(String protocol, Headers headers) throws ConnectionException {
        return upgrade(protocol, headers, UnreadBody.FAIL);
    }

    /**
     * Answers {@code 101 Switching Protocols} and takes the connection over: what the client sends next is in the other protocol.
     *
     * <p>{@snippet :
     * Connection raw = exchange.upgrade("lines", Headers.of());
     * while (raw.peek(1).hasRemaining()) raw.send(raw.receiveLine() + "\n");
     * }
     *
     * @param protocol one of those that the client {@linkplain RequestHead#offers offers}; {@code Upgrade} and {@code Connection} are
     *     written from it
     * @param headers what else the head is to have, such as {@code Sec-WebSocket-Accept}
     * @throws IllegalArgumentException when that is not the name of a protocol
     * @throws NotAskedException when the client does not offer it; a handler that lets it pass has the client answered 426
     * @throws IllegalStateException as for {@link #takeOver(ResponseHead, UnreadBody)}
     */
    default Connection upgrade(String protocol, Headers headers, UnreadBody unread) throws ConnectionException {
        return takeOver(ResponseHead.of(101, headers.copy().set(HeaderNames.UPGRADE, protocol)), unread);
    }

    /**
     * Answers a CONNECT request with 200 and takes the connection over: a tunnel begins right behind the head.
     *
     * <p>Any other answer to CONNECT ends the connection, and what the client has sent behind its request is never parsed (RFC 9931).
     *
     * @throws NotAskedException when the method is not CONNECT; a handler that lets it pass has the client answered 405
     * @throws IllegalStateException as for {@link #takeOver(ResponseHead, UnreadBody)}
     */
    default Connection acceptConnect(Headers headers) throws ConnectionException {
        if (!request().method().equals("CONNECT")) {
            throw new NotAskedException(
                    ResponseHead.of(405, Headers.of("Allow", "CONNECT")),
                    this + " is no CONNECT request that could be accepted");
        }
        return takeOver(ResponseHead.of(200, "Connection established", headers), UnreadBody.FAIL);
    }

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
     * on the exchange's {@code respond}, {@code start}, {@code inform} and body output throw {@link TakenOverException}, and its body is
     * {@code CLOSED}; closing a stream made of one of them does nothing.
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
     * Takes the connection over as {@link #takeOver(UnreadBody)} does, and sends this head first, with nothing about a body in it: what
     * {@link #upgrade} and {@link #acceptConnect} do, for whoever needs another head.
     *
     * <p>{@code Content-Length}, {@code Transfer-Encoding}, {@code Connection} and {@code Keep-Alive} are left out; a 101 gets its
     * {@code Connection: Upgrade}, a 2xx its {@code Date}. A client that waits for {@code 100 Continue} gets it before a 101 (RFC 9110
     * §7.8). The first bytes of the caller follow the head without a pause, and nothing waits for them.
     *
     * @param head 101, whose {@code Upgrade} names what the client offers; or a 2xx, which opens a tunnel where the method is CONNECT,
     *     and which as an answer to anything else only a client understands that has agreed on it, as those of Docker's old API have
     * @throws IllegalArgumentException when it is another status, or a 101 that names no protocol
     * @throws NotAskedException when the client does not offer what a 101 names; nothing has changed then
     * @throws IllegalStateException when an answer was begun, or as for {@link #takeOver(UnreadBody)}; nothing has changed then
     */
    Connection takeOver(ResponseHead head, UnreadBody unread) throws ConnectionException;

    /** Whether the connection was taken over; also behind its end, and when HTTP has it again. */
    boolean takenOver();

    /**
     * Has the reason told on a virtual thread of its own if the client ends its stream while this exchange lasts, even behind a body
     * or requests that nobody has read.
     *
     * <p>{@code EOF} says that it will send no more: it may have closed, or wait for the answer having shut down one half only.
     * {@code RESET} and {@code FAILED} say that it is gone. Bounds: {@link Connection#inputEnd()}.
     */
    void onClientEnd(Consumer<ConnectionException.Reason> told);

    /**
     * Has it told on a virtual thread of its own when the server is asked to {@linkplain HttpServer#drain stop} while this exchange lasts;
     * at once if it has been already. An exchange whose connection was taken over lasts as long as that.
     *
     * <p>It is the moment to say goodbye in whatever protocol is spoken: the server waits for the grace period, and aborts the connection
     * then.
     *
     * <p>{@snippet :
     * Connection raw = exchange.upgrade("lines", Headers.of());
     * exchange.onShutdown(() -> raw.send("bye\n"));
     * }
     *
     * @param told what it throws is logged; of an exchange that is over by now nobody is told anything
     */
    void onShutdown(Loop.Task told);

    /** Whether the answer has been begun, or none can be as the connection was taken over. */
    boolean committed();

    /** The status of the answer; 0 until it was begun. */
    int status();

    /** The bytes of the answer's body sent so far, without framing. */
    long bytesSent();
}

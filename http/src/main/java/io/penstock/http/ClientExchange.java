package io.penstock.http;

import io.penstock.http.internal.StreamClientExchange;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;

/**
 * One request and its answer, on the client's side of a connection.
 *
 * <p>{@snippet :
 * try (var exchange = ClientExchange.on(connection)) {
 *     exchange.send(RequestHead.of("GET", "/", Headers.of("Host", "example.com")), ClientExchange.NO_BODY);
 *     ResponseHead answer = exchange.receiveHead();
 *     byte[] page = exchange.body().receiveAll();
 *     if (exchange.reusable()) connection.release();
 * }
 * }
 *
 * <p>With {@link #on} the connection stays the caller's, who may use it for the next exchange when this one is {@link #reusable()}, and must end it
 * otherwise, after {@link #close() closing} the exchange. One thread may send while another one receives. An answer whose framing is
 * ambiguous or broken fails with {@code MALFORMED}. Source: RFC 9112 §6.3 and §9.
 */
public interface ClientExchange extends AutoCloseable {
    /** A body of no bytes. */
    long NO_BODY = 0;

    /** A body whose length only its end will tell. */
    long CHUNKED = -1;

    /** What to do with an interim response. */
    @FunctionalInterface
    interface Interim {
        void received(ResponseHead interim) throws ConnectionException;
    }

    /** An exchange on a connection that has none unfinished; only one at a time. */
    static ClientExchange on(Connection connection) {
        return StreamClientExchange.on(connection);
    }

    /**
     * Sends the head, and gives the place for the body, which is to be finished unless it has no bytes.
     *
     * <p>The framing fields are written from {@code bodyLength}: what the head has of {@code Content-Length},
     * {@code Transfer-Encoding}, {@code Connection} and {@code Keep-Alive} is left out, but {@code Connection: close} is heeded. With
     * {@code Upgrade} in the head there is {@code Connection: Upgrade}, beside {@code close} or alone.
     *
     * @param bodyLength the number of bytes, {@link #NO_BODY} or {@link #CHUNKED}
     */
    BodyOutput send(RequestHead head, long bodyLength) throws ConnectionException;

    /**
     * The place for the request's body, which {@link #send} has given.
     *
     * @throws IllegalStateException when nothing has been sent
     */
    BodyOutput output();

    /** The connection, for its addresses, timeouts, deadlines and statistics: reading and writing it belongs to the exchange. */
    Connection connection();

    /** Receives the head of the answer, skipping interim ones as {@link #receiveHead(Interim)} does. */
    default ResponseHead receiveHead() throws ConnectionException {
        return receiveHead(_ -> {});
    }

    /**
     * Receives the head of the answer, handing out interim ones (1xx but 101) as they come; parks at most the connection's read timeout for
     * anything to come.
     *
     * @throws ConnectionException also {@code MALFORMED} when the interim ones have more than 64 KiB altogether
     */
    ResponseHead receiveHead(Interim interim) throws ConnectionException;

    /** The body of the answer whose head was received; of 101 and of a 2xx to CONNECT there is none, whatever the head says. */
    Body body();

    /** Whether the peer has sent any byte of an answer: if not, and the connection was reused, it may never have seen the request. */
    boolean firstByteSeen();

    /**
     * Whether the connection is ready for another exchange: request and answer are complete, both sides keep it alive, and nothing
     * came behind the answer.
     */
    boolean reusable();

    /** Takes the connection over as {@link #takeOver(UnreadBody)} does, with {@link UnreadBody#FAIL}. */
    default Connection takeOver() throws ConnectionException {
        return takeOver(UnreadBody.FAIL);
    }

    /**
     * Ends HTTP on the connection, behind the head of an answer of any status, and gives it to the caller as a raw stream.
     *
     * <p>{@snippet :
     * exchange.send(RequestHead.of("GET", "/lines", Headers.of("Host", "example.com", "Upgrade", "lines")), ClientExchange.NO_BODY);
     * if (exchange.receiveHead().status() == 101) {
     *     Connection raw = exchange.takeOver();
     *     raw.send("hello\n");
     *     System.out.println(raw.receiveLine());
     *     raw.close();
     * }
     * }
     *
     * <p>Whatever came behind the head is what it delivers first. It keeps the timeouts, the deadline and the
     * {@link io.penstock.net.Scope} of the connection it was, and is the caller's to end; {@link #close()} does nothing to it any more. It has
     * left its {@link io.penstock.net.Pool} for good: it does not count for the limit, and nobody is given it. The object that the connection
     * was until now is dead, with this exchange and its bodies: they answer {@code CLOSED} or throw {@link IllegalStateException}.
     *
     * <p>An answer whose body ends with the connection is taken over like one without a body, also when part of it was read: what was not
     * consumed is what the connection delivers.
     *
     * @param unread what to do with a body that has a length or is chunked, and was not read to its end
     * @throws IllegalStateException when the head has not been received, the request's body was not sent to its end, the connection was taken
     *     over before, or there is an unread body and {@link UnreadBody#FAIL}, or a chunked one of which something was read and
     *     {@link UnreadBody#RAW}; nothing has changed then
     * @throws ConnectionException {@code BUSY_READING} or {@code BUSY_WRITING} when another thread is at it; {@code TOO_LONG} when there is
     *     more to {@linkplain UnreadBody#drain drain} than its limit; any other when the body cannot be drained. It was not taken over then
     */
    Connection takeOver(UnreadBody unread) throws ConnectionException;

    /**
     * Ends the exchange: nobody receives from its body any more, and what was received of it but not consumed is dropped. Does nothing to a
     * connection that was taken over. Idempotent.
     *
     * <p>An exchange {@linkplain #on on a connection of the caller's} leaves it as it is. One that an {@link HttpClient} has opened puts it
     * back into its pool when it is {@link #reusable()}, and aborts it otherwise: before the answer came that is how it is cancelled, from
     * any thread.
     */
    @Override
    void close();
}

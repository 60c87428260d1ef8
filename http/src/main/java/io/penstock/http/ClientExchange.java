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
 * <p>The connection stays the caller's, who may use it for the next exchange when this one is {@link #reusable()}, and must end it
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
     * {@code Transfer-Encoding}, {@code Connection} and {@code Keep-Alive} is left out, but {@code Connection: close} is heeded.
     *
     * @param bodyLength the number of bytes, {@link #NO_BODY} or {@link #CHUNKED}
     */
    BodyOutput send(RequestHead head, long bodyLength) throws ConnectionException;

    /** Receives the head of the answer, skipping interim ones; parks at most the connection's read timeout. */
    default ResponseHead receiveHead() throws ConnectionException {
        return receiveHead(_ -> {});
    }

    /** Receives the head of the answer, handing out interim ones (1xx but 101) as they come. */
    ResponseHead receiveHead(Interim interim) throws ConnectionException;

    /** The body of the answer whose head was received. */
    Body body();

    /** Whether the peer has sent any byte of an answer: if not, and the connection was reused, it may never have seen the request. */
    boolean firstByteSeen();

    /**
     * Whether the connection is ready for another exchange: request and answer are complete, both sides keep it alive, and nothing
     * came behind the answer.
     */
    boolean reusable();

    /**
     * Ends the exchange: nobody receives from its body any more, and what was received of it but not consumed is dropped. The
     * connection stays as it is. Idempotent.
     */
    @Override
    void close();
}

package io.penstock.http.websocket;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpClient;
import io.penstock.http.RefusedException;
import io.penstock.http.RequestHead;
import io.penstock.http.websocket.internal.ClientHandshake;
import io.penstock.http.websocket.internal.ServerHandshake;
import io.penstock.http.websocket.internal.Sessions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Endpoint;
import io.penstock.net.Input;
import java.util.Optional;

/**
 * Messages both ways over one connection, for virtual threads.
 *
 * <p>{@snippet :
 * penstock.route("/echo", WebSocket.handler(socket -> {
 *     while (socket.receive() instanceof Message.Text(String text)) socket.send(text);
 * }));
 * }
 *
 * <p><b>Threads.</b> One may receive while another sends; a second one is told {@code BUSY_READING} or {@code BUSY_WRITING} and disturbs
 * nothing. {@link #ping} and {@link #close()} are for any thread at any time: they get between the frames of a message. Pings of the peer are
 * answered, and its close is, by whoever receives; so somebody should.
 *
 * <p><b>Failures.</b> A peer that breaks a rule is told by a close code, and receiving fails with {@code MALFORMED}, or {@code TOO_LONG} when
 * the message was. One that leaves without closing is {@code EOF}. A {@code TIMEOUT} leaves everything as it is, and the next call
 * continues.
 *
 * <p>It is its connection's user: whoever ends that ends this, and the {@link Connection#scope() scope} of one is that of the other. Source:
 * RFC 6455.
 */
public interface WebSocket extends AutoCloseable {
    /** What is done with a WebSocket, from its opening to its end. */
    @FunctionalInterface
    interface Session {
        void run(WebSocket socket) throws Exception;
    }

    /** As {@link #handler(WebSocketOptions, Session)}, with {@link WebSocketOptions#DEFAULT}. */
    static Handler handler(Session session) {
        return handler(WebSocketOptions.DEFAULT, session);
    }

    /**
     * A handler that runs the session with each client that opens a WebSocket, and refuses all other requests as {@link #accept} does.
     *
     * <p>When the session returns, the WebSocket is closed with {@link CloseCode#NORMAL}, unless it was transferred to another
     * {@link Connection#scope() scope}; when it throws, with {@link CloseCode#INTERNAL_ERROR}, and the server is told of the failure. When
     * the server stops, it is closed with {@link CloseCode#GOING_AWAY}: whoever receives gets the client's answer to that.
     */
    static Handler handler(WebSocketOptions options, Session session) {
        return Sessions.handler(options, session);
    }

    /**
     * Opens the WebSocket that the client has asked for: agrees on sub-protocol and compression, answers 101, and takes the connection over.
     *
     * @return empty when the request was none for a WebSocket, or none that is taken. It has been answered then: 400, 405 or 426 and what it
     *     should have been, 403 when it comes from a page of a foreign origin
     * @throws IllegalStateException when the exchange was answered or taken over already
     */
    static Optional<WebSocket> accept(Exchange exchange, WebSocketOptions options) throws ConnectionException {
        return ServerHandshake.accept(exchange, options);
    }

    /** As {@link #connect(HttpClient, String, Headers, WebSocketOptions)}, with {@link WebSocketOptions#DEFAULT}. */
    static WebSocket connect(HttpClient http, String url) throws ConnectionException, RefusedException {
        return connect(http, url, Headers.of(), WebSocketOptions.DEFAULT);
    }

    /**
     * Asks a server for a WebSocket, on a new connection.
     *
     * <p>{@snippet :
     * try (var socket = WebSocket.connect(http, "wss://example.com/feed")) {
     *     socket.send("subscribe");
     *     while (socket.receive() instanceof Message.Text(String text)) System.out.println(text);
     * }
     * }
     *
     * @param http who dials, and has the TLS options
     * @param url {@code ws://host[:port]/path} or {@code wss://...}
     * @param headers what the request has besides, such as {@code Authorization} or {@code Origin}
     * @throws RefusedException when the server answers anything but 101; its answer is in there
     * @throws ConnectionException {@code MALFORMED} when its handshake is wrong; any other as when dialling. Nothing is left open
     * @throws IllegalArgumentException when that is no such URL
     */
    static WebSocket connect(HttpClient http, String url, Headers headers, WebSocketOptions options)
            throws ConnectionException, RefusedException {
        return ClientHandshake.connect(http, url, headers, options);
    }

    /**
     * Asks for a WebSocket at an endpoint, such as a UNIX socket: else as {@link #connect(HttpClient, String, Headers, WebSocketOptions)}.
     *
     * <p>{@snippet :
     * var engine = Endpoint.of(UnixDomainSocketAddress.of("/var/run/docker.sock"));
     * var attach = RequestHead.of("GET", "/containers/c1/attach/ws?stream=1", Headers.of("Host", "docker"));
     * WebSocket terminal = WebSocket.connect(http, engine, attach, WebSocketOptions.DEFAULT);
     * }
     *
     * @param request a GET for a path; what belongs to the handshake is added
     */
    static WebSocket connect(HttpClient http, Endpoint endpoint, RequestHead request, WebSocketOptions options)
            throws ConnectionException, RefusedException {
        return ClientHandshake.connect(http, endpoint, request, options);
    }

    /** The sub-protocol that was agreed on; empty when there is none. */
    Optional<String> protocol();

    /** The connection, for its addresses, statistics and scope: reading and writing it belongs to the WebSocket. */
    Connection connection();

    /**
     * Receives the next message as a whole; waits for it.
     *
     * @throws ConnectionException {@code TOO_LONG} when it is longer than {@link WebSocketOptions#messageLimit}
     */
    Message receive() throws ConnectionException;

    /**
     * The next message as a stream, which may be of any length; waits until it begins. Empty when the peer has closed: {@link #receive()} has
     * its code and reason.
     *
     * <p>{@snippet :
     * MessageInput upload = socket.receiveStream().orElseThrow();
     * upload.transferTo(origin);
     * }
     */
    Optional<MessageInput> receiveStream() throws ConnectionException;

    /**
     * Sends a text message. Long ones go in several frames.
     *
     * @throws ConnectionException {@code CLOSED} when this side has closed, or has answered the peer's close
     */
    void send(String text) throws ConnectionException;

    /** Sends a binary message; the array may be reused as soon as the call returns. */
    void send(byte[] bytes) throws ConnectionException;

    /**
     * Sends everything that the input has as one binary message, a frame for whatever is there, with back-pressure.
     *
     * @return the number of bytes
     */
    long send(Input bytes) throws ConnectionException;

    /**
     * Sends a ping, between two frames of a message if one is being sent. The peer's answer is seen by nobody but the keep-alive. Of pings
     * that have to wait the last one is sent.
     *
     * @param payload at most 125 bytes; copied
     */
    void ping(byte[] payload) throws ConnectionException;

    /** Closes with {@link CloseCode#NORMAL}. */
    @Override
    default void close() {
        close(CloseCode.NORMAL, "");
    }

    /**
     * Closes: tells the peer, waits at most the {@link WebSocketOptions#closeTimeout} until it has closed as well, dropping what it still
     * sends unless somebody receives, and ends the connection. Whoever is receiving gets the peer's {@link Message.Close}. Idempotent: only
     * the first code is sent. A peer that is gone, or does not close in time, is no failure.
     *
     * @param code one that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999
     * @param reason at most 123 bytes of UTF-8
     */
    void close(int code, String reason);
}

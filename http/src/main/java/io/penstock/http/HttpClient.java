package io.penstock.http;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.net.TlsClient;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * Sends requests over pooled connections and receives whole answers into memory; for bodies that do not fit, there is
 * {@link ClientExchange}.
 *
 * <p>{@snippet :
 * var client = HttpClient.of(Pool.of(Connector.of(loops)));
 * String page = client.get("http://127.0.0.1:8080/hello").text();
 * }
 *
 * <p>A request that can be repeated without harm is sent once more, on a new connection, when the kept one it was sent on turned
 * out to be dead before a byte of the answer came; nothing else is. Shared freely; any virtual thread.
 */
public final class HttpClient {
    /** The largest body that is received, in bytes; more fails with {@code TOO_LONG}. */
    public static final int BODY_LIMIT = 16 * 1024 * 1024;

    private static final byte[] NOTHING = {};
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private final Pool pool;
    private final KeepAlive keepAlive;
    private final TlsClient tls;

    private HttpClient(Pool pool, KeepAlive keepAlive, TlsClient tls) {
        this.pool = pool;
        this.keepAlive = keepAlive;
        this.tls = tls;
    }

    /** A client over the pool, which stays its owner's. */
    public static HttpClient of(Pool pool) {
        return of(pool, KeepAlive.DEFAULT);
    }

    /** A client over the pool that keeps its connections this long. */
    public static HttpClient of(Pool pool, KeepAlive keepAlive) {
        return new HttpClient(pool, keepAlive, TlsClient.DEFAULT);
    }

    /** The same client with other options for {@code https://} URLs; {@link TlsClient#DEFAULT} if not set. */
    public HttpClient withTls(TlsClient options) {
        return new HttpClient(pool, keepAlive, options);
    }

    /**
     * A whole answer.
     *
     * @param head its status and headers
     * @param body its bytes, the framing removed
     * @param trailers the fields behind the body
     */
    public record Response(ResponseHead head, byte[] body, Headers trailers) {
        public int status() {
            return head.status();
        }

        /** The body as UTF-8. */
        public String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** Asks for an {@code http://} or {@code https://} URL. */
    public Response get(String url) throws ConnectionException {
        return send(RequestHead.of("GET", url), NOTHING);
    }

    /**
     * Sends a request and receives its answer.
     *
     * @param request its target an {@code http://} or {@code https://} URL, which says where to send it
     */
    public Response send(RequestHead request, byte[] body) throws ConnectionException {
        String authority = request.authority();
        boolean plain = request.target().regionMatches(true, 0, "http://", 0, 7);
        boolean secure = request.target().regionMatches(true, 0, "https://", 0, 8);
        if (authority == null || !(plain || secure)) {
            throw new IllegalArgumentException("not a http:// or https:// URL: " + request.target());
        }
        Endpoint endpoint = Endpoint.of(address(authority, secure ? 443 : 80));
        return send(secure ? endpoint.withTls(tls) : endpoint, originForm(request, authority), body);
    }

    /** Sends a request whose target is a path to an address, which may be a UNIX socket's. */
    public Response send(SocketAddress address, RequestHead request, byte[] body) throws ConnectionException {
        return send(Endpoint.of(address), request, body);
    }

    /** Sends a request whose target is a path to an endpoint. */
    public Response send(Endpoint endpoint, RequestHead request, byte[] body) throws ConnectionException {
        Connection connection = pool.connect(endpoint);
        boolean kept = connection.stats().reused() > 0;
        try (var exchange = ClientExchange.on(connection)) {
            try {
                return exchange(connection, exchange, request, body);
            } catch (ConnectionException e) {
                if (!kept || exchange.firstByteSeen() || !isSafeToRepeat(request, e)) throw e;
            }
        }
        Connection fresh = pool.connectFresh(endpoint);
        try (var exchange = ClientExchange.on(fresh)) {
            return exchange(fresh, exchange, request, body);
        }
    }

    private Response exchange(Connection connection, ClientExchange exchange, RequestHead request, byte[] body)
            throws ConnectionException {
        boolean released = false;
        try {
            BodyOutput output = exchange.send(request, body.length);
            if (body.length > 0) output.send(body);
            output.finish();
            ResponseHead head = exchange.receiveHead();
            var response = new Response(
                    head,
                    exchange.body().receiveAll(BODY_LIMIT),
                    exchange.body().trailers());
            if (exchange.reusable()) {
                released = true;
                connection.release(keepAlive);
            }
            return response;
        } finally {
            if (!released) connection.abort();
        }
    }

    private static boolean isSafeToRepeat(RequestHead request, ConnectionException failure) {
        boolean died =
                failure.reason() == Reason.EOF || failure.reason() == Reason.RESET || failure.reason() == Reason.CLOSED;
        return died && IDEMPOTENT.contains(request.method());
    }

    private static RequestHead originForm(RequestHead request, String authority) {
        String query = request.query();
        Headers headers = request.headers().copy();
        if (!headers.contains(HeaderNames.HOST)) headers.set(HeaderNames.HOST, authority);
        return RequestHead.of(request.method(), query == null ? request.path() : request.path() + "?" + query, headers);
    }

    private static SocketAddress address(String authority, int usual) {
        int colon = authority.lastIndexOf(':');
        boolean hasPort = colon > authority.lastIndexOf(']');
        String host = hasPort ? authority.substring(0, colon) : authority;
        String port = hasPort ? authority.substring(colon + 1) : "";
        if (host.startsWith("[")) host = host.substring(1, host.length() - 1);
        return InetSocketAddress.createUnresolved(host, port.isEmpty() ? usual : Integer.parseInt(port));
    }
}

package io.penstock.http;

import io.penstock.http.internal.HttpUrl;
import io.penstock.http.internal.Offer;
import io.penstock.http.internal.PooledExchange;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.net.TlsClient;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests over the connections of a pool, and leaves HTTP where a server agrees.
 *
 * <p>{@snippet :
 * var client = HttpClient.of(Pool.of(Connector.of(loops)));
 * String page = client.get("http://127.0.0.1:8080/hello").text();
 * }
 *
 * <p>{@link #get} and {@link #send} have the whole answer in memory. {@link #open} has it as a stream:
 *
 * <p>{@snippet :
 * try (ClientExchange big = client.open("http://127.0.0.1:8080/big")) {
 *     if (big.receiveHead().status() == 200) big.body().transferTo(archive);
 * }
 * }
 *
 * <p>{@link #upgrade} and {@link #connectTunnel} have the connection itself.
 *
 * <p>A request that can be repeated without harm is sent once more, on a new connection, when the kept one it was sent on turned
 * out to be dead before a byte of the answer came; nothing else is. How long it waits for a connection and for the server are the timeouts
 * of the pool's {@link io.penstock.net.Connector}; a thread that is interrupted gives its request up, and the connection is aborted.
 * Redirects are not followed, and nothing is decompressed. Shared freely; any virtual thread.
 */
public final class HttpClient {
    /** The largest body that is received, in bytes; more fails with {@code TOO_LONG}. */
    public static final int BODY_LIMIT = 16 * 1024 * 1024;

    /** The largest body of a refusal that is received, in bytes, and how long it may take. */
    private static final int REFUSAL_LIMIT = 64 * 1024;

    private static final Duration REFUSAL_TIME = Duration.ofSeconds(5);

    private static final byte[] NOTHING = {};

    private final Pool pool;
    private final KeepAlive keepAlive;
    private final TlsClient tls;
    private final boolean strict;

    private HttpClient(Pool pool, KeepAlive keepAlive, TlsClient tls, boolean strict) {
        this.pool = pool;
        this.keepAlive = keepAlive;
        this.tls = tls;
        this.strict = strict;
    }

    /** A client over the pool, which stays its owner's. */
    public static HttpClient of(Pool pool) {
        return of(pool, KeepAlive.DEFAULT);
    }

    /** A client over the pool that keeps its connections this long. */
    public static HttpClient of(Pool pool, KeepAlive keepAlive) {
        return new HttpClient(pool, keepAlive, TlsClient.DEFAULT, false);
    }

    /** The same client with other options for {@code https://} URLs; {@link TlsClient#DEFAULT} if not set. */
    public HttpClient withTls(TlsClient options) {
        return new HttpClient(pool, keepAlive, options, strict);
    }

    /**
     * The same client with upgrades by the letter: a 101 must have {@code Connection: Upgrade} and name the protocol. Without this a bare
     * {@code HTTP/1.1 101 X} is taken for a yes to what was offered, as Docker's clients take it; what was not offered is never accepted.
     */
    public HttpClient withStrictUpgrades() {
        return new HttpClient(pool, keepAlive, tls, true);
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
        return send(ask(url), NOTHING);
    }

    /**
     * Sends a request and receives its answer.
     *
     * @param request its target an {@code http://} or {@code https://} URL, which says where to send it
     */
    public Response send(RequestHead request, byte[] body) throws ConnectionException {
        Place place = place(request);
        return send(place.endpoint, place.request, body);
    }

    /** Sends a request whose target is a path to an address, which may be a UNIX socket's. */
    public Response send(SocketAddress address, RequestHead request, byte[] body) throws ConnectionException {
        return send(Endpoint.of(address), request, body);
    }

    /** Sends a request whose target is a path to an endpoint, after which it is called in {@code Host} unless the request says how. */
    public Response send(Endpoint endpoint, RequestHead request, byte[] body) throws ConnectionException {
        try (var exchange = PooledExchange.open(pool, keepAlive, endpoint, addressed(endpoint, request), body)) {
            ResponseHead head = exchange.receiveHead();
            Body received = exchange.body();
            if (received.length() > BODY_LIMIT) throw tooLong(exchange, null);
            try {
                return new Response(head, received.receiveAll(BODY_LIMIT), received.trailers());
            } catch (ConnectionException e) {
                throw e.reason() == Reason.TOO_LONG ? tooLong(exchange, e) : e;
            }
        }
    }

    private static ConnectionException tooLong(ClientExchange exchange, @Nullable ConnectionException cause) {
        return ConnectionException.of(
                Reason.TOO_LONG,
                Phase.READ,
                exchange.connection().remoteAddress(),
                "the answer has more than the " + BODY_LIMIT
                        + " bytes that are kept in memory: open(...) has it as a stream",
                cause);
    }

    // ---- streams

    /** Asks for an {@code http://} or {@code https://} URL, whose answer is to be received: see {@link #open(Endpoint, RequestHead, long)}. */
    public ClientExchange open(String url) throws ConnectionException {
        return open(ask(url), ClientExchange.NO_BODY);
    }

    /**
     * Sends the head of a request: see {@link #open(Endpoint, RequestHead, long)}.
     *
     * @param request its target an {@code http://} or {@code https://} URL, which says where to send it
     */
    public ClientExchange open(RequestHead request, long bodyLength) throws ConnectionException {
        Place place = place(request);
        return open(place.endpoint, place.request, bodyLength);
    }

    /**
     * Sends the head of a request, on a kept connection or a new one, for an exchange that the caller goes on with and closes.
     *
     * <p>{@snippet :
     * RequestHead put = RequestHead.of("PUT", "http://127.0.0.1:8080/archive");
     * try (ClientExchange upload = client.open(put, ClientExchange.CHUNKED)) {
     *     archive.transferTo(upload.output());
     *     upload.output().finish();
     *     System.out.println(upload.receiveHead());
     * }
     * }
     *
     * <p>Closing it puts the connection back into the pool where that is possible: when the answer was received to its end. Else the
     * connection is aborted. It may be {@linkplain ClientExchange#takeOver() taken over} as well.
     *
     * @param request its target a path
     * @param bodyLength as for {@link ClientExchange#send}
     */
    public ClientExchange open(Endpoint endpoint, RequestHead request, long bodyLength) throws ConnectionException {
        return PooledExchange.open(pool, keepAlive, endpoint, addressed(endpoint, request), bodyLength);
    }

    // ---- leaving HTTP

    /** Offers a server to go on with another protocol: see {@link #upgrade(Endpoint, RequestHead, String, byte[])}. */
    public Upgraded upgrade(String url, String protocols) throws ConnectionException, RefusedException {
        return upgrade(ask(url), protocols, NOTHING);
    }

    /**
     * Offers a server to go on with another protocol: see {@link #upgrade(Endpoint, RequestHead, String, byte[])}.
     *
     * @param request its target an {@code http://} or {@code https://} URL, which says where to send it
     */
    public Upgraded upgrade(RequestHead request, String protocols, byte[] body)
            throws ConnectionException, RefusedException {
        Place place = place(request);
        return upgrade(place.endpoint, place.request, protocols, body);
    }

    /**
     * Offers a server to go on with another protocol, and takes the connection over when it agrees.
     *
     * <p>{@snippet :
     * var docker = Endpoint.of(UnixDomainSocketAddress.of("/var/run/docker.sock"));
     * var start = RequestHead.of("POST", "/v1.50/exec/" + id + "/start", Headers.of("Host", "docker", "Content-Type", "application/json"));
     * try (Connection shell = client.upgrade(docker, start, "tcp", "{\"Tty\":true}".getBytes(UTF_8)).connection()) {
     *     shell.send("echo hello\n");
     *     shell.shutdownOutput();
     *     System.out.write(shell.receiveAll());
     * }
     * }
     *
     * <p>A new connection is dialled for it, which leaves the pool for good: see {@link ClientExchange#takeOver()}. The body is sent before
     * anything else, and the answer waited for. {@code Upgrade} and {@code Connection} of the request are written from {@code protocols}.
     *
     * @param request its target a path
     * @param protocols {@code name} or {@code name/version}, several with commas between, the most wanted first
     * @param body of the request; may be empty
     * @throws RefusedException when the server answers anything but 101; its answer is in there
     * @throws ConnectionException {@code MALFORMED} when the 101 is for a protocol that was not offered; or whatever else fails. The
     *     connection is aborted then
     * @throws IllegalArgumentException when that is no protocol, or the request is CONNECT
     */
    public Upgraded upgrade(Endpoint endpoint, RequestHead request, String protocols, byte[] body)
            throws ConnectionException, RefusedException {
        Offer offer = Offer.of(addressed(endpoint, request), protocols);
        try (var exchange = PooledExchange.openFresh(pool, keepAlive, endpoint, offer.request(), body)) {
            ResponseHead head = exchange.receiveHead();
            if (head.status() != 101) throw refused(request, head, exchange);
            String problem = offer.problem(head, strict);
            if (problem == null) return new Upgraded(head, exchange.takeOver());
            throw ConnectionException.of(
                    Reason.MALFORMED, Phase.READ, exchange.connection().remoteAddress(), problem, null);
        }
    }

    /**
     * Asks a proxy for a tunnel by CONNECT, and takes the connection over when it agrees: what follows is between the caller and the
     * target. To dial through a proxy, which includes TLS with the target, there is {@link io.penstock.net.Via.HttpConnect}.
     *
     * @param proxy where the proxy is
     * @param target {@code host:port}, sent as it is
     * @param headers what else is to be in the request, such as {@code Proxy-Authorization}; {@code Host} is the target if not set
     * @throws RefusedException when the proxy answers anything but a 2xx; its answer is in there
     * @throws IllegalArgumentException when that is no target
     */
    public Upgraded connectTunnel(Endpoint proxy, String target, Headers headers)
            throws ConnectionException, RefusedException {
        RequestHead request = RequestHead.of("CONNECT", target, withHost(headers, target));
        try (var exchange = PooledExchange.openFresh(pool, keepAlive, proxy, request, NOTHING)) {
            ResponseHead head = exchange.receiveHead();
            if (head.status() < 200 || head.status() > 299) throw refused(request, head, exchange);
            return new Upgraded(head, exchange.takeOver());
        }
    }

    /** Some answers have no end, those of a server that goes on without 101 for one: what is there of them in a moment will do. */
    private static RefusedException refused(RequestHead request, ResponseHead head, ClientExchange exchange) {
        byte[] body;
        try (var _ = exchange.connection().deadline(REFUSAL_TIME)) {
            body = exchange.body().receiveAll(REFUSAL_LIMIT);
        } catch (ConnectionException e) {
            body = e.partial();
        }
        return new RefusedException(
                request,
                new Response(head, body, exchange.body().trailers()),
                exchange.connection().remoteAddress());
    }

    // ---- URLs

    /** Where a request goes, and what it is there. */
    private record Place(Endpoint endpoint, RequestHead request) {}

    private static RequestHead ask(String url) {
        HttpUrl.require(url);
        return RequestHead.of("GET", url);
    }

    private Place place(RequestHead request) {
        String url = request.target();
        HttpUrl.require(url);
        String authority = Objects.requireNonNull(request.authority()); // there is a host
        boolean secure = url.regionMatches(true, 0, "https:", 0, 6);
        Endpoint endpoint = Endpoint.of(HttpUrl.address(authority, secure ? 443 : 80));
        String query = request.query();
        RequestHead there = request.withTarget(query == null ? request.path() : request.path() + "?" + query)
                .withHeaders(withHost(request.headers(), authority));
        return new Place(secure ? endpoint.withTls(tls) : endpoint, there);
    }

    /** The request as the server at that endpoint wants it: with a host. */
    private static RequestHead addressed(Endpoint endpoint, RequestHead request) {
        if (request.headers().contains(HeaderNames.HOST)) return request;
        String named = request.authority();
        String host = named != null ? named : HttpUrl.host(endpoint.address(), endpoint.tls() == null ? 80 : 443);
        return request.withHeaders(withHost(request.headers(), host));
    }

    private static Headers withHost(Headers headers, String host) {
        Headers all = headers.copy();
        return all.contains(HeaderNames.HOST) ? all : all.set(HeaderNames.HOST, host);
    }
}

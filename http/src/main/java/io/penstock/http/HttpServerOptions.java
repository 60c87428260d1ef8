package io.penstock.http;

import io.penstock.net.TlsServer;
import io.penstock.net.internal.Durations;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of a server, per connection.
 *
 * @param requestLine the longest request line in bytes, its end not counted; a longer one is answered 414
 * @param headerSection the most bytes in the header fields of a message, and in its trailers; more is answered 431
 * @param headerCount the most header fields; more is answered 431
 * @param bodyLimit the most bytes in a request's body; more is answered 413
 * @param unreadBodyLimit how much of a body that the handler left unread is dropped to keep the connection
 * @param requestsPerConnection after how many exchanges a connection is closed
 * @param headTimeout from the first byte of a request to the end of its head, however often bytes trickle in; then 408
 * @param idleTimeout how long a connection may wait for its next request; then it is closed
 * @param bodyTimeout how long the client may send nothing of a body that is being read; then 408
 * @param writeTimeout how long the client may take nothing of the answer; then the connection is aborted
 * @param tls how connections are secured; null for plain HTTP
 */
public record HttpServerOptions(
        int requestLine,
        int headerSection,
        int headerCount,
        long bodyLimit,
        long unreadBodyLimit,
        long requestsPerConnection,
        Duration headTimeout,
        Duration idleTimeout,
        Duration bodyTimeout,
        Duration writeTimeout,
        @Nullable TlsServer tls) {
    /**
     * 8 KiB request line, 32 KiB and 100 header fields, any body and number of requests, 64 KiB unread; 10 s for the head, 60 s idle,
     * 30 s for the body, 60 s to write; no TLS.
     */
    public static final HttpServerOptions DEFAULT = new HttpServerOptions(
            8 * 1024,
            32 * 1024,
            100,
            Long.MAX_VALUE,
            64 * 1024,
            Long.MAX_VALUE,
            Duration.ofSeconds(10),
            Duration.ofSeconds(60),
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            null);

    public HttpServerOptions {
        if (requestLine < 16
                || headerSection < 16
                || requestLine > 1 << 20
                || headerSection > 1 << 24
                || headerCount < 1) {
            throw new IllegalArgumentException(
                    "a head needs room for a request line (16 to 1 MiB), header fields (16 to 16 MiB)"
                            + " and at least one of them: " + requestLine + ", " + headerSection + ", " + headerCount);
        }
        if (bodyLimit < 0 || unreadBodyLimit < 0 || requestsPerConnection < 1) {
            throw new IllegalArgumentException("a limit must not be negative, and there is at least one request: "
                    + bodyLimit + ", " + unreadBodyLimit + ", " + requestsPerConnection);
        }
        if (!headTimeout.isPositive()
                || !idleTimeout.isPositive()
                || !bodyTimeout.isPositive()
                || !writeTimeout.isPositive()) {
            throw new IllegalArgumentException("timeouts must be positive: " + Durations.text(headTimeout) + ", "
                    + Durations.text(idleTimeout) + ", " + Durations.text(bodyTimeout) + ", "
                    + Durations.text(writeTimeout));
        }
    }

    /** The same with other bounds of the head: request line and header section in bytes, number of fields. */
    public HttpServerOptions withHead(int line, int section, int count) {
        return new HttpServerOptions(
                line,
                section,
                count,
                bodyLimit,
                unreadBodyLimit,
                requestsPerConnection,
                headTimeout,
                idleTimeout,
                bodyTimeout,
                writeTimeout,
                tls);
    }

    /** The same with other bounds of the body: the most of it, and the most that may be left unread, in bytes. */
    public HttpServerOptions withBody(long limit, long unread) {
        return new HttpServerOptions(
                requestLine,
                headerSection,
                headerCount,
                limit,
                unread,
                requestsPerConnection,
                headTimeout,
                idleTimeout,
                bodyTimeout,
                writeTimeout,
                tls);
    }

    public HttpServerOptions withRequestsPerConnection(long count) {
        return new HttpServerOptions(
                requestLine,
                headerSection,
                headerCount,
                bodyLimit,
                unreadBodyLimit,
                count,
                headTimeout,
                idleTimeout,
                bodyTimeout,
                writeTimeout,
                tls);
    }

    /** The same with other timeouts. */
    public HttpServerOptions withTimeouts(Duration head, Duration idle, Duration body, Duration write) {
        return new HttpServerOptions(
                requestLine,
                headerSection,
                headerCount,
                bodyLimit,
                unreadBodyLimit,
                requestsPerConnection,
                head,
                idle,
                body,
                write,
                tls);
    }

    /** The same with connections that are secured, for {@code https}. */
    public HttpServerOptions withTls(TlsServer security) {
        return new HttpServerOptions(
                requestLine,
                headerSection,
                headerCount,
                bodyLimit,
                unreadBodyLimit,
                requestsPerConnection,
                headTimeout,
                idleTimeout,
                bodyTimeout,
                writeTimeout,
                security);
    }
}

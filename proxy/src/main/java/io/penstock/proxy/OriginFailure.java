package io.penstock.proxy;

import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;

/** An origin did not give an answer: in which phase, why, and whether it may be tried again. */
final class OriginFailure extends Exception {
    private static final long serialVersionUID = 1L;

    /** Whether trying again is safe. */
    enum Retry {
        NEVER,
        /** Nothing was sent: any other origin will do. */
        OTHER_ORIGIN,
        /** A kept connection died before it answered: the same origin on a new one, for requests that may be repeated. */
        NEW_CONNECTION
    }

    private final Phase phase;
    private final Retry retry;
    private final SocketAddress origin;
    private final ConnectionException failure;

    OriginFailure(Phase phase, Retry retry, SocketAddress origin, ConnectionException failure) {
        super(phase.label() + " " + origin + ": " + failure.text(), failure);
        this.phase = phase;
        this.retry = retry;
        this.origin = origin;
        this.failure = failure;
    }

    Retry retry() {
        return retry;
    }

    /** The status that tells the client. Source: RFC 9110 §15.6.3 to §15.6.5. */
    int status() {
        return switch (reason()) {
            case TIMEOUT -> 504;
            case POOL_FULL -> 503;
            default -> 502;
        };
    }

    /** The error type of RFC 9209 §2.3. */
    String proxyError() {
        return switch (reason()) {
            case TIMEOUT -> phase == Phase.CONNECT ? "connection_timeout" : "connection_read_timeout";
            case POOL_FULL -> "connection_limit_reached";
            case REFUSED -> "connection_refused";
            case UNRESOLVED -> "dns_error";
            case UNREACHABLE -> "destination_ip_unroutable";
            case TLS_UNTRUSTED, TLS_EXPIRED, TLS_REVOKED, TLS_HOST_NAME -> "tls_certificate_error";
            case TLS_HANDSHAKE -> "tls_protocol_error";
            case MALFORMED, TOO_LONG -> "http_protocol_error";
            default -> phase == Phase.CONNECT ? "destination_unavailable" : "connection_terminated";
        };
    }

    /**
     * The page for the client: what happened and in which phase, without the addresses of the inside.
     *
     * @param who the name of an upstream, or of a plugin in its place, and which of them it is
     */
    Answer page(String proxy, String who) {
        String what = switch (reason()) {
            case TIMEOUT -> "it did not answer in time";
            case POOL_FULL -> "all connections to it are in use";
            case REFUSED -> "it refused the connection";
            case UNRESOLVED -> "its name has no address";
            case UNREACHABLE -> "it is unreachable";
            case EOF -> "it ended the connection";
            case RESET, CLOSED -> "it reset the connection";
            case TLS_UNTRUSTED, TLS_EXPIRED, TLS_REVOKED, TLS_HOST_NAME -> "its certificate is not accepted";
            case TLS_HANDSHAKE -> "the TLS handshake with it failed";
            case TLS_TRUNCATED -> "its answer was cut off";
            case MALFORMED, TOO_LONG -> "its answer was not a valid one";
            default -> "the connection failed";
        };
        var page = Answer.Prepared.text(
                status(),
                ResponseHead.of(status()).reason() + "\n\nphase:    " + phase.label() + "\n" + who + "\ncause:    "
                        + what + "\n");
        page.head()
                .headers()
                .set("Proxy-Status", proxy + "; error=" + proxyError() + "; details=\"" + phase.label() + "\"");
        return page;
    }

    /** Waiting in vain for a connection to become free is no fault of the origin. */
    private Reason reason() {
        boolean waited = failure.phase() == ConnectionException.Phase.POOL && failure.reason() == Reason.TIMEOUT;
        return waited ? Reason.POOL_FULL : failure.reason();
    }

    ConnectionException failure() {
        return failure;
    }

    SocketAddress origin() {
        return origin;
    }
}

package io.penstock.http;

import io.penstock.http.internal.ByteClass;
import io.penstock.http.internal.RequestTarget;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request: the request line, which never changes, and the headers, which may be edited.
 *
 * <p>What cannot be written as a request line is refused with {@link IllegalArgumentException}. Owned by one thread at a time.
 * Source: RFC 9112 §3.
 */
public final class RequestHead {
    private final String method;
    private final String target;
    private final HttpVersion version;
    private final Headers headers;

    RequestHead(String method, String target, HttpVersion version, Headers headers) {
        this.method = method;
        this.target = target;
        this.version = version;
        this.headers = headers;
    }

    /** An HTTP/1.1 request without headers. */
    public static RequestHead of(String method, String target) {
        return of(method, target, HttpVersion.HTTP_1_1, Headers.of());
    }

    /** An HTTP/1.1 request; the headers are taken over, not copied. */
    public static RequestHead of(String method, String target, Headers headers) {
        return of(method, target, HttpVersion.HTTP_1_1, headers);
    }

    /**
     * A request; the headers are taken over, not copied.
     *
     * @param method a token such as {@code GET}; case counts
     * @param target {@code /path?query}, or {@code http://host/path}, or {@code host:port} for CONNECT, or {@code *} for OPTIONS
     */
    public static RequestHead of(String method, String target, HttpVersion version, Headers headers) {
        if (!ByteClass.isToken(method)) {
            throw new IllegalArgumentException("not a method: '" + ByteClass.printable(method) + "'");
        }
        String problem = ByteClass.isTarget(target)
                ? RequestTarget.problem(method, target)
                : "the request target has an illegal character";
        if (problem != null) throw new IllegalArgumentException(problem + ": '" + ByteClass.printable(target) + "'");
        return new RequestHead(method, target, version, headers);
    }

    public String method() {
        return method;
    }

    /** The request target as on the wire, in whichever of its four forms. */
    public String target() {
        return target;
    }

    public HttpVersion version() {
        return version;
    }

    /** The headers, which may be edited in place. */
    public Headers headers() {
        return headers;
    }

    /** The target's path, not decoded, without the query; {@code *} for the server as such, empty for CONNECT. */
    public String path() {
        if (!target.startsWith("/")) return RequestTarget.path(method, target);
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /** What stands behind the first {@code ?} of the target, not decoded; null when there is none. */
    public @Nullable String query() {
        int query = target.indexOf('?');
        return query < 0 ? null : target.substring(query + 1);
    }

    /** The host, and port if given, that the request is for: from the target, else from {@code Host}; null when neither says. */
    public @Nullable String authority() {
        String named = target.startsWith("/") ? null : RequestTarget.authority(method, target);
        return named != null ? named : headers.first(HeaderNames.HOST);
    }

    /**
     * Whether the client offers to go on with that protocol, {@code name} or {@code name/version}, without regard to case: it is in
     * {@code Upgrade}, which {@code Connection} names, and the request is HTTP/1.1. Source: RFC 9110 §7.8.
     */
    public boolean offers(String protocol) {
        return offersUpgrade() && headers.containsToken(HeaderNames.UPGRADE, protocol);
    }

    /** Whether the client offers to go on with any protocol but HTTP/1.1, as {@link #offers} says. */
    public boolean offersUpgrade() {
        return headers.contains(HeaderNames.UPGRADE)
                && version == HttpVersion.HTTP_1_1
                && headers.containsToken(HeaderNames.CONNECTION, "upgrade");
    }

    /** The same request with another target. */
    public RequestHead withTarget(String other) {
        return of(method, other, version, headers);
    }

    /** The same request line with other headers. */
    public RequestHead withHeaders(Headers others) {
        return new RequestHead(method, target, version, others);
    }

    /** The request line. */
    @Override
    public String toString() {
        return method + " " + target + " " + version;
    }
}

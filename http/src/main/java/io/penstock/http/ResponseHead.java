package io.penstock.http;

import io.penstock.http.internal.ByteClass;
import io.penstock.http.internal.Reasons;

/**
 * The head of a response: the status line, which never changes, and the headers, which may be edited.
 *
 * <p>What cannot be written as a status line is refused with {@link IllegalArgumentException}. Owned by one thread at a time.
 * Source: RFC 9112 §4.
 */
public final class ResponseHead {
    private final int status;
    private final String reason;
    private final HttpVersion version;
    private final Headers headers;

    ResponseHead(int status, String reason, HttpVersion version, Headers headers) {
        this.status = status;
        this.reason = reason;
        this.version = version;
        this.headers = headers;
    }

    /** A response without headers, with the usual reason phrase. */
    public static ResponseHead of(int status) {
        return of(status, Headers.of());
    }

    /** A response with the usual reason phrase; the headers are taken over, not copied. */
    public static ResponseHead of(int status, Headers headers) {
        return of(status, Reasons.of(status), headers);
    }

    /**
     * A response; the headers are taken over, not copied.
     *
     * @param status 100 to 999
     * @param reason what stands behind the status; may be empty
     */
    public static ResponseHead of(int status, String reason, Headers headers) {
        if (status < 100 || status > 999) throw new IllegalArgumentException("not a status: " + status);
        if (!ByteClass.isValue(reason)) {
            throw new IllegalArgumentException("not a reason phrase: '" + ByteClass.printable(reason) + "'");
        }
        return new ResponseHead(status, reason, HttpVersion.HTTP_1_1, headers);
    }

    public int status() {
        return status;
    }

    public String reason() {
        return reason;
    }

    /** The version its sender wrote; what is sent from here is always HTTP/1.1. */
    public HttpVersion version() {
        return version;
    }

    /** The headers, which may be edited in place. */
    public Headers headers() {
        return headers;
    }

    /** Whether it announces a response (1xx) instead of being one; 101 is a final answer and not interim. */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /** The status line. */
    @Override
    public String toString() {
        return version + " " + status + " " + reason;
    }
}

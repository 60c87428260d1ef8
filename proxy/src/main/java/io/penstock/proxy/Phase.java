package io.penstock.proxy;

import java.util.Locale;

/** What a transaction is doing; the words of error pages and of the access log. */
public enum Phase {
    READ_REQUEST_HEAD,
    ROUTE,
    HANDLE,
    CONNECT,
    SEND_REQUEST,
    READ_RESPONSE_HEAD,
    SEND_RESPONSE,
    /** A route's handler has the client's connection as a raw stream. */
    TAKEN_OVER,
    DONE;

    /** The phase in words: {@code read-response-head}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}

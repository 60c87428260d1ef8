package io.penstock.http;

/** The versions of HTTP that a request can have here; one in any other is answered 505. */
public enum HttpVersion {
    HTTP_1_0("HTTP/1.0"),
    HTTP_1_1("HTTP/1.1"),
    /**
     * Not spoken here. It is that of one request only, {@code PRI * HTTP/2.0} without fields, with which a client begins that speaks HTTP/2
     * without asking (RFC 9113 §3.4): a handler may take such a connection over. Any answer ends it.
     */
    HTTP_2_0("HTTP/2.0");

    private final String text;

    HttpVersion(String text) {
        this.text = text;
    }

    /** As on the wire: {@code HTTP/1.1}. */
    @Override
    public String toString() {
        return text;
    }
}

package io.penstock.http;

/** The versions of HTTP that are spoken here; a request in any other is answered 505. */
public enum HttpVersion {
    HTTP_1_0("HTTP/1.0"),
    HTTP_1_1("HTTP/1.1");

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

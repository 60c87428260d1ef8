package io.penstock.http.internal;

/** How the end of a body is found. Source: RFC 9112 §6.3. */
public sealed interface BodyLength {
    /** There is no body. */
    record None() implements BodyLength {}

    /** It has this many bytes: 1 or more, or 0 where an answer says so. */
    record Sized(long bytes) implements BodyLength {}

    /** It comes in chunks, and the last one tells. */
    record Chunked() implements BodyLength {}

    /** It ends with the connection: answers only. */
    record UntilClose() implements BodyLength {}

    BodyLength NONE = new None();
    BodyLength CHUNKED = new Chunked();
    BodyLength UNTIL_CLOSE = new UntilClose();

    static BodyLength of(long bytes) {
        return bytes == 0 ? NONE : new Sized(bytes);
    }
}

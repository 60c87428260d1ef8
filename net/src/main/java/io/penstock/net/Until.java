package io.penstock.net;

/**
 * How {@link Input#receiveUntil(byte[], Until)} cuts a stream into pieces.
 *
 * @param inclusive whether the delimiter is part of its piece, as its end
 * @param limit the most bytes that {@link Delimited#next()} collects before a delimiter; 0 or more. What is received
 *     {@linkplain Delimited#next(int) by size} is limited by that size
 */
public record Until(boolean inclusive, int limit) {
    /** Pieces without their delimiters, of at most {@link Input#ALL_LIMIT} bytes. */
    public static final Until DEFAULT = new Until(false, Input.ALL_LIMIT);

    /** As {@link #DEFAULT}, with the delimiters. */
    public static final Until INCLUSIVE = new Until(true, Input.ALL_LIMIT);

    public Until {
        if (limit < 0) throw new IllegalArgumentException("a piece cannot be limited to " + limit + " bytes");
    }

    public Until withLimit(int bytes) {
        return new Until(inclusive, bytes);
    }
}

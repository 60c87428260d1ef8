package io.penstock.http;

/**
 * What becomes of the part of a message's body that was not read when its connection is taken over: the request's by a
 * {@linkplain Exchange#takeOver(UnreadBody) server}, the answer's by a {@linkplain ClientExchange#takeOver(UnreadBody) client}.
 *
 * <p>Bytes that are taken for something else than they were sent as are how requests are smuggled: so it has to be said.
 */
public sealed interface UnreadBody {
    /** There must not be any: the take-over is refused, and nothing has changed. */
    record Fail() implements UnreadBody {}

    /**
     * It is received and dropped, for which the peer has five seconds in all.
     *
     * @param limit the most bytes of it; 0 or more
     */
    record Drain(long limit) implements UnreadBody {
        public Drain {
            if (limit < 0) throw new IllegalArgumentException("a body cannot be drained up to " + limit + " bytes");
        }
    }

    /**
     * It is what the connection delivers first, as it comes from the wire: the framing of a chunked body included, of which nothing may
     * have been read therefore.
     */
    record Raw() implements UnreadBody {}

    UnreadBody FAIL = new Fail();
    UnreadBody RAW = new Raw();

    static UnreadBody drain(long limit) {
        return new Drain(limit);
    }
}

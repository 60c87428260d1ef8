package io.penstock.proxy;

import io.penstock.http.BodyOutput;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;

/** What a transaction will send, once it is decided who answers. */
sealed interface Answer {
    /** An answer in memory: a plugin's, or a page of ours. */
    record Prepared(ResponseHead head, byte[] body) implements Answer {
        static Prepared text(int status, String text) {
            return new Prepared(
                    ResponseHead.of(status, Headers.of(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")),
                    text.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** An origin's answer, whose body is still to come. */
    interface Streamed {
        ResponseHead head();

        /** Moves the body and lets go of the origin. */
        void relayTo(BodyOutput client) throws ConnectionException;

        /** Lets go of the origin: something else is answered. */
        void drop();
    }

    /** An answer that comes from elsewhere while it is sent. */
    record Relayed(Streamed source) implements Answer {}

    /** A route's handler has answered by itself. */
    record Served() implements Answer {}
}

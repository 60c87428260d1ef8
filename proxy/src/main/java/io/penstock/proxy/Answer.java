package io.penstock.proxy;

import io.penstock.http.BodyOutput;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;

/** What a transaction will send, once it is decided who answers. */
sealed interface Answer {
    /** The head that the hooks see and the client gets. */
    ResponseHead head();

    /** An answer in memory: a plugin's, or a page of ours. */
    record Prepared(ResponseHead head, byte[] body) implements Answer {
        static Prepared text(int status, String text) {
            return new Prepared(
                    ResponseHead.of(status, Headers.of(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")),
                    text.getBytes(StandardCharsets.UTF_8));
        }

        /** What a client is told of a plugin that has failed. */
        static Prepared failure(String plugin) {
            return text(500, plugin + " failed\n");
        }

        /** The last answer on its connection: a status and its usual words. */
        static Prepared parting(int status) {
            Prepared page = text(status, ResponseHead.of(status).reason() + "\n");
            page.head.headers().set(HeaderNames.CONNECTION, "close");
            return page;
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
    record Relayed(Streamed source) implements Answer {
        @Override
        public ResponseHead head() {
            return source.head();
        }
    }

    /** A route's handler has answered by itself. */
    record Served() implements Answer {
        @Override
        public ResponseHead head() {
            throw new IllegalStateException("it has been sent");
        }
    }
}

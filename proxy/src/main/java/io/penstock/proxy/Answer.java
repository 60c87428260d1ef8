package io.penstock.proxy;

import io.penstock.http.BodyOutput;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import java.nio.charset.StandardCharsets;

/** What a transaction will send, once it is decided who answers. */
sealed interface Answer {
    /** The head that the hooks see and the client gets. */
    ResponseHead head();

    /** Something else is answered: lets go of whoever was to give this one. */
    default void drop() {}

    /** An answer in memory: a plugin's, or a page of ours. */
    record Prepared(ResponseHead head, byte[] body) implements Answer {
        static Prepared text(int status, String text) {
            return text(ResponseHead.of(status, Headers.of()), text);
        }

        static Prepared text(ResponseHead head, String text) {
            head.headers().set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
            return new Prepared(head, text.getBytes(StandardCharsets.UTF_8));
        }

        /** What a client is told of a plugin that has failed. */
        static Prepared failure(String plugin) {
            return text(500, plugin + " failed\n");
        }

        /** The last answer on its connection. */
        static Prepared parting(int status, String text) {
            Prepared page = text(status, text);
            page.head.headers().set(HeaderNames.CONNECTION, "close");
            return page;
        }
    }

    /** Somebody else who has sent a head, and has more behind it. */
    interface Source {
        ResponseHead head();

        /** Lets go of it. */
        void drop();
    }

    /** An origin's answer, whose body is still to come. */
    interface Streamed extends Source {
        /** Moves the body and lets go of the origin. */
        void relayTo(BodyOutput client) throws ConnectionException;
    }

    /** The other end of a tunnel. */
    interface FarEnd extends Source {
        /** The stream behind the head, which is the caller's. */
        Connection takeOver() throws ConnectionException;
    }

    /** An answer that comes from elsewhere while it is sent. */
    record Relayed(Streamed source) implements Answer {
        @Override
        public ResponseHead head() {
            return source.head();
        }

        @Override
        public void drop() {
            source.drop();
        }
    }

    /**
     * A head behind which the client has a stream to somewhere else, in the place of HTTP.
     *
     * @param protocol what is spoken there, as far as it is known
     */
    record Tunnelled(String protocol, FarEnd far) implements Answer {
        @Override
        public ResponseHead head() {
            return far.head();
        }

        @Override
        public void drop() {
            far.drop();
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

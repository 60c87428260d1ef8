package io.penstock.proxy;

import java.util.List;

/**
 * A point in the life of a session or a transaction at which plugins are called.
 *
 * <p>The constants stand in the order in which they are reached. At each one first the handlers of the server are called, then those of
 * the session, then those of the transaction, each in the order of registration. Answers to Traffic Server's hook ids, with
 * two differences: a transaction begins when its head has been read, and what is refused before it is a request (400, 408, 414, 431) is
 * none, so that no hook sees it; it is in the access log.
 *
 * @param <T> what the handlers are given
 */
public final class Hook<T> {
    /** A client has connected; once for each connection, before anything is read from it. */
    public static final Hook<Session> SESSION_START = new Hook<>("SESSION_START", 0);

    /** A request has begun. */
    public static final Hook<Transaction> TRANSACTION_START = new Hook<>("TRANSACTION_START", 1);

    /** The request's head is there and may be edited or answered. */
    public static final Hook<Transaction> READ_REQUEST_HEAD = new Hook<>("READ_REQUEST_HEAD", 2);

    /** The route is about to be looked up: the last moment to change host or path for it. */
    public static final Hook<Transaction> PRE_REMAP = new Hook<>("PRE_REMAP", 3);

    /** The route is known. Not reached when there is none. */
    public static final Hook<Transaction> POST_REMAP = new Hook<>("POST_REMAP", 4);

    /** The cache has been asked, or there is none; exactly once before an origin is. */
    public static final Hook<Transaction> CACHE_LOOKUP_COMPLETE = new Hook<>("CACHE_LOOKUP_COMPLETE", 5);

    /** The origin's address is chosen and may be changed; again for each further attempt. */
    public static final Hook<Transaction> ORIGIN_RESOLVED = new Hook<>("ORIGIN_RESOLVED", 6);

    /** The head for the origin is complete and may be edited; again for each further attempt. */
    public static final Hook<Transaction> SEND_REQUEST_HEAD = new Hook<>("SEND_REQUEST_HEAD", 7);

    /** The origin's head is there and may be edited or replaced. */
    public static final Hook<Transaction> READ_RESPONSE_HEAD = new Hook<>("READ_RESPONSE_HEAD", 8);

    /** The head for the client is complete and may be edited; for every answer of a transaction, whoever gives it. */
    public static final Hook<Transaction> SEND_RESPONSE_HEAD = new Hook<>("SEND_RESPONSE_HEAD", 9);

    /** A {@linkplain Transaction#tunnel() tunnel} begins: the client has its head, and no byte has gone either way. */
    public static final Hook<Transaction> TUNNEL_START = new Hook<>("TUNNEL_START", 10);

    /** The tunnel has ended; once for each that has begun to pass bytes on. */
    public static final Hook<Transaction> TUNNEL_END = new Hook<>("TUNNEL_END", 11);

    /** The transaction is over; always, once and last. */
    public static final Hook<Transaction> TRANSACTION_CLOSE = new Hook<>("TRANSACTION_CLOSE", 12);

    /** The client's connection is over; once, after its last transaction. */
    public static final Hook<Session> SESSION_CLOSE = new Hook<>("SESSION_CLOSE", 13);

    static final int COUNT = 14;

    private static final List<Hook<?>> ALL = List.of(
            SESSION_START,
            TRANSACTION_START,
            READ_REQUEST_HEAD,
            PRE_REMAP,
            POST_REMAP,
            CACHE_LOOKUP_COMPLETE,
            ORIGIN_RESOLVED,
            SEND_REQUEST_HEAD,
            READ_RESPONSE_HEAD,
            SEND_RESPONSE_HEAD,
            TUNNEL_START,
            TUNNEL_END,
            TRANSACTION_CLOSE,
            SESSION_CLOSE);

    private final String name;
    private final int order;

    private Hook(String name, int order) {
        this.name = name;
        this.order = order;
    }

    /** All hooks in their order. */
    public static List<Hook<?>> all() {
        return ALL;
    }

    /** The place of this hook in the order, from 0. */
    public int order() {
        return order;
    }

    @Override
    public String toString() {
        return name;
    }
}

package io.penstock.http;

import io.penstock.net.Connection;

/**
 * What answers the requests of a server.
 *
 * <p>Shared by all connections: it must be safe for concurrent use. Called on the virtual thread of the client's connection, one
 * exchange of a connection at a time; it may block and take as long as it needs.
 */
@FunctionalInterface
public interface Handler {
    /**
     * Answers one request.
     *
     * <p>Returning without an answer is answered 500. So is an exception before the answer was begun, which is logged; after
     * that the client can be told only by aborting the connection.
     */
    void handle(Exchange exchange) throws Exception;

    /** A client has connected; called before anything is read. The connection is that of {@link Exchange#connection()}. */
    default void opened(Connection connection) {}

    /** A request was refused before it became an exchange: malformed, too large or too slow. The answer has been sent. */
    default void refused(Connection connection, int status, String reason) {}

    /**
     * A connection was {@linkplain Exchange#takeOver taken over}. Called once for each take-over, on the thread that does it, before it has
     * the connection.
     */
    default void takenOver(Exchange exchange, TakenOver taken) {}

    /**
     * A connection that was {@linkplain Exchange#takeOver taken over} has ended, or was given back. Called once for each take-over, behind
     * {@link #handle}, with the same exchange: of use to whoever counts and logs. On the same thread, or on the one that goes on where the
     * handler's has ended, as it does when somebody has the connection behind it.
     */
    default void takeOverEnded(Exchange exchange, TakeOverEnd end) {}

    /** The client's connection is about to end; called once for each {@link #opened}. */
    default void closed(Connection connection) {}
}

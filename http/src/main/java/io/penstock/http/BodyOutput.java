package io.penstock.http;

import io.penstock.net.ConnectionException;
import io.penstock.net.Output;

/**
 * The body of a message being sent, as an {@link Output} that frames it as the head has announced.
 *
 * <p>It has to be finished. A body that is shorter or longer than its {@code Content-Length} is a mistake of the program: the
 * call that notices throws {@link IllegalStateException}, and as the peer could not tell, the connection is aborted.
 */
public interface BodyOutput extends Output {
    /** Ends the body. Idempotent. */
    default void finish() throws ConnectionException {
        finish(Headers.of());
    }

    /**
     * Ends the body with trailer fields; they are sent where the framing has a place for them (chunked), else dropped.
     *
     * @throws IllegalStateException when bytes are missing that were announced
     */
    void finish(Headers trailers) throws ConnectionException;

    boolean isFinished();

    /** The bytes sent so far, without framing. */
    long sent();
}

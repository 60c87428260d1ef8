package io.penstock.net.event;

import io.penstock.net.ConnectionException;
import java.net.SocketAddress;

/**
 * A listening socket whose clients a continuation is told of, until it is cancelled.
 *
 * <p>{@link #cancel()} answers true when no client is being told of any more, and false when one is at this very moment, the last one, or
 * when there was nothing left to cancel. Clients who wait to be told of then are closed. The socket itself is closed right after.
 */
public interface Acceptor extends Action {
    /**
     * The bound address, with the real port; parks until it is bound.
     *
     * @throws ConnectionException when it could not be, for the reason that the continuation is told; {@code CLOSED} when it was
     *     cancelled before
     */
    SocketAddress address() throws ConnectionException;
}

package io.penstock.net.event;

import io.penstock.net.ConnectionException;
import java.net.SocketAddress;

/**
 * A listening socket whose clients a continuation is told of, until it is cancelled.
 *
 * <p>While {@value #MOST_WAITING} clients or a few more wait to be told of, no others are accepted: they wait with the operating system, as many as
 * the {@linkplain io.penstock.net.ListenerOptions#backlog() backlog} lets.
 *
 * <p>{@link #cancel()} answers true when no client is being told of any more, and false when one is at this very moment, the last one, or
 * when there was nothing left to cancel. Clients who wait to be told of then are closed. The socket itself is closed right after.
 */
public interface Acceptor extends Action {
    /** How many clients wait for a continuation that does not keep up, until no more of them are accepted. */
    int MOST_WAITING = 1024;

    /**
     * The bound address, with the real port; parks until it is bound.
     *
     * @throws ConnectionException when it could not be, for the reason that the continuation is told; {@code CLOSED} when it was
     *     cancelled before
     */
    SocketAddress address() throws ConnectionException;
}

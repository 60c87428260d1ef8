package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Loops;

/**
 * A kind of connection the {@link ConnectionContract} can be run over: a factory of connected {@link Ends}.
 *
 * <p>Stateless; {@link #open} is called once or more in each test, from the test's platform thread.
 */
public interface ConnectionKind {
    /** A TCP connection that a {@link io.penstock.net.Listener} accepted; the peer is a JDK socket. */
    static ConnectionKind tcpAccepted() {
        return new AcceptedKind(Family.TCP);
    }

    /** A TCP connection that a {@link io.penstock.net.Connector} dialled; the peer is a JDK socket. */
    static ConnectionKind tcpDialled() {
        return new DialledKind(Family.TCP);
    }

    /** A UNIX stream that a {@link io.penstock.net.Listener} accepted; the peer is a JDK socket. */
    static ConnectionKind unixAccepted() {
        return new AcceptedKind(Family.UNIX);
    }

    /** A UNIX stream that a {@link io.penstock.net.Connector} dialled; the peer is a JDK socket. */
    static ConnectionKind unixDialled() {
        return new DialledKind(Family.UNIX);
    }

    /** A TCP connection that was opened elsewhere and adopted, having been a blocking descriptor; the peer is a JDK socket. Linux only. */
    static ConnectionKind tcpAdopted() {
        return new AdoptedKind(Family.TCP);
    }

    /** The same of a UNIX stream. */
    static ConnectionKind unixAdopted() {
        return new AdoptedKind(Family.UNIX);
    }

    /** One end of an in-memory pair; the peer is the other end, on another loop where there is one. */
    static ConnectionKind pair() {
        return new PairKind();
    }

    /** Opens a connection on one of the loops, with its peer. */
    Ends open(Loops loops) throws Exception;

    Connection.Origin origin();

    /** Whether the socket options of TCP apply. */
    boolean isTcp();

    /** Whether {@link Connection#abort()} reaches the peer as a reset; a UNIX socket without unread input shows the end. */
    boolean abortsAsReset();

    /**
     * Whether it can go on sending after its peer has ended the stream. The JDK's engine with TLS 1.2 ends both directions at the peer's
     * {@code close_notify}; then a writer is told {@code CLOSED}, and what it had sent before is delivered.
     */
    default boolean halfCloses() {
        return true;
    }

    /** The most bytes that may be under way between a sender and a peer that does not read, kernel included. */
    long mostUnderWay();
}

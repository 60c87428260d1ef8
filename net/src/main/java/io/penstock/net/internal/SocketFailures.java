package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;

/** Failures in the terms of {@link java.net.Socket}. */
final class SocketFailures {
    private SocketFailures() {}

    /** The exception that a socket of the JDK would throw; ours is its cause. */
    static IOException of(ConnectionException e) {
        IOException known = switch (e.reason()) {
            case TIMEOUT ->
                e.phase() == Phase.WRITE
                        ? new SocketException("Write timed out") // not to be tried again
                        : new SocketTimeoutException(e.phase() == Phase.READ ? "Read timed out" : "Connect timed out");
            case INTERRUPTED -> new InterruptedIOException("Closed by interrupt");
            case CLOSED -> new SocketException("Socket closed");
            case RESET -> new SocketException("Connection reset");
            case REFUSED -> new ConnectException(e.getMessage());
            case UNREACHABLE -> new NoRouteToHostException(e.getMessage());
            case UNRESOLVED -> new UnknownHostException(e.getMessage());
            case ADDRESS -> new BindException(e.getMessage());
            default -> new SocketException(e.getMessage());
        };
        known.initCause(e);
        return known;
    }
}

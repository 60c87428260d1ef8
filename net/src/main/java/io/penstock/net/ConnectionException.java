package io.penstock.net;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The one failure type of connections: what happened, in which phase, with which peer, and which bytes the failing call had
 * already consumed.
 *
 * <p>It is checked because every user of a network meets it. Misuse of the API is never reported by it, but by
 * {@link IllegalArgumentException} or {@link IllegalStateException}.
 */
public final class ConnectionException extends IOException {
    private static final long serialVersionUID = 1L;
    private static final byte[] NOTHING = {};

    /** Why an operation failed. */
    public enum Reason {
        /** This side had closed the connection or this half of it. */
        CLOSED("the connection is closed on this side"),
        /** The peer ended the stream before the operation was complete. */
        EOF("the peer ended the stream"),
        /** The peer, or the network, reset the connection. */
        RESET("the connection was reset"),
        /** Nothing happened within the timeout, or the deadline passed. */
        TIMEOUT("timed out"),
        /** The peer refused the connection. */
        REFUSED("the connection was refused"),
        /** There is no way to the peer. */
        UNREACHABLE("the peer is unreachable"),
        /** The name has no address. */
        UNRESOLVED("the name could not be resolved"),
        /** The local address cannot be used: taken, foreign, or not permitted. */
        ADDRESS("the address cannot be used"),
        /** Another thread is connecting: resolving, waiting for the pool, dialling or in a TLS handshake. */
        BUSY_CONNECTING("another thread is connecting"),
        /** Another thread is receiving. */
        BUSY_READING("another thread is receiving on this connection"),
        /** Another thread is sending. */
        BUSY_WRITING("another thread is sending on this connection"),
        /** The pool has no connection to spare. */
        POOL_FULL("the pool is at its limit"),
        /** The proxy on the way refused, failed, or wants other credentials. */
        PROXY("the proxy on the way refused"),
        /** The TLS handshake failed: no common version or cipher, an alert of the peer, or no TLS at all. */
        TLS_HANDSHAKE("the TLS handshake failed"),
        /** Nobody who is trusted vouches for the peer's certificate. */
        TLS_UNTRUSTED("the certificate of the peer is not trusted"),
        /** The peer's certificate is not, or not yet, or no longer valid. */
        TLS_EXPIRED("the certificate of the peer is not valid now"),
        /** The peer's certificate has been revoked. */
        TLS_REVOKED("the certificate of the peer has been revoked"),
        /** The peer's certificate is for somebody else. */
        TLS_HOST_NAME("the certificate of the peer is for another name"),
        /** The stream ended without the peer's {@code close_notify}: somebody may have cut it. */
        TLS_TRUNCATED("the stream was cut: it ended without close_notify"),
        /** The waiting thread was interrupted; both halves are closed. */
        INTERRUPTED("the waiting thread was interrupted"),
        /** The wait was given up by this side; nothing was consumed, and the connection is as it was. */
        CANCELLED("the wait was cancelled"),
        /** More bytes came than the caller allowed. */
        TOO_LONG("the input exceeds the limit"),
        /** The bytes do not have the form they must have. */
        MALFORMED("the input is malformed"),
        /** What came is no packet of the {@link Framing} that is received by, or too long a one; nothing more can be received. */
        FRAMING("the input breaks the framing"),
        /** A file that was being sent could not be read. */
        FILE("the file could not be read"),
        /** There is no such descriptor, or it is a standard stream that nobody said is meant. */
        INVALID_DESCRIPTOR("the descriptor is not valid"),
        /** The descriptor is that of a file, a pipe or the like. */
        NOT_A_SOCKET("the descriptor is not that of a socket"),
        /** The socket is no stream of TCP or UNIX. */
        NOT_A_STREAM("the socket is not a stream"),
        /** The socket is none for datagrams of UDP or UNIX. */
        NOT_DATAGRAMS("the socket is not one for datagrams"),
        /** The socket has no peer, or not yet. */
        NOT_CONNECTED("the socket is not connected"),
        /** The socket listens, and so is no connection. */
        LISTENING("the socket is listening"),
        /** The socket does not listen. */
        NOT_LISTENING("the socket is not listening"),
        /** The socket belongs to another connection, listener or datagram socket of this process. */
        ALREADY_ADOPTED("the socket has been adopted already"),
        /** The operating system reported another error; see the cause. */
        FAILED("the operation failed");

        private final String text;

        Reason(String text) {
            this.text = text;
        }
    }

    /** What was being done when it failed. */
    public enum Phase {
        RESOLVE,
        BIND,
        POOL,
        CONNECT,
        ADOPT,
        PROXY,
        TLS,
        READ,
        WRITE,
        CLOSE
    }

    private final String text;
    private final Reason reason;
    private final Phase phase;
    private final @Nullable SocketAddress peer;
    private final byte[] partial;
    private final long sent;

    private ConnectionException(
            String text,
            Reason reason,
            Phase phase,
            @Nullable SocketAddress peer,
            byte[] partial,
            long sent,
            @Nullable Throwable cause) {
        super(phase.name().toLowerCase(Locale.ROOT) + (peer == null ? "" : " " + peer) + ": " + text, cause);
        this.text = text;
        this.reason = reason;
        this.phase = phase;
        this.peer = peer;
        this.partial = partial;
        this.sent = sent;
    }

    public static ConnectionException of(Reason reason, Phase phase, @Nullable SocketAddress peer) {
        return of(reason, phase, peer, reason.text, null);
    }

    /** A failure with its own words, which should say what the user can do, and the cause if there is one. */
    public static ConnectionException of(
            Reason reason, Phase phase, @Nullable SocketAddress peer, String text, @Nullable Throwable cause) {
        return new ConnectionException(text, reason, phase, peer, NOTHING, 0, cause);
    }

    /** The same failure, carrying the bytes that the failing call had consumed. */
    public ConnectionException withPartial(byte[] consumed) {
        return carrying(consumed, sent);
    }

    /** The same failure, carrying how many bytes of the failing call had been sent. */
    public ConnectionException withSent(long bytes) {
        return carrying(partial, bytes);
    }

    private ConnectionException carrying(byte[] consumed, long bytes) {
        var copy = new ConnectionException(text, reason, phase, peer, consumed, bytes, getCause());
        copy.setStackTrace(getStackTrace());
        return copy;
    }

    public Reason reason() {
        return reason;
    }

    /** What happened, and what to do about it: the message without phase and peer, for a message that names them itself. */
    public String text() {
        return text;
    }

    public Phase phase() {
        return phase;
    }

    /** The peer's address, where one is known. */
    public @Nullable SocketAddress peer() {
        return peer;
    }

    /** The bytes the failing call had consumed before it failed; empty when there were none. Never null. */
    public byte[] partial() {
        return partial.clone();
    }

    /**
     * How many bytes of the failing send had left for certain: the operating system, or the other end of an in-memory pair, has confirmed
     * them. Of a {@link Output#flush()} it is how many of those that waited. 0 for everything else.
     *
     * <p>More of the call may be on the way, by up to 64 KiB, since what leaves is confirmed in batches. Nothing behind the bytes of the
     * call has left.
     */
    public long sent() {
        return sent;
    }
}

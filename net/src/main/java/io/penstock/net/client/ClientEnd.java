package io.penstock.net.client;

import io.penstock.net.ConnectionException;
import org.jspecify.annotations.Nullable;

/**
 * How an open {@link Client} has ended.
 *
 * @param cause what came first
 * @param unsent how many bytes the client had accepted and did not get to send, at most: what was sent in part, such as a file, counts as a
 *     whole. What the connection has taken over, up to 64 KiB, counts as sent
 * @param failure what has happened, where it was more than an end in order; its {@code partial()} has what came of a packet that was cut off
 */
public record ClientEnd(Cause cause, long unsent, @Nullable Throwable failure) {
    /** Why a client has ended. */
    public enum Cause {
        /** This side has closed it, and all was sent that was to be. */
        CLOSED,
        /** This side has {@linkplain Client#takeOver() taken} the connection {@linkplain Client#takeOver() over}. */
        TAKEN_OVER,
        /** The peer has ended its stream; in the middle of a packet if there is a failure. */
        PEER_ENDED,
        /** The peer, or the network, has reset the connection. */
        RESET,
        /** The peer took nothing of what was sent for as long as the write timeout, or did not go on with a TLS handshake in time. */
        TIMEOUT,
        /** What the peer has sent is no packet, or too long a one. */
        PROTOCOL,
        /** The stream could not be secured, or was cut off. */
        TLS,
        /** The handler has thrown the failure. */
        HANDLER,
        /** The connection was lost otherwise. */
        FAILED
    }

    static ClientEnd of(Cause cause) {
        return new ClientEnd(cause, 0, null);
    }

    static ClientEnd of(ConnectionException failure) {
        Cause cause = switch (failure.reason()) {
            case CLOSED, INTERRUPTED -> Cause.CLOSED;
            case EOF -> Cause.PEER_ENDED;
            case RESET -> Cause.RESET;
            case TIMEOUT -> Cause.TIMEOUT;
            case FRAMING -> Cause.PROTOCOL;
            case TLS_HANDSHAKE, TLS_UNTRUSTED, TLS_EXPIRED, TLS_REVOKED, TLS_HOST_NAME, TLS_TRUNCATED -> Cause.TLS;
            default -> Cause.FAILED;
        };
        return new ClientEnd(cause, 0, cause == Cause.CLOSED ? null : failure);
    }

    /** The same where the peer had ended its stream before: then that came first. */
    ClientEnd behindPeersEnd() {
        return switch (cause) {
            case CLOSED, RESET, FAILED -> new ClientEnd(Cause.PEER_ENDED, unsent, failure);
            default -> this;
        };
    }

    /** How it has ended after all: not all of what was sent could be delivered. */
    ClientEnd instead(ConnectionException failure) {
        ClientEnd other = of(failure).withUnsent(unsent);
        return cause == Cause.PEER_ENDED ? other.behindPeersEnd() : other;
    }

    ClientEnd withUnsent(long bytes) {
        return new ClientEnd(cause, bytes, failure);
    }
}

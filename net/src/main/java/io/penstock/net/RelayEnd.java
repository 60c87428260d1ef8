package io.penstock.net;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link Relay} has ended, and what it has done.
 *
 * @param cause what came first
 * @param there bytes of the first connection that left for the second
 * @param back bytes of the second connection that left for the first
 * @param lasted from the start until then
 * @param failure what has happened to which peer, where a connection was lost or closed on this side, or a tap has thrown; else null
 */
public record RelayEnd(
        Cause cause,
        long there,
        long back,
        Duration lasted,
        @Nullable ConnectionException failure) {
    /** Why a relay has ended. */
    public enum Cause {
        /** Both sides have ended their streams, and all of it was delivered. */
        COMPLETE,
        /**
         * One side has ended its stream, and the whole relay with it: {@link RelayOptions#closeOnEof}, or because nothing more can be sent
         * to it, as over TLS 1.2 with the engine of the JDK.
         */
        ONE_ENDED,
        /** A connection was reset. */
        RESET,
        /** A TLS stream ended without {@code close_notify}: what has come of it may not be all. */
        TRUNCATED,
        /** A connection was lost otherwise, or a tap has thrown. */
        FAILED,
        /** Nothing went either way for as long as {@link RelayOptions#idle}. */
        IDLE,
        /** One side had ended its stream, and nothing went on for as long as {@link RelayOptions#linger}. */
        LINGER,
        /** It has lasted as long as {@link RelayOptions#lifetime}. */
        LIFETIME,
        /** This side has ended it: by {@link Relay#abort()}, through one of the connections, or with their loops. */
        ABORTED
    }
}

package io.penstock.http;

import java.time.Duration;

/**
 * What has become of a connection that was taken over: told once, when it has ended or HTTP has it again.
 *
 * @param cause how it has come to its end
 * @param received the bytes that came from the client from the take-over on, read or not; not those that HTTP gets back
 * @param sent the bytes sent to the client from the take-over on
 * @param lasted the time from the take-over on
 */
public record TakeOverEnd(Cause cause, long received, long sent, Duration lasted) {
    /** How the time of whoever had the connection has ended. */
    public enum Cause {
        /** It was {@linkplain io.penstock.net.Connection#resumeHttp() given back}. */
        RESUMED,
        /** It was closed, or its handler has returned; the client may have ended its stream before. */
        CLOSED,
        /** The client has reset it, or it has failed. */
        LOST,
        /** Its handler has thrown something, and it was aborted. */
        FAILED,
        /** A limit of this side's {@linkplain io.penstock.net.Connection#timeouts timeouts} has ended its handler, and it was aborted. */
        TIMEOUT,
        /** The server has aborted it: it was stopped, and the grace period over. */
        ABORTED,
        /**
         * Its taker has dropped it without ending it: nobody had it any more, so the server has closed it. The log has the stack of the
         * take-over.
         */
        FORGOTTEN
    }
}

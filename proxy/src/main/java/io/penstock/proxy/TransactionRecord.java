package io.penstock.proxy;

import io.penstock.http.RequestHead;
import java.net.SocketAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a transaction, told when it is over; and before that, what has happened by then, when its connection is taken over.
 *
 * @param id the transaction's number
 * @param session the number of the client's connection
 * @param time when it began
 * @param client the client's address
 * @param listener the address the client connected to
 * @param request the request's head; null when it was refused before it was one
 * @param status the status sent; 0 when none was
 * @param received bytes of the request's body, and of what came raw where the connection was taken over
 * @param sent bytes of the answer's body, and of what was sent raw
 * @param waitNanos from the begin to the choice of an origin; -1 when it was not reached, as below
 * @param connectNanos from there to a connection, dialled or pooled
 * @param firstByteNanos from there to the head of the origin's answer
 * @param totalNanos from the begin to the end
 * @param upstream the name of the upstream group; null when none was asked
 * @param origin the address of the last origin tried
 * @param reused whether its connection came out of the pool
 * @param attempts how many times an origin was tried
 * @param endedBy who ended the transaction; null when it has not ended, as its connection has just been taken over
 * @param phase where it was then; {@link Phase#DONE} when it came to its end, {@link Phase#TAKEN_OVER} when the
 *     connection was taken over
 * @param takenOver what went over the connection behind HTTP; null when it was not taken over
 */
public record TransactionRecord(
        long id,
        long session,
        Instant time,
        SocketAddress client,
        SocketAddress listener,
        @Nullable RequestHead request,
        int status,
        long received,
        long sent,
        long waitNanos,
        long connectNanos,
        long firstByteNanos,
        long totalNanos,
        @Nullable String upstream,
        @Nullable SocketAddress origin,
        boolean reused,
        int attempts,
        @Nullable EndedBy endedBy,
        Phase phase,
        @Nullable TakenOver takenOver) {
    /**
     * What went over a connection that was taken over, be it by a tunnel of ours or by the handler of a route.
     *
     * @param protocol what it went on with: what a 101 has named, {@code connect}, or {@code raw} when that was not said
     * @param received bytes that came from the client behind HTTP, read or not
     * @param sent bytes that were sent to the client behind HTTP, the head of the answer not counted
     * @param nanos how long that has lasted
     * @param cause how it has ended, in words; null when it has not
     */
    public record TakenOver(
            String protocol,
            long received,
            long sent,
            long nanos,
            @Nullable String cause) {}

    /** Who ended a transaction. */
    public enum EndedBy {
        /** Nobody: it came to its end. */
        NOBODY,
        CLIENT,
        ORIGIN,
        /** A limit, a timeout or a missing route of ours. */
        PENSTOCK,
        PLUGIN
    }

    /** Where the records go. Called on a virtual thread of the transaction: must not block. */
    @FunctionalInterface
    public interface Log {
        /** Keeps nothing, and spares the making of records. */
        Log NONE = _ -> {};

        /** A connection was taken over, by a tunnel or by a route's handler: nothing has gone over it yet, and {@link #closed} follows. */
        default void takenOver(TransactionRecord record) {}

        /** A transaction is over. */
        void closed(TransactionRecord record);
    }
}

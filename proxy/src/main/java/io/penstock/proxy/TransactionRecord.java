package io.penstock.proxy;

import io.penstock.http.RequestHead;
import java.net.SocketAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What happened in a transaction, told once when it is over.
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
 * @param endedBy who ended the transaction
 * @param phase where it was then; {@link Phase#DONE} when it came to its end, {@link Phase#TAKEN_OVER} when a handler took the
 *     connection over
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
        EndedBy endedBy,
        Phase phase) {
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

    /** Where the records go. Called on the transaction's virtual thread: must not block. */
    @FunctionalInterface
    public interface Log {
        /** Keeps nothing, and spares the making of records. */
        Log NONE = _ -> {};

        void closed(TransactionRecord record);
    }
}

package io.penstock.proxy;

import io.penstock.http.Exchange;
import io.penstock.http.TakeOverEnd;
import io.penstock.proxy.TransactionRecord.EndedBy;
import java.net.SocketAddress;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a transaction will be remembered by: which origins were asked and when, and who has ended it. On the transaction's thread. */
final class Chronicle {
    private static final long NEVER = -1;

    private final long begun = System.nanoTime();
    private @Nullable Upstream upstream;
    private @Nullable SocketAddress origin;
    private int attempts;
    private boolean reused;
    private long chosen = NEVER;
    private long connected = NEVER;
    private long firstByte = NEVER;
    private @Nullable EndedBy endedBy;
    private Phase endedIn = Phase.DONE;

    // behind HTTP; perhaps on a thread of a route's handler
    private volatile @Nullable String protocol;
    private volatile long takenOver;
    private @Nullable TakeOverEnd end;
    private @Nullable String cause;

    void upstream(Upstream asked) {
        upstream = asked;
    }

    /** The name of the upstream that was asked; null when none was. */
    @Nullable
    String upstream() {
        return upstream == null ? null : upstream.name();
    }

    /** An origin is about to be asked; what is known of the one before it does not count any more. */
    void attempt(SocketAddress address) {
        origin = address;
        attempts++;
        chosen = System.nanoTime();
        connected = NEVER;
        firstByte = NEVER;
        reused = false;
    }

    /** Another origin takes its place, before it was connected to. */
    void origin(SocketAddress address) {
        origin = address;
    }

    @Nullable
    SocketAddress origin() {
        return origin;
    }

    void connected(boolean fromPool) {
        reused = fromPool;
        connected = System.nanoTime();
    }

    boolean reused() {
        return reused;
    }

    void firstByte() {
        firstByte = System.nanoTime();
    }

    /** The connection was taken over: this is the phase in which everything ends from now on. */
    void takenOver(String by) {
        takenOver = System.nanoTime();
        endedIn = Phase.TAKEN_OVER;
        protocol = by;
    }

    /** Why the one who had it does not have it any more, where that is known better than from its connection. */
    void cause(Enum<?> why) {
        if (cause == null) cause = why.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    void takeOverEnded(TakeOverEnd told) {
        end = told;
        cause(told.cause());
    }

    /** The first one to end it is the one who did. */
    void ended(EndedBy by, Phase in) {
        if (endedBy != null) return;
        endedBy = by;
        endedIn = in;
    }

    /** Nobody has ended it before its time. */
    void over() {
        if (endedBy == null) endedBy = EndedBy.NOBODY;
    }

    TransactionRecord record(Transaction transaction) {
        Exchange exchange = transaction.exchange();
        Session session = transaction.session();
        long total = System.nanoTime() - begun;
        return new TransactionRecord(
                transaction.id(),
                session.id(),
                Instant.now().minusNanos(total),
                session.remoteAddress(),
                session.localAddress(),
                transaction.request(),
                exchange.status(),
                exchange.body().received() + (end == null ? 0 : end.received()),
                exchange.bytesSent() + (end == null ? 0 : end.sent()),
                since(begun, chosen),
                since(chosen, connected),
                since(connected, firstByte),
                total,
                upstream(),
                origin,
                reused,
                attempts,
                endedBy,
                endedIn,
                behindHttp());
    }

    private TransactionRecord.@Nullable TakenOver behindHttp() {
        String spoken = protocol;
        if (spoken == null) return null;
        TakeOverEnd told = end;
        if (told == null) return new TransactionRecord.TakenOver(spoken, 0, 0, 0, null);
        return new TransactionRecord.TakenOver(
                spoken, told.received(), told.sent(), System.nanoTime() - takenOver, cause);
    }

    private static long since(long before, long moment) {
        return moment == NEVER ? NEVER : moment - before;
    }
}

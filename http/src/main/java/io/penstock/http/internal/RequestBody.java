package io.penstock.http.internal;

import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.StreamConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/** The body of a request: opened by whoever asks for it first; and where nobody does, what is to be known of it, and to become of it. */
final class RequestBody {
    private static final AtomicReferenceFieldUpdater<RequestBody, @Nullable MessageBody> OPENED =
            AtomicReferenceFieldUpdater.newUpdater(RequestBody.class, MessageBody.class, "opened");

    /** How long the rest of a body that nobody read may take to come. */
    static final Duration DROPPING = Duration.ofSeconds(5);

    private final HttpService service;
    private final StreamConnection connection;
    private final BodyLength length;

    /** What the client waits for with it; null when it does not wait. */
    private final @Nullable Expectation expectation;

    private volatile @Nullable MessageBody opened;
    private volatile boolean retired;

    RequestBody(HttpService service, StreamConnection connection, BodyLength length, boolean waits) {
        this.service = service;
        this.connection = connection;
        this.length = length;
        this.expectation = waits ? new Expectation(connection.output()) : null;
    }

    /** The one there is. */
    MessageBody open() {
        MessageBody known = opened;
        if (known != null) return known;
        MessageBody made = MessageBody.of(
                length,
                connection.input(),
                connection.remoteAddress(),
                service.limits(),
                service.options().bodyLimit());
        if (expectation != null) made.beforeFirst(expectation::ask);
        if (!OPENED.compareAndSet(this, null, made)) return open();
        if (retired) made.retire(); // nobody is to read the next request for it
        return made;
    }

    /** Null when nobody has asked for it. */
    @Nullable
    MessageBody opened() {
        return opened;
    }

    boolean isNone() {
        return length instanceof BodyLength.None;
    }

    /** Whether all of it has come. */
    boolean isComplete() {
        MessageBody known = opened;
        return isNone() || known != null && known.isComplete();
    }

    /** Whether nobody has asked for it, and it is more than is dropped for them. */
    boolean isTooMuchToDrop() {
        return opened == null && length instanceof BodyLength.Sized(long bytes) && bytes > unreadLimit();
    }

    private long unreadLimit() {
        return service.options().unreadBodyLimit();
    }

    /** Whether something has come that is not of it, or may have. */
    boolean isFollowed() {
        MessageBody known = opened;
        return !isNone() && (known == null || !known.isConsumed())
                || connection.input().buffered() > 0;
    }

    /** Drops the rest of it, if it is little; whether the next thing to come is a request. */
    boolean clear() {
        if (isNone()) return true;
        if (isHeldBack()) return false; // it may come or not, and cannot be told from a request
        if (!open().isConsumed()) {
            try (var _ = connection.deadline(DROPPING)) {
                if (!open().drop(unreadLimit())) return false;
            } catch (ConnectionException _) {
                return false; // malformed, too slow, or still being read: no request can follow
            }
        }
        return true;
    }

    /** Nobody receives of it any more; false when a thread is at it. Idempotent. */
    boolean retire() {
        retired = true;
        MessageBody known = opened;
        return known == null || known.retire();
    }

    // ---- what the client waits for

    /** Whether the client waits to be asked for it; behind the answer it will not be, and the body may come or not. */
    boolean isHeldBack() {
        return expectation != null && !expectation.wasAsked();
    }

    /** Asks for it, if the client waits for that. */
    void ask() throws ConnectionException {
        if (expectation != null) expectation.ask();
    }

    /** The handler sends an interim response. */
    void inform(Reply reply, ResponseHead head) throws ConnectionException {
        if (expectation == null) {
            reply.inform(head);
        } else {
            expectation.inform(reply, head);
        }
    }

    /** The answer begins: from now on nobody asks. */
    void answered() {
        if (expectation != null) expectation.answered();
    }
}

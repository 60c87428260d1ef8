package io.penstock.http.internal;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Action;
import io.penstock.net.internal.StreamConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request and its answer on a server's connection. */
final class ServerExchange implements Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(ServerExchange.class);
    private static final AtomicLong IDS = new AtomicLong();
    private static final byte[] CONTINUE = HeadEncoder.latin("HTTP/1.1 100 Continue\r\n\r\n");

    /** How long the rest of a body that nobody read may take to come. */
    private static final Duration DROPPING = Duration.ofSeconds(5);

    /** Up to this size a body goes out in one piece with its head. */
    private static final int SMALL = 2048;

    private final long id = IDS.incrementAndGet();
    private final HttpService service;
    private final StreamConnection connection;
    private final HeadEncoder encoder;
    private final RequestHead request;
    private final BodyLength length;
    private final boolean wantsMore;

    /**
     * Held to write 100 or to begin the answer when the client waits for one of them, as the body may be read by another thread than
     * the one that answers; null when it does not wait.
     */
    private final @Nullable ReentrantLock interim;

    private volatile boolean continued;
    private volatile @Nullable MessageBody body;
    private @Nullable MessageOutput output;
    private volatile int status;
    private long wholeBody;
    private boolean persistent;
    private volatile @Nullable TakeOver taken;
    private @Nullable List<Action> watches;

    /** The connection was taken over, and handed to somebody who has it behind the handler. */
    private boolean outlives;

    /** The handler has returned. */
    private volatile boolean over;

    ServerExchange(
            HttpService service,
            StreamConnection connection,
            HeadEncoder encoder,
            RequestHead request,
            BodyLength length,
            boolean waits,
            boolean last) {
        this.service = service;
        this.connection = connection;
        this.encoder = encoder;
        this.request = request;
        this.length = length;
        this.interim = waits ? new ReentrantLock() : null;
        this.wantsMore = Framing.keepsAlive(request.version(), request.headers());
        this.persistent = wantsMore && !last;
        if (hasBody()) connection.timeouts(service.bodyTimeouts());
    }

    // ---- the request

    @Override
    public long id() {
        return id;
    }

    @Override
    public RequestHead request() {
        return request;
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public Body body() {
        return messageBody();
    }

    private MessageBody messageBody() {
        MessageBody opened = body;
        if (opened == null) {
            opened = MessageBody.of(
                    length,
                    connection.input(),
                    connection.remoteAddress(),
                    service.limits(),
                    service.options().bodyLimit());
            if (interim != null) opened.beforeFirst(this::sendContinue);
            body = opened;
        }
        return opened;
    }

    @Override
    public void onClientEnd(Consumer<Reason> told) {
        if (watches == null) watches = new ArrayList<>(1);
        Action watch = connection.onInputEnd(reason -> {
            if (!over && reason != Reason.CLOSED) told.accept(reason);
        });
        watches.add(watch);
        if (over) watch.cancel(); // it came too late for retire()
    }

    private boolean hasBody() {
        return !(length instanceof BodyLength.None);
    }

    private void sendContinue() throws ConnectionException {
        ReentrantLock lock = interim;
        if (lock == null) return;
        lock.lock();
        try {
            if (committed() || continued) return;
            continued = true;
            connection.output().send(CONTINUE, 0, CONTINUE.length);
        } finally {
            lock.unlock();
        }
    }

    // ---- the answer

    @Override
    public void respond(int code, String text) throws ConnectionException {
        respond(code, Reasons.of(code), null, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void respond(ResponseHead head, byte[] bytes) throws ConnectionException {
        respond(head.status(), head.reason(), head.headers(), bytes);
    }

    /** The whole answer at once; without headers it is plain text. */
    private void respond(int code, String reason, @Nullable Headers headers, byte[] bytes) throws ConnectionException {
        requireFinal(code);
        boolean sent = !isBodyless(code);
        begin(code, headers, false, length instanceof BodyLength.Sized sized && sized.bytes() > unreadLimit());
        encoder.statusLine(code, reason);
        boolean dated = false;
        if (headers != null) {
            dated = encoder.fields(headers, HeadEncoder.FRAMING | HeadEncoder.LENGTH);
        } else {
            encoder.raw(HeadEncoder.PLAIN_TEXT);
        }
        if (code != 204 && code != 304) encoder.contentLength(bytes.length);
        endHead(dated);
        if (sent && bytes.length <= SMALL) encoder.raw(bytes);
        sendHead();
        if (sent && bytes.length > SMALL) connection.output().send(bytes, 0, bytes.length);
        wholeBody = sent ? bytes.length : 0;
    }

    @Override
    public BodyOutput start(ResponseHead head) throws ConnectionException {
        int code = head.status();
        requireFinal(code);
        Headers headers = head.headers();
        boolean none = isBodyless(code);
        long size = announced(headers);
        boolean untilClose = !none && size < 0 && request.version() == HttpVersion.HTTP_1_0;
        begin(code, headers, untilClose, false);
        encoder.statusLine(code, head.reason());
        boolean dated = encoder.fields(headers, HeadEncoder.FRAMING | (code == 204 ? HeadEncoder.LENGTH : 0));
        boolean chunked = !none && size < 0 && !untilClose;
        if (chunked) encoder.raw(HeadEncoder.CHUNKED);
        endHead(dated);
        MessageOutput opened;
        if (none) {
            opened = PlainOutput.dropping(connection.output());
        } else if (chunked) {
            opened = new ChunkedOutput(connection.output());
        } else if (untilClose) {
            opened = PlainOutput.untilClose(connection.output());
        } else {
            opened = new SizedOutput(size, connection.output());
        }
        output = opened;
        sendHead();
        return opened;
    }

    @Override
    public void inform(ResponseHead head) throws ConnectionException {
        if (!head.isInterim()) throw new IllegalArgumentException("not an interim response: " + head.status());
        if (committed()) throw answered();
        if (request.version() == HttpVersion.HTTP_1_0) return;
        ReentrantLock lock = interim;
        if (lock != null) lock.lock();
        try {
            if (head.status() == 100) continued = true;
            encoder.statusLine(head.status(), head.reason());
            encoder.fields(head.headers(), HeadEncoder.FRAMING | HeadEncoder.LENGTH);
            encoder.end().sendTo(connection.output());
        } finally {
            if (lock != null) lock.unlock();
        }
    }

    @Override
    public boolean committed() {
        return status != 0 || taken != null;
    }

    @Override
    public int status() {
        return status;
    }

    @Override
    public long bytesSent() {
        MessageOutput streamed = output;
        return streamed == null ? wholeBody : streamed.sent();
    }

    /** The one transition from unanswered to answered, and the last moment to decide about the connection. */
    private void begin(int code, @Nullable Headers headers, boolean untilClose, boolean tooMuchUnread) {
        ReentrantLock lock = interim;
        if (lock != null) lock.lock();
        try {
            if (committed()) throw answered();
            status = code;
        } finally {
            if (lock != null) lock.unlock();
        }
        if (untilClose
                || tooMuchUnread && !bodyBegun()
                || lock != null && !continued
                || service.isDraining()
                || headers != null && headers.containsToken(HeaderNames.CONNECTION, "close")) {
            persistent = false;
        }
    }

    private void endHead(boolean dated) {
        if (!dated) encoder.raw(HttpDate.line());
        if (!persistent) {
            encoder.raw(HeadEncoder.CLOSE);
        } else if (request.version() == HttpVersion.HTTP_1_0) {
            encoder.raw(HeadEncoder.KEEP_ALIVE);
        }
        encoder.end();
    }

    private void sendHead() throws ConnectionException {
        encoder.sendTo(connection.output());
    }

    private boolean isBodyless(int code) {
        return code == 204 || code == 304 || request.method().equals("HEAD");
    }

    private boolean bodyBegun() {
        return body != null;
    }

    private long unreadLimit() {
        return service.options().unreadBodyLimit();
    }

    private static void requireFinal(int code) {
        if (code < 200 || code > 999) throw new IllegalArgumentException("not the status of an answer: " + code);
    }

    private static long announced(Headers headers) {
        try {
            return Framing.contentLength(headers);
        } catch (BadMessage e) {
            throw new IllegalArgumentException(e.reason() + ": " + headers.all(HeaderNames.CONTENT_LENGTH), e);
        }
    }

    private IllegalStateException answered() {
        String why = taken != null ? "has lost its connection to whoever took it over" : "is answered, with " + status;
        return new IllegalStateException(this + " " + why);
    }

    @Override
    public String toString() {
        return "exchange " + id + " (" + request + ")";
    }

    // ---- the connection itself

    @Override
    public Connection takeOver(UnreadBody unread) throws ConnectionException {
        if (taken != null) throw new IllegalStateException("the connection of " + this + " was taken over already");
        if (over) throw new IllegalStateException(this + " is over: a connection is taken over while its handler runs");
        MessageBody opened = messageBody();
        if (unread instanceof UnreadBody.Drain && isHeldBack(opened)) {
            throw new IllegalStateException(
                    "the client of " + this + " was not asked to continue before it got the answer,"
                            + " and its body may never come: choose UnreadBody.RAW");
        }
        try (var _ = unread instanceof UnreadBody.Drain ? connection.deadline(DROPPING) : null) {
            TakeOver.settle(opened, unread, connection);
        }
        connection.output().flush();
        var taking = new TakeOver(toString(), obstacle(opened));
        opened.giveBack();
        if (output != null) output.takenOver();
        taken = taking;
        connection.takenOverFrom(taking);
        return connection;
    }

    /** Whether the client waits with its body for what it will not get any more. */
    private boolean isHeldBack(MessageBody request) {
        return interim != null && !continued && committed() && request.received() == 0;
    }

    /** Why no other exchange can follow this one as it is now; null when it can. */
    private @Nullable String obstacle(MessageBody request) {
        if (!request.isConsumed()) return "the body of its request was not read to its end";
        if (output != null && !output.isFinished()) return "its answer was begun and not finished";
        return persistent ? null : "it is the last one, as one of the two sides has announced";
    }

    // ---- the end

    /** The handler has returned: completes the answer, and clears the rest of the request out of the way. */
    void finish() throws ConnectionException {
        over = true;
        if (taken != null) {
            outlives = isElsewhere(taken);
            return;
        }
        if (!committed()) {
            throw new IllegalStateException("the handler returned without an answer");
        }
        if (output != null) output.finish();
        if (hasBody()) persistent = persistent && isBodyCleared();
    }

    /** The handler, or the end of its answer, has failed: answers for it if that is still possible. */
    void failed(Throwable failure) throws ConnectionException {
        over = true;
        persistent = false;
        if (taken != null) {
            outlives = isElsewhere(taken);
            if (isEnd(failure)) return; // the usual end of whoever reads until there is nothing more
            if (outlives || taken.isResumed()) {
                if (!(failure instanceof ConnectionException))
                    log(failure, "when it had given its connection away, which goes on without it");
                return;
            }
        }
        MessageBody opened = body;
        BadMessage problem = failure instanceof ConnectionException && opened != null ? opened.problem() : null;
        Reason lost = failure instanceof ConnectionException && opened != null ? opened.failure() : null;
        if (committed()) {
            // the client must not take for complete what is not
            if (!(failure instanceof ConnectionException))
                log(failure, "in the middle of its answer; the connection is aborted");
            connection.abort();
        } else if (problem != null) {
            service.handler().refused(connection, problem.status(), problem.reason());
            respond(
                    problem.status(),
                    problem.status() + " " + Reasons.of(problem.status()) + ": " + problem.reason() + "\n");
        } else if (lost == Reason.TIMEOUT) {
            respond(408, "408 Request Timeout: the body of the request did not come in time\n");
        } else if (lost != null || failure instanceof InterruptedException || !connection.isOpen()) {
            connection.abort();
        } else {
            log(failure, "before it answered; the answer is 500");
            respond(500, "500 Internal Server Error\n");
        }
    }

    /** Whether somebody has the connection behind the handler: neither the handler any more, nor the server again. */
    private boolean isElsewhere(TakeOver raw) {
        return !raw.isResumed() && !connection.comeHome();
    }

    /** Whether it is the client that has ended its stream, and not somebody else whom the handler talks to. */
    private boolean isEnd(Throwable failure) {
        return failure instanceof ConnectionException e && e.reason() == Reason.EOF && connection.isPeer(e.peer());
    }

    private void log(Throwable failure, String when) {
        LOG.error("{} from {}: the handler failed {}", request, connection.remoteAddress(), when, failure);
    }

    /** Drops the rest of the request's body, if it is little; whether the next thing to come is a request. */
    private boolean isBodyCleared() {
        if (interim != null && !continued) return false; // it may come or not, and cannot be told from a request
        if (!messageBody().isConsumed()) {
            try (var _ = connection.deadline(DROPPING)) {
                if (!messageBody().drop(unreadLimit())) return false;
            } catch (ConnectionException _) {
                return false; // malformed, too slow, or still being read: no request can follow
            }
        }
        return true;
    }

    /** Waits until whoever has the connection behind the handler has ended it or given it back; nothing if nobody has. */
    void awaitTaker() {
        TakeOver raw = taken;
        if (raw == null) return;
        if (outlives) raw.await(connection);
        persistent = raw.isResumed();
    }

    /** Drops what is left in this process, whatever happened. Idempotent. */
    void retire() {
        connection.uncorkAll();
        MessageBody opened = body;
        if (opened != null && !opened.retire()) {
            persistent = false;
            connection.abort(); // a thread of the handler is still reading: it gets CLOSED
        }
        if (watches != null) watches.forEach(Action::cancel);
        if (connection.timeouts() != service.idleTimeouts()) connection.timeouts(service.idleTimeouts());
    }

    /** Whether the connection can take another request. */
    boolean persists() {
        return persistent;
    }

    /** Whether the client expects the connection to end behind this exchange, and has nothing more to send. */
    boolean isPartingExpected() {
        MessageBody opened = body;
        return taken == null && !wantsMore && (!hasBody() || opened != null && opened.isComplete());
    }
}

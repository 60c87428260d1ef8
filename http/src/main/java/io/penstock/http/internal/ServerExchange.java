package io.penstock.http.internal;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.Exchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.Headers;
import io.penstock.http.HttpVersion;
import io.penstock.http.NotAskedException;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakenOver;
import io.penstock.http.UnreadBody;
import io.penstock.http.internal.Progress.Busy;
import io.penstock.http.internal.Progress.Doing;
import io.penstock.http.internal.Progress.Stage;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import io.penstock.net.internal.GuardedConnection;
import io.penstock.net.internal.StreamConnection;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request and its answer on a server's connection. */
final class ServerExchange implements Exchange {
    private static final Logger LOG = LoggerFactory.getLogger(ServerExchange.class);
    private static final AtomicLong IDS = new AtomicLong();

    private final long id = IDS.incrementAndGet();
    private final HttpService service;
    private final StreamConnection connection;
    private final GuardedConnection guarded;
    private final RequestHead request;
    private final RequestBody body;
    private final boolean wantsMore;
    private final Progress progress = new Progress(this);
    private final ClientEnd clientEnd = new ClientEnd();
    private final Shutdown shutdown;
    private final Reply reply;

    /** Whether another request may follow, for all that is known. */
    private volatile boolean persistent;

    // the server's thread, behind the handler
    private @Nullable TakeOver taken;
    private boolean outlives;

    ServerExchange(
            HttpService service,
            GuardedConnection guarded,
            HeadEncoder encoder,
            RequestHead request,
            BodyLength length,
            boolean waits,
            boolean last) {
        this.service = service;
        this.guarded = guarded;
        this.connection = guarded.unguarded();
        this.request = request;
        this.body = new RequestBody(service, connection, length, waits);
        this.shutdown = new Shutdown(connection.loop());
        this.reply = new Reply(request, encoder, connection.output());
        this.wantsMore = Framing.keepsAlive(request.version(), request.headers());
        this.persistent = wantsMore && !last;
        if (!body.isNone()) connection.timeouts(service.bodyTimeouts());
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
        return guarded;
    }

    @Override
    public Body body() {
        return body.open();
    }

    @Override
    public void onClientEnd(Consumer<Reason> told) {
        clientEnd.tell(connection.inUse(), told);
    }

    @Override
    public void onShutdown(Loop.Task told) {
        shutdown.tell(told);
        if (service.isDraining()) shutdown.begin(); // it may have been told a moment before
    }

    /** The server stops. Any thread. */
    void serverStops() {
        shutdown.begin();
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

    private void respond(int code, String reason, @Nullable Headers headers, byte[] bytes) throws ConnectionException {
        Busy answering = begin(code, headers, false, body.isTooMuchToDrop());
        try {
            reply.send(code, reason, headers, bytes, persistent);
        } finally {
            progress.done(answering);
        }
    }

    @Override
    public BodyOutput start(ResponseHead head) throws ConnectionException {
        BodyLength answer = reply.lengthOf(head);
        Busy answering = begin(head.status(), head.headers(), answer instanceof BodyLength.UntilClose, false);
        try {
            return reply.start(head, answer, persistent);
        } finally {
            progress.done(answering);
        }
    }

    @Override
    public void inform(ResponseHead head) throws ConnectionException {
        if (!head.isInterim()) {
            throw new IllegalArgumentException("not an interim response: " + head.status()
                    + (head.status() == Switching.PROTOCOLS ? "; use upgrade(...)" : ""));
        }
        Busy informing = progress.inform();
        try {
            if (request.version() == HttpVersion.HTTP_1_0) return;
            body.inform(reply, head);
        } finally {
            progress.done(informing);
        }
    }

    /** The beginning of the answer, and the last moment to decide about the connection. */
    private Busy begin(int code, @Nullable Headers headers, boolean untilClose, boolean tooMuchUnread) {
        requireFinal(code);
        Busy answering = progress.answer(code);
        body.answered();
        if (untilClose
                || tooMuchUnread
                || body.isHeldBack()
                || isDeclined()
                || service.isDraining()
                || headers != null && headers.containsToken(HeaderNames.CONNECTION, "close")) {
            persistent = false;
        }
        return answering;
    }

    private void requireFinal(int code) {
        if (code == Switching.PROTOCOLS) {
            throw new IllegalArgumentException("behind a 101 the connection is no more HTTP's: use upgrade(...)");
        }
        if (code < 200 || code > 999) throw new IllegalArgumentException("not the status of an answer: " + code);
        if (code < 300 && Switching.isConnect(request)) {
            throw new IllegalArgumentException(
                    "behind a " + code + " to CONNECT the connection is no more HTTP's: use acceptConnect(...)");
        }
    }

    @Override
    public boolean committed() {
        return progress.isCommitted();
    }

    @Override
    public int status() {
        return progress.status();
    }

    @Override
    public long bytesSent() {
        return reply.bytesSent();
    }

    /**
     * Whether the client whose offer is declined may have gone on as if it were not. What it has sent then was meant for another protocol,
     * and whoever wrote it would like to see it taken for a request. A proxy that asks for a tunnel does not know what its own client
     * sends, so it may always have. Source: RFC 9931.
     */
    private boolean isDeclined() {
        return Switching.isConnect(request) || request.offersUpgrade() && body.isFollowed();
    }

    @Override
    public String toString() {
        return "exchange " + id + " (" + request + ")";
    }

    // ---- the connection itself

    @Override
    public Connection takeOver(UnreadBody unread) throws ConnectionException {
        return takeOver(null, unread, progress.takeOver());
    }

    @Override
    public Connection takeOver(ResponseHead head, UnreadBody unread) throws ConnectionException {
        Switching.require(request, head);
        return takeOver(head, unread, progress.switchOver());
    }

    @Override
    public boolean takenOver() {
        return progress.isTakenOver();
    }

    /** Who has its connection at the moment; null when nobody has but this. */
    @Nullable
    TakenOver taker() {
        TakeOver by = progress.taker();
        return by == null ? null : by.now();
    }

    private Connection takeOver(@Nullable ResponseHead head, UnreadBody unread, Busy taking)
            throws ConnectionException {
        MessageOutput answer = null;
        try {
            MessageBody asked = body.open();
            if (unread instanceof UnreadBody.Drain && body.isHeldBack() && committed() && asked.received() == 0) {
                throw new IllegalStateException(
                        "the client of " + this + " was not asked to continue before it got the answer,"
                                + " and its body may never come: choose UnreadBody.RAW");
            }
            answer = claimed(reply.body());
            try (var _ = unread instanceof UnreadBody.Drain ? connection.deadlineWithin(RequestBody.DROPPING) : null) {
                TakeOver.settle(asked, unread, this);
            }
            if (head != null && head.status() == Switching.PROTOCOLS) body.ask();
            // there may be input where nothing can be sent any more
            if (connection.owes()) connection.output().flush();
            var taken = new TakeOver(toString(), Switching.protocol(request, head), connection, obstacle(asked));
            asked.giveBack();
            StreamConnection raw = connection.lendTo(taken);
            taken.begin();
            progress.takenOver(taking, taken, head == null ? -1 : head.status());
            if (answer != null) answer.takenOver(taken);
            TakenOver now = taken.now();
            if (now != null) service.handler().takenOver(this, now);
            if (head != null) taken.sentHead(reply.sendLast(head, raw.output()));
            return raw;
        } finally {
            if (answer != null) answer.unclaim();
            progress.done(taking);
        }
    }

    /** Nobody is to be in the middle of a piece. */
    private static @Nullable MessageOutput claimed(@Nullable MessageOutput answer) throws ConnectionException {
        if (answer != null) answer.claim();
        return answer;
    }

    /** Why no other exchange can follow this one as it is now; null when it can. */
    private @Nullable String obstacle(MessageBody asked) {
        MessageOutput answer = reply.body();
        if (!asked.isConsumed()) return "the body of its request was not read to its end";
        if (answer != null && !answer.isFinished()) return "its answer was begun and not finished";
        return persistent ? null : "it is the last one, as one of the two sides has announced";
    }

    // ---- the end

    /** The handler has returned: completes the answer, and clears the rest of the request out of the way. */
    void finish() throws ConnectionException {
        switch (progress.end()) {
            case Progress.TakenOver(TakeOver taken, var _) -> leave(taken);
            case Progress.Answered _ -> {
                MessageOutput answer = reply.body();
                if (answer != null) answer.finish();
                persistent = persistent && body.clear();
            }
            case Busy(var _, Doing doing) ->
                throw new IllegalStateException("the handler of " + this + " returned while another thread " + doing);
            case Progress.Unanswered _, Progress.Over _ ->
                throw new IllegalStateException("the handler returned without an answer");
        }
    }

    /** The handler, or the end of its answer, has failed: answers for it if that is still possible. */
    void failed(Throwable failure) throws ConnectionException {
        persistent = false;
        Stage last = progress.end();
        if (last instanceof Progress.TakenOver(TakeOver raw, var _)) {
            leave(raw);
            if (isEnd(failure)) return; // the usual end of whoever reads until there is nothing more
            if (outlives || raw.isResumed()) {
                log(
                        failure,
                        raw.isResumed() || connection.inUse().isOpen()
                                ? "behind its connection, which is somebody else's by now"
                                : "behind its connection, which it had ended before");
                return;
            }
            if (!(failure instanceof ConnectionException lost) || isMistake(lost)) {
                raw.failed();
            } else if (isLoss(lost)) {
                raw.lost(lost.reason());
            } else if (isTimeout(lost)) {
                raw.timedOut(lost);
            } else {
                raw.failed(lost);
            }
        }
        if (last instanceof Progress.Unanswered) {
            failedUnanswered(failure);
        } else if (last instanceof Progress.Answered && reply.isComplete()) {
            log(failure, "behind its answer, which is complete; the connection is closed");
        } else {
            // the client must not take for complete what is not
            log(failure, "in the middle of its answer; the connection is aborted");
            connection.revoke();
        }
    }

    private void failedUnanswered(Throwable failure) throws ConnectionException {
        MessageBody opened = failure instanceof ConnectionException ? body.opened() : null;
        BadMessage problem = opened == null ? null : opened.problem();
        Reason lost = opened == null ? null : opened.failure();
        if (problem != null) {
            service.handler().refused(guarded, problem.status(), problem.reason());
            answerInstead(problem.status(), ": " + problem.reason());
        } else if (lost == Reason.TIMEOUT) {
            answerInstead(408, ": the body of the request did not come in time");
        } else if (lost != null || failure instanceof InterruptedException || !connection.isOpen()) {
            connection.abort();
        } else if (isTooLong(failure)) {
            answerInstead(413, ": the body of the request is longer than is taken here");
        } else if (failure instanceof NotAskedException asked) {
            LOG.debug("{}: {}", origin(), asked.getMessage());
            answerInstead(asked.answer(), asked.text());
        } else {
            tell(failure);
            answerInstead(500, "");
        }
    }

    /** Where it is a connection of the handler's own that has failed, what is to be known is in the text. */
    private void tell(Throwable failure) {
        String text = "{}: the handler failed before it answered; the answer is 500";
        if (failure instanceof ConnectionException lost && !isMistake(lost)) {
            LOG.error(text + ": {}", origin(), lost.getMessage());
            LOG.debug("{}", origin(), lost);
        } else {
            LOG.error(text, origin(), failure);
        }
    }

    private void answerInstead(int code, String why) throws ConnectionException {
        answerInstead(ResponseHead.of(code), code + " " + Reasons.of(code) + why + "\n");
    }

    private void answerInstead(ResponseHead head, String text) throws ConnectionException {
        progress.endWith(head.status());
        body.answered();
        Headers headers = head.headers().copy().set(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8");
        reply.send(head.status(), head.reason(), headers, text.getBytes(StandardCharsets.UTF_8), false);
    }

    /** Whether it is the client that has ended its stream, and not somebody else whom the handler talks to. */
    private boolean isEnd(Throwable failure) {
        return failure instanceof ConnectionException e && e.reason() == Reason.EOF && connection.isPeer(e.peer());
    }

    /** Whether it is a limit of this side that has passed on the client's connection. */
    private boolean isTimeout(ConnectionException failure) {
        return failure.reason() == Reason.TIMEOUT && connection.isPeer(failure.peer());
    }

    /** Whether the client has sent more than the handler takes. */
    private boolean isTooLong(Throwable failure) {
        return failure instanceof ConnectionException e && e.reason() == Reason.TOO_LONG && connection.isPeer(e.peer());
    }

    /** Whether it says no more than that the client's connection is no more. */
    private boolean isLoss(ConnectionException failure) {
        return switch (failure.reason()) {
            case EOF, RESET, FAILED, CLOSED -> connection.isPeer(failure.peer());
            default -> false;
        };
    }

    /** Whether it is no connection that has failed, but the handler, which is at it with two threads. */
    private static boolean isMistake(ConnectionException failure) {
        return switch (failure.reason()) {
            case BUSY_CONNECTING, BUSY_READING, BUSY_WRITING -> true;
            default -> false;
        };
    }

    /** Connections fail all the time; everything else is a fault of the handler. */
    private void log(Throwable failure, String when) {
        if (!(failure instanceof ConnectionException lost) || isMistake(lost)) {
            LOG.error("{}: the handler failed {}", origin(), when, failure);
        }
    }

    private String origin() {
        return request + " from " + connection.remoteAddress();
    }

    private void leave(TakeOver raw) {
        taken = raw;
        outlives = raw.outlivesHandler();
    }

    /** Has it told, once, when whoever has the connection behind the handler has ended it or given it back. Short work, on any thread. */
    void whenTakerIsDone(Runnable told) {
        Objects.requireNonNull(taken).whenDone(told);
    }

    /** The take-over of its connection, once the handler has returned; null when there was none. */
    @Nullable
    TakeOver taken() {
        return taken;
    }

    /** Whether its connection was left to somebody who has it behind the handler, and ends it or gives it back. */
    boolean outlives() {
        return outlives;
    }

    /** Drops what is left in this process, whatever happened. Idempotent. */
    void retire() {
        StreamConnection last = connection.inUse();
        last.uncorkAll();
        if (!body.retire()) {
            persistent = false;
            connection.revoke(); // a thread of the handler is still reading: it gets CLOSED
        }
        clientEnd.forget();
        shutdown.forget();
        connection.renew(service.idleTimeouts());
        if (last != connection) last.renew(service.idleTimeouts());
    }

    /** Whether the connection can take another request. */
    boolean persists() {
        TakeOver raw = taken;
        return raw == null ? persistent : raw.isResumed();
    }

    /** Whether the client expects the connection to end behind this exchange, and has nothing more to send. */
    boolean isPartingExpected() {
        return taken == null && !wantsMore && body.isComplete();
    }
}

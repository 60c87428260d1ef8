package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.http.Handler;
import io.penstock.http.HeaderNames;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.HttpVersion;
import io.penstock.http.RequestHead;
import io.penstock.http.TakenOver;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.BufferedInput;
import io.penstock.net.internal.ConnectionScope;
import io.penstock.net.internal.GuardedConnection;
import io.penstock.net.internal.StreamConnection;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection, from its first request to its end, on its own virtual thread: read a head, have it answered, clear away
 * what was not read, next. Pipelined requests are answered in order because nothing here happens twice at a time.
 *
 * <p>When a handler has returned and left the connection to whoever has taken it over, which may be for days, the thread ends, and what it
 * would have waited with. Another one goes on from there as soon as the connection is given back or has ended.
 */
final class ServerConnection {
    private static final Logger LOG = LoggerFactory.getLogger(ServerConnection.class);

    /** How long a client may go on sending after an answer that ends the connection, so that a reset does not destroy it. */
    private static final Duration PARTING = Duration.ofSeconds(2);

    private final HttpService service;
    private final StreamConnection connection;

    /** As the handler sees it. */
    private final GuardedConnection guarded;

    private final BufferedInput input;
    private final HeadReader heads;
    private final HeadEncoder encoder = new HeadEncoder();
    private final ConnectionScope scope = ConnectionScope.unentered("served connection");
    private final Runnable ended;
    private long requests;

    /** Between two requests, or before the first. Read by whoever drains the service. */
    private volatile boolean idle = true;

    /** The exchange that is under way, to its very end; null between two. */
    private volatile @Nullable ServerExchange current;

    /** The server did not want to wait any more. */
    private volatile boolean aborted;

    /** What comes behind an exchange. */
    private enum Next {
        REQUEST,
        /** Somebody who has the connection behind its handler. */
        TAKER,
        END
    }

    /**
     * On the thread that is to serve it.
     *
     * @param ended run when it was served, and was closed
     */
    ServerConnection(HttpService service, StreamConnection connection, Runnable ended) {
        this.service = service;
        this.connection = connection;
        this.guarded = new GuardedConnection(connection);
        this.ended = ended;
        this.input = connection.input();
        this.heads = new HeadReader(input, service.limits());
        connection.transfer(scope);
    }

    /** Serves, and closes the connection behind it; where it returns before, the rest is another thread's. */
    void serve() throws Exception {
        serve(null);
    }

    /** @param left the exchange to go on behind, which its handler has left to a taker; null for a connection that begins */
    private void serve(@Nullable ServerExchange left) throws Exception {
        Next next = Next.END;
        scope.enter();
        try {
            next = serveRequests(left);
            if (next != Next.TAKER) connection.close();
        } catch (Throwable e) {
            connection.abort();
            throw e;
        } finally {
            if (next == Next.TAKER) {
                scope.leave();
            } else {
                scope.close();
                service.ended(this);
                ended.run();
            }
        }
        if (next == Next.TAKER) leave();
    }

    private Next serveRequests(@Nullable ServerExchange left) throws Exception {
        Handler handler = service.handler();
        if (left == null) handler.opened(guarded);
        Next next = Next.END;
        try {
            next = left == null ? Next.REQUEST : conclude(left);
            while (next == Next.REQUEST) next = serveRequest();
        } catch (BadMessage e) {
            next = Next.END;
            refuse(e);
        } finally {
            if (next != Next.TAKER) handler.closed(guarded);
        }
        return next;
    }

    private Next serveRequest() throws Exception {
        if (!awaitRequest()) return Next.END;
        RequestHead head = receiveHead();
        return head == null ? Next.END : answer(head);
    }

    /** The last that this thread does. */
    private void leave() {
        ServerExchange exchange = Objects.requireNonNull(current);
        heads.rest();
        encoder.rest();
        exchange.whenTakerIsDone(() -> connection.loop().spawn("connection " + connection.id(), () -> serve(exchange)));
    }

    /** Waits for the first byte of a request, holding as little memory as can be; false when there will be none. */
    private boolean awaitRequest() {
        heads.trim();
        encoder.trim();
        idle = true;
        try {
            if (service.isClosingIdle() && input.buffered() == 0) endIfIdle();
            return input.ready();
        } catch (ConnectionException _) {
            return false; // idle for too long, reset, or drained: no request is lost, and there is nobody to tell
        } finally {
            idle = false;
        }
    }

    /** Receives the head that has begun to come, all of it within one deadline; null when the client leaves in the middle. */
    private @Nullable RequestHead receiveHead() throws BadMessage, ConnectionException {
        heads.begin();
        RequestHead head = heads.parseRequest();
        if (head != null) return head;
        Duration limit = service.options().headTimeout();
        try (var _ = connection.deadline(limit)) {
            while (heads.more()) {
                head = heads.parseRequest();
                if (head != null) return head;
            }
            return null;
        } catch (ConnectionException e) {
            if (e.reason() != Reason.TIMEOUT) throw e;
            throw new BadMessage(408, "the head of the request did not come within " + limit.toMillis() + " ms");
        }
    }

    private Next answer(RequestHead head) throws Exception {
        ServerExchange exchange = open(head);
        current = exchange;
        try (var _ = ConnectionScope.enter("exchange")) {
            handle(exchange);
        } catch (Throwable e) {
            end(exchange);
            throw e;
        }
        return exchange.outlives() ? Next.TAKER : conclude(exchange);
    }

    /** Of an exchange that nobody is at any more. */
    private Next conclude(ServerExchange exchange) throws ConnectionException {
        try {
            if (exchange.persists()) return Next.REQUEST;
            part(exchange);
            return Next.END;
        } finally {
            end(exchange);
        }
    }

    private void end(ServerExchange exchange) {
        exchange.retire();
        current = null;
        tellEnd(exchange);
    }

    /** Of a connection that was taken over: it is over now, and what it has moved is certain. */
    private void tellEnd(ServerExchange exchange) {
        TakeOver taken = exchange.taken();
        if (taken == null) return;
        if (!taken.isResumed() && !exchange.outlives())
            closeQuietly(); // or whoever has it may still receive what came before its end
        try (var _ = ConnectionScope.enter("exchange")) {
            service.handler().takeOverEnded(exchange, taken.end(aborted));
        }
    }

    private void closeQuietly() {
        try {
            connection.inUse().close();
        } catch (ConnectionException e) {
            LOG.debug("{} was taken over, and could not deliver everything", connection, e);
        }
    }

    private void handle(ServerExchange exchange) throws ConnectionException {
        try {
            service.handler().handle(exchange);
            exchange.finish();
        } catch (Throwable e) {
            exchange.failed(e);
        }
    }

    private ServerExchange open(RequestHead head) throws BadMessage {
        requests++;
        HttpServerOptions options = service.options();
        if (head.version() == HttpVersion.HTTP_2_0 && !head.headers().isEmpty()) {
            throw new BadMessage(505, "HTTP/2.0 is not spoken here, and its preface has no fields");
        }
        Framing.requireHost(head);
        BodyLength length = Framing.ofRequest(head);
        if (length instanceof BodyLength.Sized sized && sized.bytes() > options.bodyLimit()) {
            throw new BadMessage(413, "the body has " + sized.bytes() + " bytes, more than " + options.bodyLimit());
        }
        String expectation = head.headers().first(HeaderNames.EXPECT);
        if (expectation != null && !expectation.equalsIgnoreCase("100-continue")) {
            throw new BadMessage(417, "the only expectation understood here is 100-continue");
        }
        boolean waits =
                expectation != null && head.version() == HttpVersion.HTTP_1_1 && !(length instanceof BodyLength.None);
        boolean last = requests >= options.requestsPerConnection();
        return new ServerExchange(service, guarded, encoder, head, length, waits, last);
    }

    /** Answers what is not a request one can trust, and ends the connection: what follows cannot be told apart from it. */
    private void refuse(BadMessage why) throws ConnectionException {
        service.handler().refused(guarded, why.status(), why.reason());
        byte[] text = HeadEncoder.latin(why.status() + " " + Reasons.of(why.status()) + ": " + why.reason() + "\n");
        encoder.statusLine(why.status(), Reasons.of(why.status()))
                .raw(HttpDate.line())
                .raw(HeadEncoder.PLAIN_TEXT)
                .contentLength(text.length)
                .raw(HeadEncoder.CLOSE)
                .end()
                .raw(text)
                .sendTo(connection.output());
        linger(connection);
    }

    private void part(ServerExchange exchange) throws ConnectionException {
        // a client that asked for the end, and of whom nothing is left to read, cannot be hurt by it
        StreamConnection last = connection.inUse(); // a taker has had it to the end
        if (!last.isOpen() || exchange.isPartingExpected() && input.buffered() == 0) return;
        exchange.retire();
        linger(last);
    }

    /** Ends the output and drops what still comes, for a while: a close with unread input would reset the answer away. */
    private static void linger(StreamConnection connection) throws ConnectionException {
        connection.shutdownOutput();
        try (var limit = connection.deadline(PARTING)) {
            BufferedInput rest = connection.input();
            ByteBuf piece = rest.take(MessageBody.PIECE);
            while (piece != null) {
                piece.release();
                // one that sends without a pause is never waited for
                piece = limit.remaining().isPositive() ? rest.take(MessageBody.PIECE) : null;
            }
        } catch (ConnectionException _) {
            // the client has had its time, or is gone
        }
    }

    boolean isIdle() {
        return idle;
    }

    /** Ends a connection that waits for a request, unless there is one; one that is busy ends by itself. */
    void endIfIdle() {
        if (idle) connection.closeUnlessReached(this::isIdle);
    }

    boolean isTakenOver() {
        StreamConnection taken = connection.inUse();
        return taken != connection && taken.isOpen();
    }

    /** Who has it now, if somebody has taken it over. */
    @Nullable
    TakenOver taker() {
        ServerExchange exchange = current;
        return exchange == null ? null : exchange.taker();
    }

    void serverStops() {
        ServerExchange exchange = current;
        if (exchange != null) exchange.serverStops();
    }

    void abort() {
        aborted = true;
        connection.revoke();
    }
}

package io.penstock.http.internal;

import io.penstock.http.Body;
import io.penstock.http.BodyOutput;
import io.penstock.http.ClientExchange;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** An exchange on a connection out of a pool, which it puts back where it can. It is begun anew where a kept connection was dead. */
public final class PooledExchange implements ClientExchange {
    private static final byte[] NOTHING = {};
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    private final Pool pool;
    private final KeepAlive keepAlive;
    private final Endpoint endpoint;
    private final RequestHead request;

    /** What can be sent twice; null when the caller sends the body in pieces. */
    private final byte @Nullable [] whole;

    private volatile Connection connection;
    private volatile ClientExchange exchange;
    private final AtomicBoolean closed = new AtomicBoolean();

    private PooledExchange(
            Pool pool,
            KeepAlive keepAlive,
            Endpoint endpoint,
            RequestHead request,
            byte @Nullable [] whole,
            Connection connection) {
        this.pool = pool;
        this.keepAlive = keepAlive;
        this.endpoint = endpoint;
        this.request = request;
        this.whole = whole;
        this.connection = connection;
        this.exchange = ClientExchange.on(connection);
    }

    /** One whose body the caller sends. */
    public static PooledExchange open(
            Pool pool, KeepAlive keepAlive, Endpoint endpoint, RequestHead request, long bodyLength)
            throws ConnectionException {
        if (bodyLength == NO_BODY) return open(pool, keepAlive, endpoint, request, NOTHING);
        var opened = new PooledExchange(pool, keepAlive, endpoint, request, null, pool.connect(endpoint));
        opened.begin(() -> opened.exchange.send(request, bodyLength));
        return opened;
    }

    /** One that has sent its whole request. */
    public static PooledExchange open(
            Pool pool, KeepAlive keepAlive, Endpoint endpoint, RequestHead request, byte[] body)
            throws ConnectionException {
        var opened = new PooledExchange(pool, keepAlive, endpoint, request, body, pool.connect(endpoint));
        opened.begin(opened::sendWhole);
        return opened;
    }

    /** The same on a connection that was never used. */
    public static PooledExchange openFresh(
            Pool pool, KeepAlive keepAlive, Endpoint endpoint, RequestHead request, byte[] body)
            throws ConnectionException {
        var opened = new PooledExchange(pool, keepAlive, endpoint, request, body, pool.connectFresh(endpoint));
        opened.begin(opened::sendWhole);
        return opened;
    }

    /** A part of the exchange that may be done twice. */
    private interface Step {
        void run() throws ConnectionException;
    }

    private void begin(Step sending) throws ConnectionException {
        boolean done = false;
        try {
            try {
                sending.run();
            } catch (ConnectionException e) {
                if (!isRepeatable(e)) throw e;
                beginAnew();
            }
            done = true;
        } finally {
            if (!done) connection.abort();
        }
    }

    private void sendWhole() throws ConnectionException {
        byte[] body = whole == null ? NOTHING : whole;
        BodyOutput output = exchange.send(request, body.length);
        if (body.length > 0) output.send(body);
        output.finish();
    }

    private void beginAnew() throws ConnectionException {
        exchange.close();
        connection.abort();
        connection = pool.connectFresh(endpoint);
        exchange = ClientExchange.on(connection);
        if (closed.get()) connection.abort(); // by a thread that has not seen this one, and what follows fails
        sendWhole();
    }

    /** Whether it was only the kept connection that had died, and the request may never have been seen, or be seen twice. */
    private boolean isRepeatable(ConnectionException failure) {
        boolean died =
                failure.reason() == Reason.EOF || failure.reason() == Reason.RESET || failure.reason() == Reason.CLOSED;
        return died
                && whole != null
                && connection.stats().reused() > 0
                && !exchange.firstByteSeen()
                && IDEMPOTENT.contains(request.method());
    }

    @Override
    public Connection connection() {
        return connection;
    }

    @Override
    public BodyOutput send(RequestHead head, long bodyLength) {
        throw new IllegalStateException("the exchange has sent its request already: '" + request + "'");
    }

    @Override
    public BodyOutput output() {
        return exchange.output();
    }

    @Override
    public ResponseHead receiveHead(Interim interim) throws ConnectionException {
        try {
            return exchange.receiveHead(interim);
        } catch (ConnectionException e) {
            if (!isRepeatable(e)) throw e;
            beginAnew();
            return exchange.receiveHead(interim);
        }
    }

    @Override
    public Body body() {
        return exchange.body();
    }

    @Override
    public boolean firstByteSeen() {
        return exchange.firstByteSeen();
    }

    @Override
    public boolean reusable() {
        return exchange.reusable();
    }

    @Override
    public Connection takeOver(UnreadBody unread) throws ConnectionException {
        return exchange.takeOver(unread);
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) return;
        boolean reusable = exchange.reusable();
        exchange.close();
        if (reusable) {
            connection.release(keepAlive);
        } else {
            connection.abort(); // which ends nothing where it was taken over
        }
    }
}

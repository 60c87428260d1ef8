package io.penstock.proxy;

import io.penstock.http.BodyOutput;
import io.penstock.http.ClientExchange;
import io.penstock.http.HeaderNames;
import io.penstock.http.RequestHead;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.StreamConnection;
import io.penstock.proxy.OriginFailure.Retry;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The origin's part of a transaction, or that of a plugin in its place: choose one, send the request, receive the answer's head, relay its body. */
final class OriginLeg implements Answer.Streamed, Answer.FarEnd {
    /** Methods that may be sent twice with the effect of once. Source: RFC 9110 §9.2.2. */
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    /** How long a client that waits for 100 Continue is kept waiting for the origin's word. */
    private static final Duration CONTINUE_WAIT = Duration.ofSeconds(1);

    private final Transaction transaction;
    private final Destination destination;
    private final Connection connection;
    private final ClientExchange exchange;
    private final @Nullable Upload upload;
    private final ResponseHead head;

    private OriginLeg(
            Transaction transaction,
            Destination destination,
            Connection connection,
            ClientExchange exchange,
            @Nullable Upload upload,
            ResponseHead head) {
        this.transaction = transaction;
        this.destination = destination;
        this.connection = connection;
        this.exchange = exchange;
        this.upload = upload;
        this.head = head;
    }

    /** Asks one origin, and where it is safe another one, or the same again. */
    static Answer fetch(Transaction transaction, Upstream upstream, String upgrade)
            throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        Upstream.Server server = upstream.next();
        boolean fresh = false;
        int origins = 1;
        while (true) {
            try {
                if (transaction.choose(server.address)) return transaction.given();
                return attempt(transaction, upstream.destination(), fresh, upgrade);
            } catch (OriginFailure e) {
                switch (e.retry()) {
                    case OTHER_ORIGIN -> {
                        if (e.origin().equals(server.address)) server.failed(); // and not one that a plugin has chosen
                        if (++origins > upstream.size()) throw e;
                        server = upstream.next();
                    }
                    case NEW_CONNECTION -> fresh = true;
                    case NEVER -> throw e;
                }
            }
        }
    }

    /** Asks a plugin in the place of every origin. */
    static Answer fetch(Transaction transaction, Intercept plugin, String upgrade)
            throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        transaction.choose(plugin);
        return attempt(transaction, plugin, false, upgrade);
    }

    /** Asks a plugin that is the client's server: what it is sent and what it answers is nobody else's business. */
    static Answer fetchWhole(Transaction transaction, Intercept plugin) throws OriginFailure, ConnectionException {
        transaction.choose(plugin);
        Connection connection = connect(transaction, plugin, false);
        OriginLeg leg = null;
        try {
            leg = ask(transaction, plugin, connection, transaction.ownRequest());
            transaction.received(leg.head);
            return leg.answer();
        } finally {
            if (leg == null) connection.abort();
        }
    }

    private static Answer attempt(Transaction transaction, Destination destination, boolean fresh, String upgrade)
            throws OriginFailure, PluginFailure, ConnectionException, InterruptedException {
        Connection connection = connect(transaction, destination, fresh);
        OriginLeg leg = null;
        boolean passedOn = false;
        try {
            RequestHead request = transaction.prepareOriginRequest(upgrade);
            if (transaction.at(Hook.SEND_REQUEST_HEAD)) {
                passedOn = true;
                destination.done(connection, true); // nothing was sent on it
                return transaction.given();
            }
            leg = ask(transaction, destination, connection, request);
            transaction.received(leg.head);
            if (transaction.at(Hook.READ_RESPONSE_HEAD)) return transaction.given();
            passedOn = true;
            return leg.answer();
        } finally {
            if (!passedOn) {
                if (leg != null) leg.drop();
                connection.abort();
            }
        }
    }

    private static Connection connect(Transaction transaction, Destination destination, boolean fresh)
            throws OriginFailure {
        SocketAddress address = transaction.enterAtOrigin(Phase.CONNECT);
        try {
            Connection connection = destination.connect(address, fresh);
            transaction.chronicle().connected(((StreamConnection) connection).reused() > 0);
            return connection;
        } catch (ConnectionException e) {
            Retry retry = e.reason() == Reason.INTERRUPTED || e.phase() == ConnectionException.Phase.POOL
                    ? Retry.NEVER
                    : Retry.OTHER_ORIGIN;
            throw new OriginFailure(Phase.CONNECT, retry, address, e);
        }
    }

    /** Sends the request and receives the head of the answer. */
    private static OriginLeg ask(
            Transaction transaction, Destination destination, Connection connection, RequestHead request)
            throws OriginFailure, ConnectionException {
        ClientExchange exchange = ClientExchange.on(connection);
        long length = transaction.bodyLeft();
        Upload upload = null;
        SocketAddress address = transaction.enterAtOrigin(Phase.SEND_REQUEST);
        try {
            BodyOutput out = exchange.send(request, length);
            if (length != 0) {
                upload = new Upload(transaction.exchange(), out, connection);
                if (request.headers().contains(HeaderNames.EXPECT)) {
                    upload.beginWhenAskedFor(CONTINUE_WAIT);
                } else {
                    upload.begin();
                }
            }
            transaction.enter(Phase.READ_RESPONSE_HEAD);
            Upload waiting = upload;
            ResponseHead head = patiently(
                    upload,
                    () -> exchange.receiveHead(interim -> {
                        if (interim.status() != 100) {
                            transaction.inform(interim);
                        } else if (waiting != null) {
                            waiting.begin();
                        }
                    }));
            if (head.status() == 101 && !Upgrades.isAnswered(request, head)) {
                connection.close(); // it waits for a protocol that nobody here speaks
                throw ConnectionException.of(
                        Reason.MALFORMED,
                        ConnectionException.Phase.READ,
                        address,
                        "101 for " + head.headers().all(HeaderNames.UPGRADE) + " to a request that offers "
                                + request.headers().all(HeaderNames.UPGRADE),
                        null);
            }
            if (head.status() == 101 && upload != null) upload.complete(); // the other protocol begins behind the body
            return new OriginLeg(transaction, destination, connection, exchange, upload, head);
        } catch (ConnectionException e) {
            if (upload != null) upload.stop();
            ConnectionException client = upload == null ? null : upload.clientFailure();
            if (client != null) throw client;
            if (transaction.isOfClient(e)) throw e;
            boolean repeatable = length == 0 && IDEMPOTENT.contains(request.method());
            boolean died = e.reason() == Reason.EOF || e.reason() == Reason.RESET;
            throw new OriginFailure(
                    transaction.phase(),
                    repeatable && died && transaction.chronicle().reused() && !exchange.firstByteSeen()
                            ? Retry.NEW_CONNECTION
                            : Retry.NEVER,
                    address,
                    e);
        }
    }

    /** Something received from the origin. */
    private interface Receiving<T> {
        T receive() throws ConnectionException;
    }

    /** Does not hold its silence against an origin that is still being sent the body. */
    private static <T> T patiently(@Nullable Upload upload, Receiving<T> receiving) throws ConnectionException {
        while (true) {
            boolean uploading = upload != null && upload.isUnderWay();
            try {
                return receiving.receive();
            } catch (ConnectionException e) {
                boolean silence = e.reason() == Reason.TIMEOUT && e.phase() == ConnectionException.Phase.READ;
                if (!silence || !uploading || upload == null || upload.hasFailed()) throw e;
            }
        }
    }

    private Answer answer() {
        if (head.status() != 101) return new Answer.Relayed(this);
        String protocol = String.join(", ", head.headers().all(HeaderNames.UPGRADE));
        return new Answer.Tunnelled(protocol, this);
    }

    @Override
    public ResponseHead head() {
        return head;
    }

    @Override
    public Connection takeOver() throws ConnectionException {
        boolean done = false;
        try {
            Connection stream = exchange.takeOver();
            done = true;
            return stream;
        } finally {
            if (!done) drop();
        }
    }

    @Override
    public void relayTo(BodyOutput client) throws ConnectionException {
        boolean complete = false;
        try {
            patiently(upload, () -> exchange.body().transferTo(client));
            client.finish(exchange.body().trailers());
            complete = true;
        } catch (ConnectionException e) {
            ConnectionException cause = upload == null ? null : upload.clientFailure();
            throw cause == null ? e : cause;
        } finally {
            if (upload != null) end(upload, complete);
            boolean reusable = exchange.reusable();
            if (!reusable) exchange.close();
            if (complete && (upload == null || upload.isDone())) {
                destination.done(connection, reusable);
            } else {
                connection.abort();
            }
        }
    }

    /** A whole answer of success, however early, does not mean that the origin wants no more of the body; a refusal does. */
    private void end(Upload body, boolean answered) {
        if (answered && head.status() < 300) {
            body.finish();
        } else {
            body.stop();
        }
    }

    @Override
    public void drop() {
        if (upload != null) upload.stop();
        exchange.close();
        connection.abort();
    }
}

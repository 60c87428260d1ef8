package io.penstock.proxy;

import io.penstock.http.Headers;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.StreamConnection;
import io.penstock.proxy.OriginFailure.Retry;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The far end of a CONNECT: what the client has named is dialled, if it is allowed. Whatever else is answered is the last answer on its
 * connection. Source: RFC 9110 §9.3.6, RFC 9931.
 */
record ConnectLeg(ResponseHead head, Connection connection) implements Answer.FarEnd {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectLeg.class);

    static Answer open(Transaction transaction, ForwardProxy rules)
            throws OriginFailure, PluginFailure, InterruptedException {
        if (transaction.exchange().body().length() != 0) return refused(transaction, 400, "CONNECT has no body\n");
        InetSocketAddress target;
        try {
            target = ForwardProxy.targetOf(transaction.request());
        } catch (IllegalArgumentException e) {
            return refused(transaction, 400, e.getMessage() + "\n");
        }
        if (!rules.lists(target)) return forbidden(transaction);
        if (rules.leadsInside(target))
            return inside(transaction, target.getAddress().getHostAddress());
        if (transaction.choose(target)) return transaction.given();
        SocketAddress address = transaction.enterAtOrigin(Phase.CONNECT);
        try {
            boolean asAsked = address.equals(target); // a plugin may go anywhere
            Connection connection = asAsked ? rules.dial(target) : rules.dialAnything(address);
            transaction.chronicle().connected(((StreamConnection) connection).reused() > 0);
            var head = ResponseHead.of(200, "Connection established", Headers.of());
            return new Answer.Tunnelled(Tunnel.CONNECT, new ConnectLeg(head, connection));
        } catch (ConnectionException e) {
            String inside = ForwardProxy.inside(e);
            if (inside != null) return inside(transaction, inside);
            throw new OriginFailure(Phase.CONNECT, Retry.NEVER, address, e);
        }
    }

    /** As one that is not listed, to the client; whoever has written the list does not expect it. */
    private static Answer inside(Transaction transaction, String address) {
        LOG.info(
                "transaction {}: {} leads to {}, an address of the inside, and is refused: `internal: true` allows them all, that"
                        + " address in `allow` this one",
                transaction.id(),
                transaction.request().target(),
                address);
        return forbidden(transaction);
    }

    private static Answer forbidden(Transaction transaction) {
        return refused(
                transaction,
                403,
                "this proxy opens no tunnel to " + transaction.request().target() + "\n");
    }

    private static Answer refused(Transaction transaction, int status, String why) {
        return transaction.own(Answer.Prepared.parting(status, why));
    }

    @Override
    public Connection takeOver() {
        return connection;
    }

    @Override
    public void drop() {
        connection.abort();
    }
}

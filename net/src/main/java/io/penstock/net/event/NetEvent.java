package io.penstock.net.event;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import java.net.InetAddress;
import java.util.List;

/** What a continuation is told about connections that it has asked for. Answers to Traffic Server's {@code TS_EVENT_NET_*} and {@code TS_EVENT_HOST_LOOKUP}. */
public sealed interface NetEvent extends Event {
    /**
     * A connection was dialled: every handshake is done, that of TLS and of a proxy on the way too. Answers to {@code TS_EVENT_NET_CONNECT}.
     *
     * @param connection the continuation's, which must end it; of the loop on which it is told
     */
    record Connected(Connection connection) implements NetEvent {}

    /**
     * A connection could not be dialled, and nothing is left open. Answers to {@code TS_EVENT_NET_CONNECT_FAILED}.
     *
     * @param cause why, whom, and how far it came
     */
    record ConnectFailed(ConnectionException cause) implements NetEvent {}

    /**
     * A client has come: to a listener, or by a proxy's transaction to whoever intercepts it. Answers to {@code TS_EVENT_NET_ACCEPT}.
     *
     * @param connection the continuation's, which must end it
     */
    record Accepted(Connection connection) implements NetEvent {}

    /**
     * No client will come: the address could not be bound, or the transaction has ended without the one that was to intercept it. Answers
     * to {@code TS_EVENT_NET_ACCEPT_FAILED}.
     */
    record AcceptFailed(ConnectionException cause) implements NetEvent {}

    /**
     * The addresses of a host were found. Answers to {@code TS_EVENT_HOST_LOOKUP}.
     *
     * @param addresses all of them, at least one, in the order in which they should be tried
     */
    record HostFound(List<InetAddress> addresses) implements NetEvent {
        public HostFound {
            addresses = List.copyOf(addresses);
        }
    }

    /** A host has no address, or nobody answers who might know. Answers to {@code TS_EVENT_HOST_LOOKUP} without a result. */
    record HostLookupFailed(ConnectionException cause) implements NetEvent {}
}

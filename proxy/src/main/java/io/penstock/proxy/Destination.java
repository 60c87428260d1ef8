package io.penstock.proxy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import java.net.SocketAddress;

/** Where the connection of an {@link OriginLeg} comes from, and where it goes. */
interface Destination {
    /**
     * A connection to an origin, which is the caller's.
     *
     * @param fresh not one that was kept
     */
    Connection connect(SocketAddress origin, boolean fresh) throws ConnectionException;

    /**
     * Takes a connection back on which request and answer are complete.
     *
     * @param reusable whether another exchange may follow
     */
    void done(Connection connection, boolean reusable);
}

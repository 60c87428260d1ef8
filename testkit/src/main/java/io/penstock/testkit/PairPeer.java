package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Timeouts;
import java.nio.ByteBuffer;

/** The other end of an in-memory pair, used from foreign threads. */
record PairPeer(Connection end) implements Peer {
    PairPeer {
        end.timeouts(Timeouts.of(Await.LIMIT, Await.LIMIT, Await.LIMIT));
    }

    @Override
    public void send(byte[] bytes) throws ConnectionException {
        end.send(bytes);
        end.flush();
    }

    @Override
    public int read(ByteBuffer into) throws ConnectionException {
        try {
            return end.read(into);
        } catch (ConnectionException e) {
            if (e.reason() == ConnectionException.Reason.TIMEOUT) {
                throw new AssertionError("the peer waited in vain for the connection to send something or end", e);
            }
            throw e;
        }
    }

    @Override
    public void halfClose() throws ConnectionException {
        end.shutdownOutput();
    }

    @Override
    public void reset() {
        end.abort();
    }

    @Override
    public void close() throws ConnectionException {
        end.close();
    }
}

package io.penstock.net;

import java.net.SocketAddress;

/**
 * Keeps connections for their next user.
 *
 * <p>{@snippet :
 * Connection redis = pool.connect(address);
 * redis.send("PING\r\n");
 * String pong = redis.receiveLine();
 * redis.release(KeepAlive.DEFAULT);
 * }
 *
 * <p>Connections are kept by address and by loop, the last released first out, so a borrower gets a warm one without leaving
 * its thread. A kept connection that becomes readable or ends is evicted at that moment. Shared freely; any thread.
 *
 * <p>Answers to the connection pool of OpenResty's cosockets.
 */
public interface Pool extends AutoCloseable {
    static Pool of(Connector connector) {
        return of(connector, PoolOptions.DEFAULT);
    }

    static Pool of(Connector connector, PoolOptions options) {
        return new io.penstock.net.internal.LoopPool(connector, options);
    }

    /**
     * Takes a kept connection to the address, or dials one.
     *
     * @throws ConnectionException {@code POOL_FULL} when the limit of open connections to this address is reached and none is
     *     free, or what dialling throws
     */
    Connection connect(SocketAddress address) throws ConnectionException;

    /** As {@link #connect}, but never a kept one: for a second attempt after a kept connection turned out to be dead. */
    Connection connectFresh(SocketAddress address) throws ConnectionException;

    PoolStats stats();

    /**
     * What a pool holds and has done.
     *
     * @param idle connections kept now
     * @param open connections handed out or kept now
     * @param dialled connections opened so far
     * @param reused how often a kept one was handed out
     * @param refused releases that were closed instead, being unfit to keep
     * @param evicted kept connections that ended, became readable or passed a limit
     */
    record PoolStats(int idle, int open, long dialled, long reused, long refused, long evicted) {}

    /** Closes the kept connections; those handed out are closed when they are released. Idempotent. */
    @Override
    void close();
}

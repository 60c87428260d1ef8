package io.penstock.net;

import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;

/**
 * Keeps connections for their next user, and bounds how many there are.
 *
 * <p>{@snippet :
 * Connection redis = pool.connect(address);
 * redis.send("PING\r\n");
 * String pong = redis.receiveLine();
 * redis.release();
 * }
 *
 * <p>Connections are kept by {@link Endpoint} and by loop, the last released first out, so a borrower gets a warm one without leaving
 * its thread. A kept connection that becomes readable or ends is evicted at that moment.
 *
 * <p>There are never more connections to an endpoint than {@link PoolOptions#limit()}, not even for a moment: one counts from the
 * moment its dialling begins until the operating system has closed it, be it that the dialling fails. Where a name has several addresses,
 * a single dialling may try some of them at the same time ({@link ConnectorOptions#attemptDelay()}): they count as one, and all but one
 * are closed. At the limit a caller is given an idle connection of another loop,
 * or else waits in a queue, first in, first out, for what is released or closed; nobody who comes later gets it before. The connect timeout
 * of the {@link Connector} bounds waiting and dialling together.
 *
 * <p>A connection that was taken over from HTTP has left the pool: it counts no more, and is not waited for.
 *
 * <p>Shared freely; any thread but a loop itself.
 *
 * <p>Answers to the connection pool of OpenResty's cosockets, whose key is the address only, and whose bound newcomers can break.
 */
public interface Pool extends AutoCloseable {
    static Pool of(Connector connector) {
        return of(connector, PoolOptions.DEFAULT);
    }

    static Pool of(Connector connector, PoolOptions options) {
        return new io.penstock.net.internal.LoopPool(connector, options);
    }

    /** Takes a connection as {@link #connect(Endpoint)} does, to a plain address. */
    Connection connect(SocketAddress address) throws ConnectionException;

    /**
     * Takes a kept connection to the endpoint, or dials one, or waits for one.
     *
     * @throws ConnectionException in the phase {@code POOL}: {@code POOL_FULL} when the limit is reached and as many wait as may,
     *     {@code TIMEOUT} when none became free within the connect timeout, {@code CLOSED} when the pool was closed meanwhile,
     *     {@code INTERRUPTED}; or what dialling throws
     * @throws IllegalStateException when the pool is closed
     */
    Connection connect(Endpoint endpoint) throws ConnectionException;

    /** As {@link #connectFresh(Endpoint)}, to a plain address. */
    Connection connectFresh(SocketAddress address) throws ConnectionException;

    /**
     * As {@link #connect(Endpoint)}, but never a kept one: for a second attempt after a kept connection turned out to be dead. At the
     * limit a kept one is closed to make room.
     */
    Connection connectFresh(Endpoint endpoint) throws ConnectionException;

    /**
     * Dials connections to be kept, on all loops alike, before somebody needs them; waits until all have been dialled.
     *
     * @param count how many more, at most what the pool may open, and keep on its loops
     * @throws ConnectionException the failure of the first that could not be dialled, {@code POOL_FULL} when that would break the
     *     limit; the others are kept
     */
    void warmUp(Endpoint endpoint, int count) throws ConnectionException;

    PoolOptions options();

    /** Changes the bounds: lets waiting callers go on, or closes kept connections, where there are now too few or too many. */
    void options(PoolOptions options);

    /** Of all endpoints together. */
    PoolStats stats();

    /** Of one endpoint; all zero when nothing is known of it, as after it was without connections for long. */
    PoolStats stats(Endpoint endpoint);

    /** The endpoints that something is known of. */
    Set<Endpoint> endpoints();

    /**
     * What a pool holds and has done.
     *
     * @param idle connections kept now
     * @param out connections handed out now
     * @param dialling connections being dialled now
     * @param queued callers that wait now
     * @param dialled connections opened so far
     * @param reused how often a kept one was handed out
     * @param refused releases that were closed instead, being unfit to keep
     * @param evicted kept connections that ended, became readable, passed a limit or gave way
     * @param waited callers that had to wait so far, however that ended
     * @param waiting how long they waited altogether
     * @param timedOut those of them who waited in vain
     * @param turnedAway callers told {@code POOL_FULL} so far, as not even waiting was possible
     */
    record PoolStats(
            int idle,
            int out,
            int dialling,
            int queued,
            long dialled,
            long reused,
            long refused,
            long evicted,
            long waited,
            Duration waiting,
            long timedOut,
            long turnedAway) {
        /** Connections being dialled, handed out or kept. */
        public int open() {
            return idle + out + dialling;
        }
    }

    /**
     * {@linkplain #close() Closes} the pool, and waits until the connections that are handed out have been released or ended.
     *
     * @param grace the most it waits; who has a connection then keeps it
     * @return whether all have ended; false too when the thread was interrupted
     */
    boolean drain(Duration grace);

    /**
     * Closes the kept connections, and turns those away who wait; connections handed out are closed when they are released. Idempotent.
     */
    @Override
    void close();
}

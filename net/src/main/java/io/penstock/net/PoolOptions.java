package io.penstock.net;

/**
 * The bounds of a pool.
 *
 * <p>A good {@code limit} is what the peer can serve at once. A backlog of more than that peer gets done within the connect timeout
 * only makes callers wait for nothing.
 *
 * <p>All bounds are of one {@link Endpoint}; over all endpoints together there is none. Whoever makes endpoints of what clients say, bounds
 * how many: a {@link ProxyHeader} or a tag for each client makes an endpoint, and so connections, for each client.
 *
 * @param idle the most connections kept for one endpoint on one loop; 0 keeps none
 * @param limit the most connections open to one endpoint altogether, being dialled, handed out or kept; 1 or more
 * @param backlog the most callers that wait for a connection to one endpoint when the limit is reached; 0 lets none wait
 * @param keepAlive for connections that are released without limits of their own
 */
public record PoolOptions(int idle, int limit, int backlog, KeepAlive keepAlive) {
    /** 64 idle connections an endpoint and loop, 4096 open ones and 1024 waiting callers an endpoint, {@link KeepAlive#DEFAULT}. */
    public static final PoolOptions DEFAULT = new PoolOptions(64, 4096, 1024, KeepAlive.DEFAULT);

    public PoolOptions {
        if (idle < 0 || limit < 1 || backlog < 0) {
            throw new IllegalArgumentException("a pool keeps 0 or more, opens 1 or more and lets 0 or more wait: idle "
                    + idle + ", limit " + limit + ", backlog " + backlog);
        }
    }

    public PoolOptions withIdle(int most) {
        return new PoolOptions(most, limit, backlog, keepAlive);
    }

    public PoolOptions withLimit(int most) {
        return new PoolOptions(idle, most, backlog, keepAlive);
    }

    public PoolOptions withBacklog(int most) {
        return new PoolOptions(idle, limit, most, keepAlive);
    }

    public PoolOptions withKeepAlive(KeepAlive usual) {
        return new PoolOptions(idle, limit, backlog, usual);
    }
}

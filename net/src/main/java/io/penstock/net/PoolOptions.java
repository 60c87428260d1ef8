package io.penstock.net;

/**
 * The bounds of a pool.
 *
 * @param idle the most connections kept for one address on one loop; 0 keeps none
 * @param limit the most connections open to one address altogether, handed out or kept; 1 or more
 */
public record PoolOptions(int idle, int limit) {
    /** 64 idle connections an address and loop, 4096 open ones an address. */
    public static final PoolOptions DEFAULT = new PoolOptions(64, 4096);

    public PoolOptions {
        if (idle < 0 || limit < 1) {
            throw new IllegalArgumentException(
                    "a pool keeps 0 or more and opens 1 or more: idle " + idle + ", limit " + limit);
        }
    }
}

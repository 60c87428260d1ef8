package io.penstock.net;

import java.time.Instant;

/**
 * What a connection has done so far, as of the call. Bytes are those that are sent and received here, not what TLS makes of them.
 *
 * @param received bytes that arrived from the peer, whether consumed yet or not
 * @param sent bytes that the operating system took
 * @param opened when the connection was established
 * @param reused how often it has been taken out of a pool
 */
public record Stats(long received, long sent, Instant opened, int reused) {}

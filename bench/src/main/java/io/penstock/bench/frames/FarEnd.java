package io.penstock.bench.frames;

import java.net.InetSocketAddress;

/**
 * Where the far end listens: on one port of several addresses of this machine.
 *
 * <p>Several, because the system has some 28,000 local ports for each of them and keeps the port of a closed connection for a while: who
 * connects faster would have to search longer for a free one.
 */
record FarEnd(int port) {
    private static final int ADDRESSES = 16;

    /** For the so-manieth connection. */
    InetSocketAddress address(int number) {
        return new InetSocketAddress("127.0.0." + (1 + number % ADDRESSES), port);
    }
}

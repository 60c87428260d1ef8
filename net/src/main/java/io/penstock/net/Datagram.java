package io.penstock.net;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One datagram, that came or is to go. It may be empty, which is not the end of anything. Two are equal only if their data is the same
 * array; the array is not copied.
 *
 * @param data what came, or is to be sent
 * @param peer who sent it, or to whom it goes. Null is an unnamed UNIX socket, which cannot be answered; of what is to be sent, the peer
 *     that the socket is connected to
 * @param size its size on the way, which is more than {@code data} holds when it was truncated
 */
public record Datagram(byte[] data, @Nullable SocketAddress peer, int size) {
    public Datagram {
        if (size < data.length) {
            throw new IllegalArgumentException("a datagram of " + size + " bytes cannot hold " + data.length);
        }
    }

    /** A datagram to send; {@code peer} null for the connected one. */
    public static Datagram of(byte[] data, @Nullable SocketAddress peer) {
        return new Datagram(data, peer, data.length);
    }

    /** Whether there was more than was received; the rest is lost. */
    public boolean truncated() {
        return size > data.length;
    }
}

package io.penstock.net.internal;

import io.penstock.net.Datagram;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket of the operating system: it does what it can do at once, and nothing waits in it. One thread receives and one sends at a
 * time, nobody uses it once it is closed; its owner sees to that.
 */
interface DatagramPort {
    /** @param local null for the operating system's choice */
    void bind(@Nullable SocketAddress local) throws IOException;

    void connect(SocketAddress peer) throws IOException;

    /** What is there; empty when there is nothing. */
    List<Datagram> receive(int count, int max) throws IOException;

    /** How many could be sent, from one on; 0 when there is no room. */
    int send(List<Datagram> datagrams, int from) throws IOException;

    /** @throws IllegalArgumentException when such a socket cannot send it */
    void requireSendable(Datagram datagram);

    SocketAddress localAddress();

    @Nullable
    SocketAddress peer();

    <T> void option(SocketOption<T> name, T value) throws IOException;

    void join(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws IOException;

    void leave(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws IOException;

    /** How many the kernel had no room for. */
    long dropped() throws IOException;

    /** Whether the loop is told when there is room again; if not, only trying helps. */
    boolean tellsOfRoom();

    /** What a loop watches it by. */
    PortWatch watch(PortWatch.Signals signals);

    /** Removes the file that it is bound to, if there is one and it is still its own. */
    void removeFile();

    void close() throws IOException;

    /** Another descriptor of the same socket; the caller's. */
    default int duplicate() throws IOException {
        throw new UnsupportedOperationException();
    }

    /** Whether a socket that was closed is so for the operating system; on the loop. */
    default boolean isGone() {
        return true;
    }
}

package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel tells of a socket without changing it.
 *
 * @param listening whether it accepts connections
 * @param connected whether it has a peer, with a name or without
 * @param cookie what no other socket ever has; all descriptors of this one have the same
 */
record SocketFacts(
        int type,
        int family,
        int protocol,
        boolean listening,
        boolean connected,
        long cookie,
        SocketAddress local,
        @Nullable SocketAddress peer) {
    private static final int SO_TYPE = 3;
    private static final int SO_ERROR = 4;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_PROTOCOL = 38;
    private static final int SO_DOMAIN = 39;
    private static final int SO_COOKIE = 57;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int MULTIPATH_TCP = 262;
    private static final int TCP_INFO = 11;
    private static final int TCP_SYN_SENT = 2;

    /** @throws Errno EBADF for a number that is not open, ENOTSOCK for what is no socket */
    static SocketFacts of(int fd) throws Errno {
        Kernel.requireOpen(fd);
        int type = Kernel.intOption(fd, Kernel.SOL_SOCKET, SO_TYPE);
        int family = Kernel.intOption(fd, Kernel.SOL_SOCKET, SO_DOMAIN);
        int protocol = Kernel.intOption(fd, Kernel.SOL_SOCKET, SO_PROTOCOL);
        boolean listening = Kernel.intOption(fd, Kernel.SOL_SOCKET, SO_ACCEPTCONN) != 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment cookie = arena.allocate(JAVA_LONG);
            Kernel.readOption(fd, Kernel.SOL_SOCKET, SO_COOKIE, cookie);
            MemorySegment name = arena.allocate(SocketName.SIZE);
            SocketAddress local = SocketName.readKnown(name, family, Kernel.nameOf(fd, name));
            boolean connected = true;
            SocketAddress peer = null;
            try {
                peer = SocketName.readKnown(name, family, Kernel.peerOf(fd, name));
            } catch (Errno e) {
                if (e.number() != Errno.ENOTCONN) throw e;
                connected = false;
            }
            return new SocketFacts(
                    type,
                    family,
                    protocol,
                    listening,
                    connected,
                    cookie.get(JAVA_LONG, 0),
                    local == null ? Unnamed.SOCKET : local,
                    peer);
        }
    }

    boolean isUnix() {
        return family == Kernel.AF_UNIX;
    }

    boolean isStream() {
        return type == Kernel.SOCK_STREAM
                && (isUnix() || isInternet() && (protocol == TCP || protocol == MULTIPATH_TCP));
    }

    boolean isDatagrams() {
        return type == Kernel.SOCK_DGRAM && (isUnix() || isInternet() && protocol == UDP);
    }

    private boolean isInternet() {
        return family == Kernel.AF_INET || family == Kernel.AF_INET6;
    }

    /** For somebody who wanted another one. */
    String kind() {
        if (isStream()) return isUnix() ? "a UNIX stream socket" : "a TCP socket";
        if (isDatagrams()) return isUnix() ? "a UNIX datagram socket" : "a UDP socket";
        return "a socket of family " + family + ", type " + type + " and protocol " + protocol;
    }

    /** Whether it is about to become connected. */
    static boolean isConnecting(int fd) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(Integer.BYTES);
            Kernel.readOption(fd, TCP, TCP_INFO, state);
            return state.get(JAVA_BYTE, 0) == TCP_SYN_SENT;
        }
    }

    /** Why it has failed, which the kernel tells only once; null when it has not. */
    static @Nullable Errno takeError(int fd) throws Errno {
        int number = Kernel.intOption(fd, Kernel.SOL_SOCKET, SO_ERROR);
        return number == 0 ? null : new Errno("socket", number);
    }
}

package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/** Socket options and multicast groups, as Linux numbers them. */
final class DatagramOption {
    private static final int SOL_SOCKET = 1;
    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int MTU_ALWAYS = 2;

    // struct group_source_req: the interface, the group, the source; struct group_req is its beginning
    private static final int GROUP = 8;
    private static final int SOURCE = GROUP + SocketName.SIZE;

    private DatagramOption() {}

    static void set(int fd, int family, SocketOption<?> name, Object value) throws Errno {
        switch (name.name()) {
            case "SO_REUSEADDR" -> integer(fd, SOL_SOCKET, 2, number(value));
            case "SO_BROADCAST" -> integer(fd, SOL_SOCKET, 6, number(value));
            case "SO_SNDBUF" -> integer(fd, SOL_SOCKET, 7, number(value));
            case "SO_RCVBUF" -> integer(fd, SOL_SOCKET, 8, number(value));
            case "SO_REUSEPORT" -> integer(fd, SOL_SOCKET, 15, number(value));
            case "IP_TOS" -> both(fd, family, name, 1, 67, number(value));
            case "IP_TTL" -> both(fd, family, name, 2, 16, number(value));
            case "IP_DONTFRAGMENT" -> both(fd, family, name, 10, 23, number(value) == 1 ? MTU_ALWAYS : 0);
            case "IP_MULTICAST_TTL" -> both(fd, family, name, 33, 18, number(value));
            case "IP_MULTICAST_LOOP" -> both(fd, family, name, 34, 19, number(value));
            case "IP_MULTICAST_IF" -> outgoing(fd, family, name, (NetworkInterface) value);
            default -> throw unsupported(name);
        }
    }

    static UnsupportedOperationException unsupported(SocketOption<?> name) {
        return new UnsupportedOperationException(name.name() + " is not an option of this kind of datagram socket");
    }

    /** An IPv6 socket that is bound to all addresses is so to those of IPv4 too, however the machine is set up. */
    static void acceptIpv4(int fd) throws Errno {
        integer(fd, SOL_IPV6, IPV6_V6ONLY, 0);
    }

    private static int number(Object value) {
        return value instanceof Boolean yes ? (yes ? 1 : 0) : (Integer) value;
    }

    /** An IPv6 socket carries IPv4 too. */
    private static void both(int fd, int family, SocketOption<?> name, int ip, int ipv6, int value) throws Errno {
        if (family == Kernel.AF_UNIX) throw unsupported(name);
        if (family == Kernel.AF_INET6) integer(fd, SOL_IPV6, ipv6, value);
        integer(fd, SOL_IP, ip, value);
    }

    private static void outgoing(int fd, int family, SocketOption<?> name, NetworkInterface by) throws Errno {
        if (family == Kernel.AF_UNIX) throw unsupported(name);
        if (family == Kernel.AF_INET6) integer(fd, SOL_IPV6, 17, by.getIndex());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(12, 4); // struct ip_mreqn: group, address, interface
            request.set(JAVA_INT, 8, by.getIndex());
            Kernel.option(fd, SOL_IP, 32, request);
        }
    }

    private static void integer(int fd, int level, int name, int value) throws Errno {
        try (Arena arena = Arena.ofConfined()) {
            Kernel.option(fd, level, name, arena.allocateFrom(JAVA_INT, value));
        }
    }

    /** Joins or leaves a multicast group, RFC 3678. */
    static void membership(int fd, InetAddress group, NetworkInterface on, @Nullable InetAddress source, boolean join)
            throws Errno {
        int family = group instanceof Inet4Address ? Kernel.AF_INET : Kernel.AF_INET6;
        int name = source == null ? (join ? 42 : 45) : (join ? 46 : 47);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(source == null ? SOURCE : SOURCE + SocketName.SIZE, 8);
            request.set(JAVA_INT, 0, on.getIndex());
            SocketName.write(new InetSocketAddress(group, 0), family, request.asSlice(GROUP, SocketName.SIZE));
            if (source != null) {
                SocketName.write(new InetSocketAddress(source, 0), family, request.asSlice(SOURCE, SocketName.SIZE));
            }
            Kernel.option(fd, family == Kernel.AF_INET ? SOL_IP : SOL_IPV6, name, request);
        }
    }
}

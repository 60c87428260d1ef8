package io.penstock.net.internal;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.net.AbstractUnixAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Addresses as the kernel has them: {@code sockaddr_in}, {@code sockaddr_in6} and {@code sockaddr_un}. */
final class SocketName {
    /** Room for any of them. */
    static final int SIZE = 128;

    private static final int PATH = 2;
    private static final int LONGEST_PATH = 107;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketName() {}

    /** @throws IllegalArgumentException when a socket of the family cannot have to do with this address */
    static void require(SocketAddress address, int family) {
        boolean fits = switch (address) {
            case AbstractUnixAddress _ -> family == Kernel.AF_UNIX;
            case UnixDomainSocketAddress unix ->
                family == Kernel.AF_UNIX && unix.getPath().toString().getBytes(UTF_8).length <= LONGEST_PATH;
            case InetSocketAddress inet ->
                !inet.isUnresolved()
                        && (family == Kernel.AF_INET6
                                || (family == Kernel.AF_INET && inet.getAddress() instanceof Inet4Address));
            default -> false;
        };
        if (!fits) {
            String wanted = switch (family) {
                case Kernel.AF_UNIX -> "a UNIX path of at most " + LONGEST_PATH + " bytes";
                case Kernel.AF_INET -> "an IPv4 address, resolved";
                default -> "an IP address, resolved";
            };
            throw new IllegalArgumentException(address + " is not an address for this socket, which wants " + wanted);
        }
    }

    /** Writes the address for a socket of the family, and answers its length. */
    static int write(SocketAddress address, int family, MemorySegment to) {
        require(address, family);
        return switch (address) {
            case AbstractUnixAddress named -> unix("\0" + named.name(), to);
            case UnixDomainSocketAddress unix -> unix(unix.getPath().toString(), to);
            default -> write((InetSocketAddress) address, family, to);
        };
    }

    private static int write(InetSocketAddress address, int family, MemorySegment to) {
        byte[] bytes = address.getAddress().getAddress();
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) family);
        to.set(PORT, 2, (short) address.getPort());
        if (family == Kernel.AF_INET) {
            copy(bytes, to, 4);
            to.set(JAVA_INT_UNALIGNED, 8, 0);
            to.set(JAVA_INT_UNALIGNED, 12, 0);
            return 16;
        }
        to.set(JAVA_INT_UNALIGNED, 4, 0);
        to.asSlice(8, 16).fill((byte) 0);
        if (bytes.length == 16) {
            copy(bytes, to, 8);
        } else if (!address.getAddress().isAnyLocalAddress()) { // mapped into IPv6
            to.set(JAVA_SHORT_UNALIGNED, 18, (short) -1);
            copy(bytes, to, 20);
        }
        int scope = address.getAddress() instanceof Inet6Address six ? six.getScopeId() : 0;
        to.set(JAVA_INT_UNALIGNED, 24, scope);
        return 28;
    }

    /** Nothing is the name that the kernel makes up. Paths end with a zero byte, abstract names begin with one. */
    private static int unix(String path, MemorySegment to) {
        byte[] bytes = path.getBytes(UTF_8);
        to.set(JAVA_SHORT_UNALIGNED, 0, (short) Kernel.AF_UNIX);
        copy(bytes, to, PATH);
        if (bytes.length == 0 || bytes[0] == 0) return PATH + bytes.length;
        to.set(JAVA_BYTE, PATH + bytes.length, (byte) 0);
        return PATH + bytes.length + 1;
    }

    /** The address, or null for an unnamed socket. */
    static @Nullable SocketAddress read(MemorySegment from, int length) {
        if (length <= PATH) return null;
        return switch (from.get(JAVA_SHORT_UNALIGNED, 0)) {
            case Kernel.AF_INET -> inet(from, bytes(from, 4, 4), 0);
            case Kernel.AF_INET6 -> inet(from, bytes(from, 8, 16), from.get(JAVA_INT_UNALIGNED, 24));
            default -> unix(bytes(from, PATH, length - PATH));
        };
    }

    /** As {@link #read}, of a socket that may be of another family than those that there are addresses for. */
    static @Nullable SocketAddress readKnown(MemorySegment from, int family, int length) {
        boolean known = family == Kernel.AF_UNIX || family == Kernel.AF_INET || family == Kernel.AF_INET6;
        return known ? read(from, length) : null;
    }

    private static SocketAddress inet(MemorySegment from, byte[] bytes, int scope) {
        try {
            // an address that is mapped into IPv6 comes out as IPv4
            InetAddress address =
                    scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
            return new InetSocketAddress(address, Short.toUnsignedInt(from.get(PORT, 2)));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }

    private static SocketAddress unix(byte[] name) {
        int end = name.length;
        if (name[0] != 0)
            return UnixDomainSocketAddress.of(new String(name, 0, name[end - 1] == 0 ? end - 1 : end, UTF_8));
        String text = new String(name, 1, end - 1, UTF_8);
        try {
            return AbstractUnixAddress.of(text);
        } catch (IllegalArgumentException e) {
            return new Unnamed("@" + text); // bytes that are no text
        }
    }

    private static byte[] bytes(MemorySegment from, long offset, int length) {
        return from.asSlice(offset, length).toArray(JAVA_BYTE);
    }

    private static void copy(byte[] bytes, MemorySegment to, long offset) {
        MemorySegment.copy(bytes, 0, to, JAVA_BYTE, offset, bytes.length);
    }
}

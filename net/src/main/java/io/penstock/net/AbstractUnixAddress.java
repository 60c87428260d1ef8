package io.penstock.net;

import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;

/**
 * A UNIX socket with a name instead of a file ({@code unix(7)}, "abstract"): gone with its last descriptor, and open to everybody in
 * the network namespace. Linux only, on epoll and io_uring. Immutable.
 *
 * <p>{@link java.net.UnixDomainSocketAddress} cannot hold one, since no path begins with a zero byte.
 */
public final class AbstractUnixAddress extends SocketAddress {
    private static final long serialVersionUID = 1L;

    /** What {@code sun_path} has room for, without the leading zero byte. */
    private static final int LONGEST = 107;

    private final String name;

    private AbstractUnixAddress(String name) {
        this.name = name;
    }

    /** @param name without the leading zero byte; 1 to 107 bytes of UTF-8 */
    public static AbstractUnixAddress of(String name) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length < 1 || length > LONGEST) {
            throw new IllegalArgumentException("an abstract name has 1 to " + LONGEST + " bytes, not " + length);
        }
        return new AbstractUnixAddress(name);
    }

    public String name() {
        return name;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AbstractUnixAddress address && address.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** With the {@code @} that {@code ss} and {@code netstat} show. */
    @Override
    public String toString() {
        return "@" + name;
    }
}

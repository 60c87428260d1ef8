package io.penstock.proxy;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * The addresses that lead to this machine, to its networks, or nowhere: what a client on the outside must not reach by way of a proxy.
 * Source: the special-purpose registries of RFC 6890.
 */
final class InternalAddresses {
    private InternalAddresses() {}

    static boolean contain(InetAddress address) {
        if (address.isAnyLocalAddress()
                || address.isLoopbackAddress()
                || address.isLinkLocalAddress()
                || address.isSiteLocalAddress()
                || address.isMulticastAddress()) return true;
        byte[] bytes = address.getAddress();
        return switch (address) {
            case Inet4Address _ -> isSpecial(bytes[0] & 0xff, bytes[1] & 0xff, bytes[2] & 0xff);
            case Inet6Address _ -> (bytes[0] & 0xfe) == 0xfc || leadsToInternal(bytes);
            default -> true;
        };
    }

    private static boolean isSpecial(int first, int second, int third) {
        return first == 0
                || first == 100 && (second & 0xc0) == 64 // shared by the customers of a provider
                || first == 192 && second == 0 && third == 0
                || first == 198 && (second & 0xfe) == 18 // benchmarks
                || first >= 240;
    }

    /**
     * An IPv4 address in the clothes of IPv6: compatible, translated (RFC 2765, RFC 6052) or 6to4 (RFC 3056). What a network translates by a
     * prefix of its own (RFC 8215) has it anywhere, and is that network's.
     */
    private static boolean leadsToInternal(byte[] bytes) {
        if (startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)) return contain(within(bytes, 12));
        if (startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0)) return contain(within(bytes, 12));
        if (startsWith(bytes, 0, 0x64, 0xff, 0x9b, 0, 1)) return true;
        if (startsWith(bytes, 0, 0x64, 0xff, 0x9b)) return contain(within(bytes, 12));
        return startsWith(bytes, 0x20, 0x02) && contain(within(bytes, 2));
    }

    private static boolean startsWith(byte[] bytes, int... prefix) {
        for (int i = 0; i < prefix.length; i++) {
            if ((bytes[i] & 0xff) != prefix[i]) return false;
        }
        return true;
    }

    private static InetAddress within(byte[] bytes, int from) {
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(bytes, from, from + 4));
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }
}

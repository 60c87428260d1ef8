package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Input;
import io.penstock.net.ProxyHeader;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** The two forms of the header of the PROXY protocol; strict, as its specification asks for. */
final class ProxyProtocol {
    private static final byte[] SIGNATURE = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};
    private static final byte[] WORD = {'P', 'R', 'O', 'X', 'Y', ' '};
    private static final int LONGEST_LINE = 107;

    /** The specification's least is 536; certificates of clients may be in it. */
    private static final int LONGEST_BODY = 16 * 1024;

    private static final int FIXED = 16;
    private static final int LOCAL = 0x20;
    private static final int PROXIED = 0x21;
    private static final int TCP4 = 0x11;
    private static final int TCP6 = 0x21;
    private static final int CRC = 0x03;

    private ProxyProtocol() {}

    // ---- out

    static byte[] encode(ProxyHeader header) {
        return header.version() == 1 ? line(header).getBytes(StandardCharsets.US_ASCII) : binary(header);
    }

    private static String line(ProxyHeader header) {
        InetSocketAddress from = header.source();
        InetSocketAddress to = header.destination();
        if (from == null || to == null) return "PROXY UNKNOWN\r\n";
        boolean four = isFour(from) && isFour(to);
        return "PROXY " + (four ? "TCP4 " : "TCP6 ") + text(from, four) + " " + text(to, four) + " " + from.getPort()
                + " " + to.getPort() + "\r\n";
    }

    private static String text(InetSocketAddress address, boolean four) {
        String text = address.getAddress().getHostAddress();
        if (isFour(address)) return four ? text : "::ffff:" + text;
        int zone = text.indexOf('%');
        return zone < 0 ? text : text.substring(0, zone);
    }

    private static byte[] binary(ProxyHeader header) {
        InetSocketAddress from = header.source();
        InetSocketAddress to = header.destination();
        if (from == null || to == null) {
            return ByteBuffer.allocate(FIXED).put(SIGNATURE).put((byte) LOCAL).array();
        }
        boolean four = isFour(from) && isFour(to);
        int size = four ? 12 : 36;
        var bytes = ByteBuffer.allocate(FIXED + size).put(SIGNATURE);
        bytes.put((byte) PROXIED).put((byte) (four ? TCP4 : TCP6)).putShort((short) size);
        bytes.put(octets(from, four)).put(octets(to, four));
        return bytes.putShort((short) from.getPort())
                .putShort((short) to.getPort())
                .array();
    }

    private static byte[] octets(InetSocketAddress address, boolean four) {
        byte[] octets = address.getAddress().getAddress();
        if (four || octets.length == 16) return octets;
        return ByteBuffer.allocate(16)
                .position(10)
                .putShort((short) -1)
                .put(octets)
                .array();
    }

    private static boolean isFour(InetSocketAddress address) {
        return address.getAddress() instanceof Inet4Address;
    }

    // ---- in

    /**
     * Reads the header, and not a byte behind it.
     *
     * @throws ConnectionException {@code MALFORMED} at the first byte that cannot belong to one
     */
    static ProxyHeader read(Input in) throws ConnectionException {
        byte first = in.receive(1)[0];
        if (first == WORD[0]) return readLine(in);
        if (first == SIGNATURE[0]) return readBinary(in);
        throw malformed("the stream begins with something else");
    }

    private static ProxyHeader readLine(Input in) throws ConnectionException {
        requireRest(in, WORD);
        var line = new StringBuilder();
        while (line.length() < 2 || line.charAt(line.length() - 1) != '\n') {
            if (line.length() + WORD.length == LONGEST_LINE) throw malformed("the line does not end");
            line.append((char) (in.receive(1)[0] & 0xff));
        }
        if (line.charAt(line.length() - 2) != '\r') throw malformed("the line does not end with CR LF");
        String[] words = line.substring(0, line.length() - 2).split(" ", -1);
        if (words[0].equals("UNKNOWN")) return new ProxyHeader(1, null, null);
        boolean four = words[0].equals("TCP4");
        if (!(four || words[0].equals("TCP6")) || words.length != 5) throw malformed("the line has another form");
        return new ProxyHeader(1, address(words[1], words[3], four), address(words[2], words[4], four));
    }

    private static InetSocketAddress address(String host, String port, boolean four) throws ConnectionException {
        boolean plausible = four ? host.matches("[0-9.]{7,15}") : host.matches("[0-9a-fA-F:.]+") && host.contains(":");
        if (!plausible || !port.matches("0|[1-9][0-9]{0,4}") || Integer.parseInt(port) > 65535) {
            throw malformed("an address has another form");
        }
        try {
            InetAddress address = InetAddress.ofLiteral(host);
            if (four && !address.getHostAddress().equals(host)) throw malformed("an address has another form");
            return new InetSocketAddress(address, Integer.parseInt(port));
        } catch (IllegalArgumentException e) {
            throw malformed("an address has another form");
        }
    }

    private static ProxyHeader readBinary(Input in) throws ConnectionException {
        requireRest(in, SIGNATURE);
        byte[] fixed = in.receive(FIXED - SIGNATURE.length);
        int command = fixed[0] & 0xff;
        int family = fixed[1] & 0xff;
        int length = ByteBuffer.wrap(fixed).getShort(2) & 0xffff;
        if (command != LOCAL && command != PROXIED) throw malformed("an unknown version or command: " + command);
        if (family >>> 4 > 3 || (family & 0xf) > 2) throw malformed("an unknown family: " + family);
        if (length > LONGEST_BODY) throw malformed("longer than " + LONGEST_BODY + " bytes");
        var body = ByteBuffer.wrap(in.receive(length));
        InetSocketAddress from = null;
        InetSocketAddress to = null;
        int size = switch (family >>> 4) {
            case 1 -> 4;
            case 2 -> 16;
            default -> 0; // unspecified; of UNIX sockets, which have no address here
        };
        int addresses = family >>> 4 == 3 ? 216 : size * 2 + (size > 0 ? 4 : 0);
        if (command == PROXIED) {
            if (length < addresses) throw malformed("the addresses are cut off");
            if (size > 0) {
                from = new InetSocketAddress(address(body, 0, size), body.getShort(2 * size) & 0xffff);
                to = new InetSocketAddress(address(body, size, size), body.getShort(2 * size + 2) & 0xffff);
            }
            requireIntact(fixed, body, addresses);
        }
        return new ProxyHeader(2, from, to);
    }

    private static InetAddress address(ByteBuffer body, int at, int size) {
        var octets = new byte[size];
        body.get(at, octets);
        try {
            return InetAddress.getByAddress(octets);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    /** Walks over the further fields, of which only the checksum concerns us. */
    private static void requireIntact(byte[] fixed, ByteBuffer body, int from) throws ConnectionException {
        for (int at = from; at < body.limit(); ) {
            if (body.limit() - at < 3) throw malformed("a field is cut off");
            int size = body.getShort(at + 1) & 0xffff;
            if (body.limit() - at - 3 < size) throw malformed("a field is cut off");
            if (body.get(at) == CRC) {
                if (size != 4) throw malformed("a checksum of another size");
                int told = body.getInt(at + 3);
                body.putInt(at + 3, 0);
                var actual = new CRC32C();
                actual.update(SIGNATURE);
                actual.update(fixed);
                actual.update(body.array());
                if ((int) actual.getValue() != told) throw malformed("the checksum is wrong");
            }
            at += 3 + size;
        }
    }

    /** The first has been received. */
    private static void requireRest(Input in, byte[] expected) throws ConnectionException {
        for (int i = 1; i < expected.length; i++) {
            if (in.receive(1)[0] != expected[i]) throw malformed("the stream begins with something else");
        }
    }

    private static ConnectionException malformed(String why) {
        return ConnectionException.of(
                Reason.MALFORMED, Phase.PROXY, null, "there is no PROXY header: " + why, (@Nullable Throwable) null);
    }
}

package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Datagrams;
import io.penstock.net.Deadline;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Asks a DNS server for the IPv4 addresses of a name, over UDP and by hand (RFC 1035). Shows a connected datagram socket, a deadline for
 * each try, answers that come late and are not ours, and a question that is asked again.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/DnsOverUdp.java example.com 127.0.0.53 53
 * </pre>
 */
public record DnsOverUdp(Loops loops, InetSocketAddress server, Duration patience) {
    private static final int TRIES = 3;
    private static final int HEADER = 12;
    private static final int TYPE_A = 1;
    private static final int CLASS_IN = 1;
    private static final int LONGEST_LABEL = 63;
    private static final int TRUNCATED = 0x0200;

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: DnsOverUdp NAME SERVER PORT");
            System.exit(2);
        }
        var server = new InetSocketAddress(arguments[1], Integer.parseInt(arguments[2]));
        try (var loops = Loops.open()) {
            var dns = new DnsOverUdp(loops, server, Duration.ofSeconds(2));
            for (InetAddress each : dns.addresses(arguments[0])) System.out.println(each.getHostAddress());
        }
    }

    /** The addresses of a name; none when it has none. */
    public List<InetAddress> addresses(String name) throws IOException {
        try (var socket = Datagrams.connect(loops, server)) { // nobody else's datagrams reach it
            for (int tried = 1; ; tried++) {
                int id = ThreadLocalRandom.current().nextInt(1 << 16);
                socket.send(question(id, name));
                try (Deadline limit = socket.deadline(patience)) {
                    return answer(socket, id);
                } catch (ConnectionException e) {
                    boolean lost = e.reason() == Reason.TIMEOUT || e.reason() == Reason.REFUSED;
                    if (!lost || tried == TRIES) throw e;
                }
            }
        }
    }

    private static ByteBuffer question(int id, String name) {
        var question = ByteBuffer.allocate(HEADER + name.length() + 2 + 4);
        question.putShort((short) id).putShort((short) 0x0100); // recursion desired
        question.putShort((short) 1).putShort((short) 0).putInt(0); // one question, no records
        for (String label : name.split("\\.")) {
            if (label.isEmpty() || label.length() > LONGEST_LABEL) {
                throw new IllegalArgumentException("not a host name: " + name);
            }
            question.put((byte) label.length()).put(label.getBytes(US_ASCII));
        }
        return question.put((byte) 0)
                .putShort((short) TYPE_A)
                .putShort((short) CLASS_IN)
                .flip();
    }

    /** Waits for the answer to this question; one to an earlier try may come before it. */
    private static List<InetAddress> answer(Datagrams socket, int id) throws IOException {
        while (true) {
            var message = ByteBuffer.wrap(socket.receive().data());
            if (message.remaining() < HEADER || Short.toUnsignedInt(message.getShort(0)) != id) continue;
            try {
                return addresses(message);
            } catch (BufferUnderflowException | IllegalArgumentException e) {
                throw new IOException("the server's answer is malformed", e);
            }
        }
    }

    private static List<InetAddress> addresses(ByteBuffer message) throws IOException {
        int code = message.get(3) & 0xf;
        if (code == 3) return List.of(); // there is no such name
        if (code != 0) throw new IOException("the server answered with error " + code);
        if ((message.getShort(2) & TRUNCATED) != 0) throw new IOException("the answer is too long for UDP: ask by TCP");
        int questions = Short.toUnsignedInt(message.getShort(4));
        int answers = Short.toUnsignedInt(message.getShort(6));
        message.position(HEADER);
        for (int i = 0; i < questions; i++) {
            skipName(message);
            message.position(message.position() + 4);
        }
        var found = new ArrayList<InetAddress>();
        for (int i = 0; i < answers; i++) {
            skipName(message);
            int type = message.getShort();
            message.position(message.position() + 6); // class and time to live
            byte[] data = new byte[Short.toUnsignedInt(message.getShort())];
            message.get(data);
            if (type == TYPE_A) found.add(InetAddress.getByAddress(data));
        }
        return found;
    }

    /** Labels up to an empty one, or to a pointer to the rest. */
    private static void skipName(ByteBuffer message) {
        while (true) {
            int length = Byte.toUnsignedInt(message.get());
            if (length == 0) return;
            boolean pointer = length >= 0xc0;
            message.position(message.position() + (pointer ? 1 : length));
            if (pointer) return;
        }
    }
}

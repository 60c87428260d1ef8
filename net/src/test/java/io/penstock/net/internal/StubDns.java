package io.penstock.net.internal;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A name server, over UDP and TCP, that answers what a test says. */
final class StubDns implements AutoCloseable {
    static final int A = 1;
    static final int CNAME = 5;
    static final int AAAA = 28;
    static final int SRV = 33;

    static final Reply NXDOMAIN = new Reply(3, false, List.of());
    static final Reply SERVFAIL = new Reply(2, false, List.of());
    static final Reply REFUSED = new Reply(5, false, List.of());
    static final Reply EMPTY = new Reply(0, false, List.of());
    static final Reply TRUNCATED = new Reply(0, true, List.of());

    record Question(String name, int type, boolean tcp) {}

    record Entry(String name, int type, int ttl, byte[] data) {}

    record Reply(int code, boolean truncated, List<Entry> entries) {
        static Reply of(Entry... entries) {
            return new Reply(0, false, List.of(entries));
        }
    }

    /** What to answer; null for nothing at all. Runs on a thread of its own for each question. */
    @FunctionalInterface
    interface Script {
        @Nullable
        Reply answer(Question question) throws Exception;
    }

    final List<Question> asked = new CopyOnWriteArrayList<>();
    private final DatagramSocket udp;
    private final ServerSocket tcp;
    private final Script script;

    StubDns(Script script) throws IOException {
        this.script = script;
        var loopback = InetAddress.getLoopbackAddress();
        tcp = new ServerSocket(0, 50, loopback);
        udp = new DatagramSocket(tcp.getLocalPort(), loopback);
        Thread.ofPlatform().daemon().name("stub dns udp").start(this::serveUdp);
        Thread.ofPlatform().daemon().name("stub dns tcp").start(this::serveTcp);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) tcp.getLocalSocketAddress();
    }

    long asked(String name, int type) {
        return asked.stream()
                .filter(each -> each.name.equals(name) && each.type == type)
                .count();
    }

    private void serveUdp() {
        try {
            while (true) {
                var packet = new DatagramPacket(new byte[4096], 4096);
                udp.receive(packet);
                Thread.ofVirtual().start(() -> {
                    byte[] reply = reply(ByteBuffer.wrap(packet.getData(), 0, packet.getLength()), false);
                    if (reply == null) return;
                    try {
                        udp.send(new DatagramPacket(reply, reply.length, packet.getSocketAddress()));
                    } catch (IOException e) {
                        // the test is over
                    }
                });
            }
        } catch (IOException e) {
            // closed
        }
    }

    private void serveTcp() {
        try {
            while (true) {
                Socket client = tcp.accept();
                Thread.ofVirtual().start(() -> {
                    try (client) {
                        var in = new DataInputStream(client.getInputStream());
                        byte[] reply = reply(ByteBuffer.wrap(in.readNBytes(in.readUnsignedShort())), true);
                        if (reply == null) return;
                        var out = new DataOutputStream(client.getOutputStream());
                        out.writeShort(reply.length);
                        out.write(reply);
                        in.read();
                    } catch (IOException e) {
                        // the client has what it wanted
                    }
                });
            }
        } catch (IOException e) {
            // closed
        }
    }

    private byte @Nullable [] reply(ByteBuffer query, boolean overTcp) {
        int id = query.getShort();
        query.position(12);
        var name = new StringBuilder();
        for (int length = query.get(); length > 0; length = query.get()) {
            var label = new byte[length];
            query.get(label);
            if (!name.isEmpty()) name.append('.');
            name.append(new String(label, StandardCharsets.US_ASCII));
        }
        var question = new Question(name.toString(), query.getShort(), overTcp);
        asked.add(question);
        try {
            Reply reply = script.answer(question);
            return reply == null ? null : encode(id, question, reply);
        } catch (InterruptedException e) {
            return null;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] encode(int id, Question question, Reply reply) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeShort(id);
            out.writeShort(0x8180 | (reply.truncated ? 0x0200 : 0) | reply.code);
            out.writeShort(1);
            out.writeShort(reply.entries.size());
            out.writeInt(0);
            out.write(name(question.name));
            out.writeShort(question.type);
            out.writeShort(1);
            for (Entry entry : reply.entries) {
                out.write(name(entry.name));
                out.writeShort(entry.type);
                out.writeShort(1);
                out.writeInt(entry.ttl);
                out.writeShort(entry.data.length);
                out.write(entry.data);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static byte[] name(String text) {
        var bytes = new ByteArrayOutputStream();
        for (String label : text.split("\\.")) {
            if (label.isEmpty()) continue;
            bytes.write(label.length());
            bytes.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        bytes.write(0);
        return bytes.toByteArray();
    }

    static Entry a(String name, int ttl, String address) {
        return new Entry(name, A, ttl, InetAddress.ofLiteral(address).getAddress());
    }

    static Entry aaaa(String name, int ttl, String address) {
        return new Entry(name, AAAA, ttl, InetAddress.ofLiteral(address).getAddress());
    }

    static Entry cname(String name, int ttl, String target) {
        return new Entry(name, CNAME, ttl, name(target));
    }

    static Entry srv(String name, int ttl, int priority, int weight, int port, String target) {
        byte[] host = name(target);
        var data = ByteBuffer.allocate(6 + host.length);
        data.putShort((short) priority)
                .putShort((short) weight)
                .putShort((short) port)
                .put(host);
        return new Entry(name, SRV, ttl, data.array());
    }

    @Override
    public void close() throws IOException {
        udp.close();
        tcp.close();
    }
}

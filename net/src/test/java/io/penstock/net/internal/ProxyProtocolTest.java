package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.haproxy.HAProxyCommand;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyMessageEncoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolVersion;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.handler.codec.haproxy.HAProxyTLV;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.ProxyHeader;
import io.penstock.net.Spawned;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The header of the PROXY protocol, against Netty's codec and cut at every byte. */
class ProxyProtocolTest {
    private static final Loops LOOPS =
            Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO));
    private static final Loop LOOP = LOOPS.next();

    @AfterAll
    static void close() {
        LOOPS.close(Duration.ZERO);
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }

    static Stream<ProxyHeader> headers() {
        return Stream.of(1, 2)
                .flatMap(version -> Stream.of(
                        new ProxyHeader(version, null, null),
                        new ProxyHeader(version, at("192.168.0.1", 56324), at("255.255.255.255", 65535)),
                        new ProxyHeader(version, at("0.0.0.0", 0), at("10.0.0.1", 1)),
                        new ProxyHeader(version, at("2001:db8::1", 56324), at("::1", 443)),
                        new ProxyHeader(version, at("10.0.0.1", 4000), at("2001:db8::2", 443))));
    }

    /** What is read from a peer that sends the pieces one by one, and what is left behind it. */
    private static ProxyHeader read(byte[]... pieces) throws Exception {
        Connection.Pair pair = Connection.pair(LOOP, LOOP);
        try {
            var reading = Spawned.on(LOOP, () -> {
                ProxyHeader header = ProxyProtocol.read(pair.second());
                assertThat(new String(pair.second().receive(4), StandardCharsets.US_ASCII))
                        .isEqualTo("NEXT");
                return header;
            });
            Spawned.on(LOOP, () -> {
                        for (byte[] piece : pieces) {
                            pair.first().send(piece);
                            pair.first().flush();
                        }
                        pair.first().send("NEXT");
                        pair.first().shutdownOutput();
                        return null;
                    })
                    .value();
            return reading.value();
        } finally {
            pair.first().abort();
            pair.second().abort();
        }
    }

    private static ConnectionException failure(byte[] bytes) {
        Connection.Pair pair = Connection.pair(LOOP, LOOP);
        try {
            Spawned.on(LOOP, () -> {
                        pair.first().send(bytes);
                        pair.first().shutdownOutput();
                        return null;
                    })
                    .value();
            return Spawned.on(LOOP, () -> ProxyProtocol.read(pair.second())).failing();
        } finally {
            pair.first().abort();
            pair.second().abort();
        }
    }

    @ParameterizedTest
    @MethodSource("headers")
    void whatIsWrittenIsReadHoweverItIsCut(ProxyHeader header) throws Exception {
        byte[] bytes = ProxyProtocol.encode(header);
        for (int cut = 1; cut < bytes.length; cut++) {
            assertThat(read(Arrays.copyOf(bytes, cut), Arrays.copyOfRange(bytes, cut, bytes.length)))
                    .isEqualTo(header);
        }
    }

    @ParameterizedTest
    @MethodSource("headers")
    void anEndWithinTheHeaderIsToldAsTheEnd(ProxyHeader header) {
        byte[] bytes = ProxyProtocol.encode(header);
        for (int cut = 0; cut < bytes.length; cut++) {
            assertThat(failure(Arrays.copyOf(bytes, cut)).reason()).isEqualTo(Reason.EOF);
        }
    }

    private static String text(ByteBuf buffer) {
        return ByteBufUtil.hexDump(buffer);
    }

    private static HAProxyMessage message(ProxyHeader header, List<HAProxyTLV> fields) {
        var version = header.version() == 1 ? HAProxyProtocolVersion.V1 : HAProxyProtocolVersion.V2;
        InetSocketAddress from = header.source();
        InetSocketAddress to = header.destination();
        if (from == null || to == null) {
            return header.version() == 1
                    ? new HAProxyMessage(
                            version, HAProxyCommand.PROXY, HAProxyProxiedProtocol.UNKNOWN, null, null, 0, 0)
                    : new HAProxyMessage(
                            version, HAProxyCommand.LOCAL, HAProxyProxiedProtocol.UNKNOWN, null, null, 0, 0);
        }
        boolean four = from.getAddress().getAddress().length == 4;
        return new HAProxyMessage(
                version,
                HAProxyCommand.PROXY,
                four ? HAProxyProxiedProtocol.TCP4 : HAProxyProxiedProtocol.TCP6,
                from.getAddress().getHostAddress(),
                to.getAddress().getHostAddress(),
                from.getPort(),
                to.getPort(),
                fields);
    }

    private static byte[] encodedByNetty(ProxyHeader header, List<HAProxyTLV> fields) {
        var channel = new EmbeddedChannel(HAProxyMessageEncoder.INSTANCE);
        channel.writeOutbound(message(header, fields));
        ByteBuf bytes = Unpooled.buffer();
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            bytes.writeBytes(part);
            part.release();
        }
        return ByteBufUtil.getBytes(bytes);
    }

    @ParameterizedTest
    @MethodSource("headers")
    void itIsWhatNettyWritesAndReads(ProxyHeader header) throws Exception {
        InetSocketAddress from = header.source();
        InetSocketAddress to = header.destination();
        if (from == null || to == null) return; // Netty writes "null"
        if (from.getAddress().getAddress().length != to.getAddress().getAddress().length)
            return; // Netty mixes no families
        if (from.getPort() == 0) return; // Netty takes it for none
        byte[] bytes = ProxyProtocol.encode(header);
        byte[] oracle = encodedByNetty(header, List.of());
        assertThat(text(Unpooled.wrappedBuffer(bytes))).isEqualTo(text(Unpooled.wrappedBuffer(oracle)));
        assertThat(read(oracle)).isEqualTo(header);
        var channel = new EmbeddedChannel(new HAProxyMessageDecoder());
        channel.writeInbound(Unpooled.wrappedBuffer(bytes));
        HAProxyMessage decoded = channel.readInbound();
        if (header.source() != null) {
            assertThat(decoded.sourceAddress())
                    .isEqualTo(header.source().getAddress().getHostAddress());
            assertThat(decoded.destinationPort()).isEqualTo(header.destination().getPort());
        }
        decoded.release();
    }

    @Test
    void furtherFieldsAreTolerated() throws Exception {
        var header = new ProxyHeader(2, at("10.0.0.1", 1), at("10.0.0.2", 2));
        var fields = List.of(
                new HAProxyTLV(
                        HAProxyTLV.Type.PP2_TYPE_AUTHORITY,
                        Unpooled.copiedBuffer("a.example", StandardCharsets.US_ASCII)),
                new HAProxyTLV((byte) 0xe0, Unpooled.wrappedBuffer(new byte[1000])),
                new HAProxyTLV((byte) 0x04, Unpooled.EMPTY_BUFFER));
        assertThat(read(encodedByNetty(header, fields))).isEqualTo(header);
    }

    private static byte[] binary(int command, int family, byte[] body) {
        return ByteBuffer.allocate(16 + body.length)
                .put("\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII))
                .put((byte) command)
                .put((byte) family)
                .putShort((short) body.length)
                .put(body)
                .array();
    }

    @Test
    void aChecksumMustBeRight() throws Exception {
        byte[] bytes = binary(
                0x21,
                0x11,
                ByteBuffer.allocate(19)
                        .put(new byte[] {10, 0, 0, 1, 10, 0, 0, 2, 0, 1, 0, 2, 3, 0, 4})
                        .array());
        var sum = new CRC32C();
        sum.update(bytes);
        ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) sum.getValue());
        assertThat(read(bytes).source()).isEqualTo(at("10.0.0.1", 1));
        bytes[16]++;
        assertThat(failure(bytes)).hasMessageContaining("checksum");
    }

    @Test
    void whatHasNoAddressHereIsAcceptedWithoutOne() throws Exception {
        assertThat(read(binary(0x20, 0x11, new byte[12])).source()).isNull();
        assertThat(read(binary(0x21, 0x00, new byte[5 - 2])).source()).isNull();
        assertThat(read(binary(0x21, 0x31, new byte[216])).source()).isNull();
        assertThat(read("PROXY UNKNOWN ff:ff 1 2 3 whatever\r\n".getBytes(StandardCharsets.US_ASCII))
                        .source())
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET / HTTP/1.1\r\n\r\n",
                "PROXX TCP4 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n",
                "PROXY TCP4  1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 -1 1\r\n",
                "PROXY TCP4 1.2.3 1.2.3.4 1 1\r\n",
                "PROXY TCP4 1.2.3.256 1.2.3.4 1 1\r\n",
                "PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP4 ::1 ::1 1 1\r\n",
                "PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY TCP6 ::g ::1 1 1\r\n",
                "PROXY TCP6 fe80::1%eth0 ::1 1 1\r\n",
                "PROXY UDP4 1.2.3.4 1.2.3.4 1 1\r\n",
                "PROXY \r\n",
            })
    void aLineOfAnotherFormIsRefused(String line) {
        var failure = failure(line.getBytes(StandardCharsets.US_ASCII));
        assertThat(failure.reason()).isEqualTo(Reason.MALFORMED);
        assertThat(failure).hasMessageContaining("no PROXY header");
    }

    @Test
    void aLineHasAtMostAsManyBytesAsTheSpecificationSays() throws Exception {
        assertThat(read(ascii("PROXY UNKNOWN " + "x".repeat(91) + "\r\n"))).isEqualTo(new ProxyHeader(1, null, null));
        assertThat(failure(ascii("PROXY UNKNOWN " + "x".repeat(92) + "\r\n")).reason())
                .isEqualTo(Reason.MALFORMED);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void binaryNonsenseIsRefused() {
        for (byte[] bytes : List.of(
                binary(0x11, 0x11, new byte[12]), // version 1
                binary(0x22, 0x11, new byte[12]), // an unknown command
                binary(0x21, 0x41, new byte[12]), // an unknown family
                binary(0x21, 0x13, new byte[12]), // an unknown protocol
                binary(0x21, 0x11, new byte[11]), // too short
                binary(0x21, 0x21, new byte[35]),
                binary(0x21, 0x31, new byte[215]),
                binary(0x21, 0x11, new byte[14]), // a field that is cut off
                binary(
                        0x21,
                        0x11,
                        ByteBuffer.allocate(16)
                                .put(12, (byte) 4)
                                .putShort(13, (short) 2)
                                .array()),
                binary(0x21, 0x11, new byte[16 * 1024 + 1]))) {
            assertThat(failure(bytes).reason()).isEqualTo(Reason.MALFORMED);
        }
    }

    @Test
    void randomBytesNeverDoMoreThanFail() {
        var random = new Random(42);
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = ProxyProtocol.encode(headers().toList().get(random.nextInt(10)));
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            Connection.Pair pair = Connection.pair(LOOP, LOOP);
            Spawned.on(LOOP, () -> {
                        pair.first().send(bytes);
                        pair.first().shutdownOutput();
                        try {
                            return ProxyProtocol.read(pair.second());
                        } catch (ConnectionException e) {
                            assertThat(e.reason()).isIn(Reason.MALFORMED, Reason.EOF);
                            return null;
                        }
                    })
                    .value();
            pair.first().abort();
            pair.second().abort();
        }
    }
}

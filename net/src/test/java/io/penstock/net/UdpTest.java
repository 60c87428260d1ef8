package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Transport;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What only UDP has. Numbers are those of the peer's {@code t/087-udp-socket.t}. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class UdpTest {
    private static final SocketAddress LOOPBACK = new InetSocketAddress("127.0.0.1", 0);

    private final LoopOptions options;
    private final Loops loops;
    private final Loop loop;

    UdpTest(LoopOptions options) {
        this.options = options;
        loops = Loops.open(options);
        loop = loops.next();
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    // ---- refusals

    @Test
    void _3_aPortThatNobodyHasRefusesAndTheSocketGoesOn() throws Exception {
        SocketAddress nobody = freePort();
        try (var client = Datagrams.connect(loops, nobody)) {
            client.send(bytes("anybody?"));
            var failure = Spawned.on(loop, client::receive).failing();
            assertThat(failure.reason()).isEqualTo(Reason.REFUSED);
            assertThat(failure.phase()).isEqualTo(Phase.READ);
            assertThat(failure.peer()).isEqualTo(nobody);
            try (var server = Datagrams.open(loops, DatagramOptions.at(nobody))) {
                client.send(bytes("now?"));
                assertThat(text(server.receive())).isEqualTo("now?");
            }
        }
    }

    @Test
    void aRefusalIsToldToTheSenderToo() throws Exception {
        try (var client = Datagrams.connect(loops, freePort())) {
            await().until(() -> {
                try {
                    client.send(bytes("anybody?"));
                    return false;
                } catch (ConnectionException e) {
                    return e.reason() == Reason.REFUSED && e.phase() == Phase.WRITE;
                }
            });
        }
    }

    @Test
    void anUnconnectedSocketIsNotToldOfRefusals() throws Exception {
        try (var socket = Datagrams.open(loops, DatagramOptions.at(LOOPBACK))) {
            socket.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(30)));
            socket.send(bytes("anybody?"), freePort());
            assertThat(Spawned.on(loop, socket::receive).reason()).isEqualTo(Reason.TIMEOUT);
        }
    }

    // ---- names and addresses

    @Test
    void _11_13_aNameIsResolved() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(LOOPBACK))) {
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            var name = InetSocketAddress.createUnresolved("localhost", port);
            try (var client = Datagrams.connect(loops, name)) {
                client.send(bytes("by name"));
                assertThat(text(server.receive())).isEqualTo("by name");
            }
        }
    }

    @Test
    void _12_aNameThatHasNoAddressIsSaidSo() {
        var name = InetSocketAddress.createUnresolved("nobody.invalid", 53);
        var failure = Spawned.on(loop, () -> Datagrams.connect(loops, name)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(failure.phase()).isEqualTo(Phase.RESOLVE);
    }

    @Test
    void namesAreNotForSendingTo() throws Exception {
        try (var socket = Datagrams.open(loops, DatagramOptions.DEFAULT)) {
            assertThatThrownBy(() -> socket.send(bytes("x"), InetSocketAddress.createUnresolved("localhost", 53)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("resolved");
        }
    }

    @Test
    void _23_aLocalAddressIsChosen() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(LOOPBACK));
                var client = Datagrams.connect(
                        loops, server.localAddress(), DatagramOptions.at(new InetSocketAddress("127.0.0.10", 0)))) {
            client.send(bytes("x"));
            var from = (InetSocketAddress) server.receive().peer();
            assertThat(from.getAddress().getHostAddress()).isEqualTo("127.0.0.10");
            assertThat(from).isEqualTo(client.localAddress());
        }
    }

    @Test
    void _24_anAddressOfAnotherMachineIsRefused() {
        var foreign = DatagramOptions.at(new InetSocketAddress("192.0.2.250", 0));
        assertThatThrownBy(() -> Datagrams.open(loops, foreign))
                .isInstanceOfSatisfying(ConnectionException.class, e -> {
                    assertThat(e.reason()).isEqualTo(Reason.ADDRESS);
                    assertThat(e.phase()).isEqualTo(Phase.BIND);
                });
    }

    @Test
    void aSocketBoundToNothingInParticularSpeaksBothFamilies() throws Exception {
        try (var both = Datagrams.open(loops, DatagramOptions.DEFAULT)) {
            int port = ((InetSocketAddress) both.localAddress()).getPort();
            assertThat(port).isPositive();
            for (String host : List.of("127.0.0.1", "::1")) {
                try (var client = Datagrams.connect(loops, new InetSocketAddress(host, port))) {
                    client.send(bytes("from " + host));
                    Datagram asked = both.receive();
                    assertThat(asked.peer()).isEqualTo(client.localAddress());
                    both.send(asked.data(), asked.peer());
                    assertThat(text(client.receive())).isEqualTo("from " + host);
                }
            }
        }
    }

    @Test
    void itUnderstandsTheJdksSocketsAndTheyIt() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(LOOPBACK));
                var jdk = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            byte[] data = bytes("from the JDK");
            jdk.send(new java.net.DatagramPacket(data, data.length, server.localAddress()));
            Datagram asked = server.receive();
            assertThat(asked.peer()).isEqualTo(jdk.getLocalSocketAddress());
            server.send(bytes("to the JDK"), asked.peer());
            var packet = new java.net.DatagramPacket(new byte[100], 100);
            jdk.receive(packet);
            assertThat(new String(packet.getData(), 0, packet.getLength(), UTF_8))
                    .isEqualTo("to the JDK");
        }
    }

    // ---- options

    @Test
    void theOptionsOfUdpAreTaken() throws Exception {
        for (String host : List.of("127.0.0.1", "::1")) {
            try (var socket = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress(host, 0)))) {
                socket.option(StandardSocketOptions.SO_RCVBUF, 128 * 1024);
                socket.option(StandardSocketOptions.SO_SNDBUF, 128 * 1024);
                socket.option(StandardSocketOptions.SO_BROADCAST, true);
                socket.option(StandardSocketOptions.IP_TOS, 0x10);
                socket.option(StandardSocketOptions.IP_MULTICAST_TTL, 2);
                socket.option(StandardSocketOptions.IP_MULTICAST_LOOP, true);
                socket.option(StandardSocketOptions.IP_MULTICAST_IF, loopback());
                if (options.transport() != Transport.NIO) socket.option(DatagramOptions.TTL, 3);
                assertThatThrownBy(() -> socket.option(StandardSocketOptions.TCP_NODELAY, true))
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("TCP_NODELAY is not an option");
            }
        }
    }

    @Test
    void aPortIsSharedByThoseWhoSaySo() throws Exception {
        var shared = DatagramOptions.DEFAULT.withSocketOption(StandardSocketOptions.SO_REUSEPORT, true);
        try (var one = Datagrams.open(loops, shared.withLocal(LOOPBACK));
                var two = Datagrams.open(loops, shared.withLocal(one.localAddress()))) {
            assertThat(two.localAddress()).isEqualTo(one.localAddress());
        }
    }

    @Test
    void broadcastWantsItsOption() throws Exception {
        SocketAddress all = new InetSocketAddress("127.255.255.255", 9);
        try (var socket = Datagrams.open(loops, DatagramOptions.at(LOOPBACK))) {
            if (options.transport() != Transport.NIO) { // the JDK sets it by itself
                assertThatThrownBy(() -> socket.send(bytes("x"), all))
                        .isInstanceOf(ConnectionException.class)
                        .hasMessageContaining("permission denied (EACCES)");
            }
            socket.option(StandardSocketOptions.SO_BROADCAST, true);
            assertThat(socket.send(bytes("x"), all)).isEqualTo(1);
        }
    }

    @Test
    void anOptionThatCannotBeSetLeavesNoSocketBehind() {
        var wrong = DatagramOptions.at(LOOPBACK).withSocketOption(StandardSocketOptions.TCP_NODELAY, true);
        assertThatThrownBy(() -> Datagrams.open(loops, wrong)).isInstanceOf(UnsupportedOperationException.class);
        assertThat(loops.all()).allMatch(each -> each.connections() == 0);
    }

    // ---- multicast: only a kernel without it makes this skip

    @Test
    void aGroupIsJoinedAndLeft() throws Exception {
        joinAndLeave("239.255.77.1", "0.0.0.0", "127.0.0.1", loopback());
    }

    /** Linux routes no IPv6 multicast by its loopback interface, but delivers what leaves by another one here too. */
    @Test
    void aGroupOfIpv6IsJoinedAndLeft() throws Exception {
        for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
            boolean ipv6 = each.inetAddresses().anyMatch(Inet6Address.class::isInstance);
            if (ipv6 && each.isUp() && each.supportsMulticast() && !each.isLoopback()) {
                joinAndLeave("ff11::77:1", "::", "::1", each);
                return;
            }
        }
        assumeTrue(false, "no interface of this machine has IPv6 multicast");
    }

    private void joinAndLeave(String name, String any, String own, NetworkInterface by) throws Exception {
        var group = InetAddress.getByName(name);
        try (var member = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress(any, 0)));
                var sender = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress(any, 0)))) {
            joinIfTheKernelCan(member, group, by, null);
            sender.option(StandardSocketOptions.IP_MULTICAST_IF, by);
            var to = new InetSocketAddress(group, ((InetSocketAddress) member.localAddress()).getPort());
            sender.send(bytes("to the group"), to);
            assertThat(text(member.receive())).isEqualTo("to the group");

            member.leave(group, by, null);
            sender.send(bytes("nobody hears"), to);
            sender.send(bytes("direct"), new InetSocketAddress(own, to.getPort()));
            assertThat(text(member.receive())).isEqualTo("direct");
        }
    }

    @Test
    void aGroupIsJoinedForOneSource() throws Exception {
        var group = InetAddress.getByName("232.255.77.2");
        var wanted = InetAddress.getByName("127.0.0.1");
        try (var member = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress("0.0.0.0", 0)));
                var sender = Datagrams.open(loops, DatagramOptions.at(LOOPBACK));
                var other = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress("127.0.0.2", 0)))) {
            joinIfTheKernelCan(member, group, loopback(), wanted);
            var to = new InetSocketAddress(group, ((InetSocketAddress) member.localAddress()).getPort());
            for (Datagrams each : List.of(other, sender)) {
                each.option(StandardSocketOptions.IP_MULTICAST_IF, loopback());
                each.send(bytes("from " + ((InetSocketAddress) each.localAddress()).getHostString()), to);
            }
            assertThat(text(member.receive())).isEqualTo("from 127.0.0.1");
            member.leave(group, loopback(), wanted);
            assertThatThrownBy(() -> member.join(wanted, loopback())).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void joinIfTheKernelCan(Datagrams member, InetAddress group, NetworkInterface by, InetAddress source)
            throws IOException {
        try {
            member.join(group, by, source);
        } catch (ConnectionException e) {
            boolean none = e.getMessage().contains("ENODEV") || e.getMessage().contains("No such device");
            assumeTrue(!none, "this kernel has no multicast: " + e.getMessage());
            throw e;
        }
    }

    // ---- more than it can hold

    @Test
    void aFloodFillsTheKernelsBufferAndNoMore() throws Exception {
        int count = 5_000;
        var small = DatagramOptions.at(LOOPBACK).withSocketOption(StandardSocketOptions.SO_RCVBUF, 64 * 1024);
        try (var server = Datagrams.open(loops, small);
                var client = Datagrams.connect(loops, server.localAddress())) {
            byte[] data = new byte[1024];
            for (int i = 0; i < count; i++) {
                data[0] = (byte) (i >> 8);
                data[1] = (byte) i;
                client.send(data);
            }
            server.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(50)));
            int received = 0;
            while (true) {
                try {
                    for (Datagram each : server.receiveMany(64)) {
                        int number = Byte.toUnsignedInt(each.data()[0]) << 8 | Byte.toUnsignedInt(each.data()[1]);
                        assertThat(number).isEqualTo(received++); // the first ones, in their order
                    }
                } catch (ConnectionException e) {
                    assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
                    break;
                }
            }
            assertThat(received).isBetween(10, 500);
            assertThat(server.counts().received()).isEqualTo(received);
            assertThat(client.counts().sent()).isEqualTo(count);
            long dropped = options.transport() == Transport.NIO ? 0 : count - received;
            assertThat(server.counts().dropped()).isEqualTo(dropped);
            server.close();
            assertThat(server.counts().dropped()).isEqualTo(dropped);
        }
    }

    @Test
    void aHundredThousandAreEchoedAndNothingIsLeft() throws Exception {
        int rounds = 10;
        int count = 10_000;
        List<Datagram> window = Collections.nCopies(50, Datagram.of(new byte[64], null));
        var other = loops.next();
        try (var server = Spawned.on(other, () -> Datagrams.open(loops, DatagramOptions.at(LOOPBACK)))
                        .value();
                var client = Spawned.on(loop, () -> Datagrams.connect(loops, server.localAddress()))
                        .value()) {
            for (int round = 0; round < rounds; round++) {
                var echo = Spawned.on(other, () -> {
                    for (int echoed = 0; echoed < count; ) echoed += server.sendMany(server.receiveMany(64));
                    return null;
                });
                var asking = Spawned.on(loop, () -> {
                    for (int answered = 0; answered < count; ) {
                        client.sendMany(window);
                        int goal = answered + window.size();
                        while (answered < goal)
                            answered += client.receiveMany(goal - answered).size();
                    }
                    return null;
                });
                assertThat(asking.value()).isNull();
                assertThat(echo.value()).isNull();
            }
            assertThat(server.counts().received()).isEqualTo((long) rounds * count);
            assertThat(server.counts().dropped()).isZero();
            assertThat(client.counts().received()).isEqualTo((long) rounds * count);
        }
    }

    private static NetworkInterface loopback() throws IOException {
        return NetworkInterface.getByInetAddress(InetAddress.getByName("127.0.0.1"));
    }

    private static SocketAddress freePort() throws IOException {
        try (var socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
            return socket.getLocalSocketAddress();
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String text(Datagram datagram) {
        return new String(datagram.data(), UTF_8);
    }
}

package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.NettyLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listeners and datagram sockets that were opened elsewhere. */
class AdoptedListenerTest {
    @TempDir
    Path directory;

    private Loops loops;

    @BeforeEach
    void open() {
        assumeTrue(Epoll.isAvailable(), "descriptors are adopted on Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    }

    @AfterEach
    void close() {
        if (loops != null) loops.close(Duration.ZERO);
    }

    private static void echo(Connection connection) throws ConnectionException {
        connection.send(connection.receiveLine() + "!");
    }

    @Test
    void clientsWhoHaveConnectedBeforeAreServedAndSoAreLaterOnes() throws Exception {
        int fd = listening();
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Posix.port(fd));
        try (var early = SocketChannel.open(address)) {
            try (var listener = Listener.adopt(loops, fd, AdoptedListenerTest::echo)) {
                assertThat(listener.address()).isEqualTo(address);
                assertThat(asked(early)).isEqualTo("hello!");
                try (var late = SocketChannel.open(address)) {
                    assertThat(asked(late)).isEqualTo("hello!");
                }
            }
        }
        assertThatThrownBy(() -> SocketChannel.open(address).close()).hasMessageContaining("refused");
    }

    @Test
    void anIpv6ListenerAndAUnixOneWhoseFileStays() throws Exception {
        int six = Posix.socket(Posix.AF_INET6, Posix.STREAM);
        Posix.bind(six, Posix.AF_INET6, 0);
        Posix.listen(six);
        var address = new InetSocketAddress(InetAddress.getByName("::1"), Posix.port(six));
        served(Listener.adopt(loops, six, AdoptedListenerTest::echo), address);

        Path path = directory.resolve("s");
        int unix = Posix.socket(Posix.AF_UNIX, Posix.STREAM);
        Posix.bind(unix, path);
        Posix.listen(unix);
        served(Listener.adopt(loops, unix, AdoptedListenerTest::echo), UnixDomainSocketAddress.of(path));
        assertThat(path).exists();
    }

    private static void served(Listener listener, SocketAddress at) throws Exception {
        try (listener;
                var client = SocketChannel.open(at)) {
            assertThat(listener.address()).isEqualTo(at);
            assertThat(asked(client)).isEqualTo("hello!");
        }
    }

    @Test
    void whatDoesNotListenIsRefused() {
        int unbound = Posix.socket(Posix.AF_INET, Posix.STREAM);
        refused(() -> Listener.adopt(loops, unbound, _ -> {}), unbound, Reason.NOT_LISTENING, "call listen first");
        int[] pair = Posix.pair(Posix.STREAM);
        refused(
                () -> Listener.adopt(loops, pair[0], _ -> {}),
                pair[0],
                Reason.NOT_LISTENING,
                "Connection.adopt is for it");
        int udp = Posix.socket(Posix.AF_INET, Posix.DATAGRAM);
        refused(() -> Listener.adopt(loops, udp, _ -> {}), udp, Reason.NOT_A_STREAM, "accepts no connections");
        int event = Posix.event();
        refused(() -> Listener.adopt(loops, event, _ -> {}), event, Reason.NOT_A_SOCKET, "ENOTSOCK");
        refused(() -> Listener.adopt(loops, -1, _ -> {}), -1, Reason.INVALID_DESCRIPTOR, "is none");
        for (int fd : new int[] {unbound, pair[0], pair[1], udp, event}) Posix.close(fd);
    }

    @Test
    void aListenerIsAdoptedOnce() throws Exception {
        int fd = listening();
        int again = Posix.duplicate(fd);
        var listener = Listener.adopt(loops, fd, _ -> {});
        refused(() -> Listener.adopt(loops, again, _ -> {}), again, Reason.ALREADY_ADOPTED, "close or detach");
        listener.close();
        Listener.adopt(loops, again, _ -> {}).close();
        assertThat(Posix.flags(again).isOpen()).isFalse();
    }

    /** Nobody must be accepted by a loop that comes to it later. */
    @Test
    void aLoopThatIsBusyForLongLeavesItAsItWas() throws Exception {
        int fd = listening();
        var before = Posix.flags(fd);
        try (var one = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO))) {
            var held = new CountDownLatch(1);
            ((NettyLoop) one.next()).eventLoop().execute(() -> {
                try {
                    held.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(Spawned.onPlatformThread(() -> Listener.adopt(one, fd, _ -> {}))
                            .reason())
                    .isEqualTo(Reason.FAILED);
            assertThat(Posix.flags(fd)).isEqualTo(before);
            held.countDown();
            assertThat(Spawned.on(one.next(), () -> "turning").value()).isEqualTo("turning");
        }
        try (var client = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), Posix.port(fd)));
                var _ = Listener.adopt(loops, fd, AdoptedListenerTest::echo)) {
            assertThat(asked(client)).isEqualTo("hello!");
        }
    }

    @Test
    void datagramSocketsOfUdpAndUnixConnectedAndNot() throws Exception {
        int fd = Posix.socket(Posix.AF_INET, Posix.DATAGRAM);
        Posix.bind(fd, Posix.AF_INET, 0);
        int port = Posix.port(fd);
        int client = Posix.socket(Posix.AF_INET, Posix.DATAGRAM);
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        assertThat(Posix.connect(client, address)).isTrue();
        var server = Datagrams.adopt(loops, fd);
        var asking = Datagrams.adopt(loops, client);
        assertThat(server.localAddress()).isEqualTo(address);
        assertThat(asking.peer()).isEqualTo(address);
        Spawned.on(asking.loop(), () -> asking.send("question".getBytes())).value();
        Datagram question = Spawned.on(server.loop(), server::receive).value();
        assertThat(question.data()).isEqualTo("question".getBytes());
        assertThat(question.peer()).isEqualTo(asking.localAddress());
        server.close();
        asking.close();
        assertThat(Posix.flags(fd).isOpen()).isFalse();

        int[] pair = Posix.pair(Posix.DATAGRAM);
        try (var unix = Datagrams.adopt(loops, pair[0])) {
            Posix.write(pair[1], "");
            assertThat(Spawned.on(unix.loop(), unix::receive).value().size()).isZero();
        }
        Posix.close(pair[1]);
    }

    @Test
    void whatHasNoDatagramsIsRefused() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        refused(() -> Datagrams.adopt(loops, pair[0]), pair[0], Reason.NOT_DATAGRAMS, "Connection.adopt is for it");
        int fd = listening();
        refused(() -> Datagrams.adopt(loops, fd), fd, Reason.NOT_DATAGRAMS, "Listener.adopt is for it");
        int[] packets = Posix.pair(Posix.SEQPACKET);
        refused(() -> Datagrams.adopt(loops, packets[0]), packets[0], Reason.NOT_DATAGRAMS, "type 5");
        int[] taken = Posix.pair(Posix.DATAGRAM);
        int again = Posix.duplicate(taken[0]);
        try (var _ = Datagrams.adopt(loops, taken[0])) {
            refused(() -> Datagrams.adopt(loops, again), again, Reason.ALREADY_ADOPTED, "close or detach");
        }
        for (int each : new int[] {pair[0], pair[1], fd, packets[0], packets[1], taken[1], again}) Posix.close(each);
    }

    private interface Adopting {
        AutoCloseable adopt() throws ConnectionException;
    }

    private static void refused(Adopting adopting, int fd, Reason reason, String text) {
        var before = Posix.flags(fd);
        var open = Descriptors.all();
        assertThatThrownBy(adopting::adopt)
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(text);
        assertThat(Posix.flags(fd)).isEqualTo(before);
        assertThat(Descriptors.all()).isEqualTo(open);
    }

    private static int listening() {
        int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
        Posix.bind(fd, Posix.AF_INET, 0);
        Posix.listen(fd);
        return fd;
    }

    private static String asked(SocketChannel client) throws Exception {
        client.write(ByteBuffer.wrap("hello\n".getBytes()));
        var into = ByteBuffer.allocate(10);
        while (client.read(into) >= 0) {}
        return new String(into.array(), 0, into.position());
    }
}

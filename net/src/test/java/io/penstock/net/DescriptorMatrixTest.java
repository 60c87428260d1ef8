package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.NettyLoop;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * FD-MATRIX: every kind of descriptor there is, given to {@code Connection.adopt}. Of each, what it answers, what the flags are and whose
 * the descriptor is afterwards.
 */
class DescriptorMatrixTest {
    @TempDir
    Path directory;

    private Loops loops;
    private ServerSocketChannel server;
    private final List<SocketChannel> peers = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        assumeTrue(Epoll.isAvailable(), "descriptors are adopted on Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
        server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void close() throws Exception {
        if (loops == null) return;
        for (SocketChannel peer : peers) peer.close();
        server.close();
        loops.close(Duration.ZERO);
    }

    // ---- what can be adopted

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aTcpConnectionIsAdoptedWhetherItBlocksOrNot(boolean blocking) throws Exception {
        int fd = connected();
        if (!blocking) Posix.makeNonBlocking(fd);
        Connection connection = adopted(fd, connected -> {
            assertThat(connected.localAddress()).isEqualTo(peers.getFirst().getRemoteAddress());
            assertThat(connected.remoteAddress()).isEqualTo(server.getLocalAddress());
        });
        echoed(connection, peers.getFirst());
        closesOnce(connection);
        assertThat(peers.getFirst().read(ByteBuffer.allocate(1))).isEqualTo(-1);
    }

    @Test
    void aTcpConnectionOverIpv6IsAdopted() throws Exception {
        var six = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getByName("::1"), 0));
        try (six) {
            int fd = Posix.socket(Posix.AF_INET6, Posix.STREAM);
            assertThat(Posix.connect(fd, (InetSocketAddress) six.getLocalAddress()))
                    .isTrue();
            peers.add(six.accept());
            Connection connection =
                    adopted(fd, it -> assertThat(it.remoteAddress()).isEqualTo(six.getLocalAddress()));
            echoed(connection, peers.getFirst());
            closesOnce(connection);
        }
    }

    @Test
    void oneEndOfASocketPairIsAdopted() throws Exception {
        int[] pair = Posix.pair(Posix.STREAM);
        Connection connection =
                adopted(pair[0], it -> assertThat(it.remoteAddress().toString()).isEqualTo("unnamed"));
        Posix.write(pair[1], "ping\n");
        assertThat(received(connection)).isEqualTo("ping");
        connection.send("pong");
        connection.flush();
        assertThat(Posix.read(pair[1], 10)).isEqualTo("pong");
        closesOnce(connection);
        assertThat(Posix.read(pair[1], 10)).isEmpty();
        Posix.close(pair[1]);
    }

    @Test
    void aUnixStreamToAPathIsAdopted() throws Exception {
        Path path = directory.resolve("s");
        int listening = Posix.socket(Posix.AF_UNIX, Posix.STREAM);
        Posix.bind(listening, path);
        Posix.listen(listening);
        int fd = Posix.socket(Posix.AF_UNIX, Posix.STREAM);
        assertThat(Posix.connect(fd, path)).isTrue();
        Connection connection =
                adopted(fd, it -> assertThat(it.remoteAddress().toString()).isEqualTo(path.toString()));
        closesOnce(connection);
        Posix.close(listening);
    }

    @Test
    void whatAPeerHasSentBeforeItClosedIsReceivedBeforeTheEnd() throws Exception {
        int fd = connected();
        peers.getFirst().write(ByteBuffer.wrap("last words\n".getBytes()));
        peers.getFirst().close();
        Connection connection = adopted(fd, _ -> {});
        assertThat(received(connection)).isEqualTo("last words");
        assertThat(Spawned.on(connection.loop(), () -> connection.receiveAll(10))
                        .value())
                .isEmpty();
        closesOnce(connection);
    }

    @Test
    void whatWasReadBeforeComesFirst() throws Exception {
        int fd = connected();
        peers.getFirst().write(ByteBuffer.wrap("then this\n".getBytes()));
        Connection connection =
                Connection.adopt(fd, AdoptOptions.DEFAULT.withUnread(ByteBuffer.wrap("first this, ".getBytes())));
        assertThat(received(connection)).isEqualTo("first this, then this");
        closesOnce(connection);
    }

    @Test
    void aStandardStreamIsAdoptedOnlyWhenItIsSaidToBeMeant() throws Exception {
        String printed = ForkedJvm.run(Inetd.class, ForkedJvm.OPEN);
        assertThat(printed)
                .contains("refused INVALID_DESCRIPTOR adopt: descriptor 0 is a standard stream")
                .contains("received hello")
                .contains("now at 0: /dev/null");
    }

    /** Has a connection as its standard input, as inetd starts programs. */
    static final class Inetd {
        public static void main(String[] args) throws Exception {
            try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
                int[] pair = Posix.pair(Posix.STREAM);
                Posix.replace(0, pair[0]);
                Posix.close(pair[0]);
                try {
                    Connection.adopt(0);
                } catch (ConnectionException e) {
                    System.out.println("refused " + e.reason() + " " + e.getMessage());
                }
                try (var client = Connection.adopt(
                        0, AdoptOptions.DEFAULT.withStandardStreams(true).withLoop(loops.next()))) {
                    Posix.write(pair[1], "hello\n");
                    System.out.println("received " + client.receiveLine());
                }
                System.out.println("now at 0: " + Posix.target(0));
                if (!Posix.read(pair[1], 1).isEmpty()) throw new AssertionError("the connection is still open");
            }
        }
    }

    @Test
    void soAreThoseOfAListenerAndOfDatagrams() throws Exception {
        assertThat(ForkedJvm.run(InetdWaiting.class, ForkedJvm.OPEN))
                .contains("refused INVALID_DESCRIPTOR as a listener", "refused INVALID_DESCRIPTOR as datagrams")
                .contains("accepted hello", "now at 0: /dev/null")
                .contains("received datagram", "now at 2: /dev/null");
    }

    /** Has a listening socket as its standard input and a datagram socket as its standard error, as inetd starts programs that it waits for. */
    static final class InetdWaiting {
        public static void main(String[] args) throws Exception {
            try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
                int listening = Posix.socket(Posix.AF_INET, Posix.STREAM);
                Posix.bind(listening, Posix.AF_INET, 0);
                Posix.listen(listening);
                var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Posix.port(listening));
                Posix.replace(0, listening);
                Posix.close(listening);
                refused("a listener", () -> Listener.adopt(loops, 0, _ -> {}));
                var options = ListenerOptions.DEFAULT.withStandardStreams(true);
                try (var _ = Listener.adopt(loops, 0, options, client -> client.send("hello"));
                        var client = SocketChannel.open(address)) {
                    var got = ByteBuffer.allocate(10);
                    while (client.read(got) >= 0) {}
                    System.out.println("accepted " + new String(got.array(), 0, got.position(), UTF_8));
                }
                System.out.println("now at 0: " + Posix.target(0));

                int[] pair = Posix.pair(Posix.DATAGRAM);
                Posix.replace(2, pair[0]);
                Posix.close(pair[0]);
                refused("datagrams", () -> Datagrams.adopt(loops, 2));
                try (var datagrams = Datagrams.adopt(loops, 2, DatagramOptions.DEFAULT.withStandardStreams(true))) {
                    Posix.write(pair[1], "datagram");
                    byte[] got = Spawned.on(datagrams.loop(), datagrams::receive)
                            .value()
                            .data();
                    System.out.println("received " + new String(got, UTF_8));
                }
                System.out.println("now at 2: " + Posix.target(2));
            }
        }

        private static void refused(String what, Callable<?> adopting) throws Exception {
            try {
                adopting.call();
            } catch (ConnectionException e) {
                System.out.println("refused " + e.reason() + " as " + what);
            }
        }
    }

    // ---- what cannot

    @Test
    void anyNegativeNumber() {
        for (int none : new int[] {-1, -2, Integer.MIN_VALUE}) refused(none, Reason.INVALID_DESCRIPTOR, "is none");
    }

    @Test
    void aNumberThatWasClosedOrNeverOpen() {
        int closed = Posix.event();
        Posix.close(closed);
        refused(closed, Reason.INVALID_DESCRIPTOR, "EBADF");
        refused(1_000_000, Reason.INVALID_DESCRIPTOR, "EBADF");
    }

    @Test
    void aPipe() {
        int[] pipe = Posix.pipe();
        for (int end : pipe) refused(end, Reason.NOT_A_SOCKET, "ENOTSOCK");
        Posix.write(pipe[1], "x");
        assertThat(Posix.read(pipe[0], 1)).isEqualTo("x");
        for (int end : pipe) Posix.close(end);
    }

    @Test
    void anEventDescriptor() {
        refusedAndClosed(Posix.event(), Reason.NOT_A_SOCKET, "ENOTSOCK");
    }

    @Test
    void aRegularFile() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "content");
        int fd = Posix.file(file);
        refused(fd, Reason.NOT_A_SOCKET, "ENOTSOCK");
        assertThat(Posix.read(fd, 10)).isEqualTo("content");
        Posix.close(fd);
    }

    @Test
    void aTcpSocketThatWasNeverConnected() throws Exception {
        int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
        refused(fd, Reason.NOT_CONNECTED, "is not connected (ENOTCONN)");
        assertThat(Posix.connect(fd, (InetSocketAddress) server.getLocalAddress()))
                .isTrue();
        Posix.close(fd);
        refusedAndClosed(Posix.socket(Posix.AF_UNIX, Posix.STREAM), Reason.NOT_CONNECTED, "is not connected");
    }

    @Test
    void aTcpSocketThatIsConnecting() throws Exception {
        try (var deaf = new Deaf()) {
            int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
            Posix.makeNonBlocking(fd);
            assertThat(Posix.connect(fd, deaf.address())).isFalse();
            refusedAndClosed(fd, Reason.NOT_CONNECTED, "is still connecting");
        }
    }

    @Test
    void aTcpSocketThatListens() {
        int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
        Posix.bind(fd, Posix.AF_INET, 0);
        Posix.listen(fd);
        refusedAndClosed(fd, Reason.LISTENING, "Listener.adopt is for it");
    }

    @Test
    void aUdpSocket() {
        refusedAndClosed(
                Posix.socket(Posix.AF_INET, Posix.DATAGRAM), Reason.NOT_A_STREAM, "a UDP socket: Datagrams.adopt");
    }

    @Test
    void unixDatagramsAndPackets() {
        for (int type : new int[] {Posix.DATAGRAM, Posix.SEQPACKET}) {
            int[] pair = Posix.pair(type);
            refused(pair[0], Reason.NOT_A_STREAM, type == Posix.DATAGRAM ? "Datagrams.adopt" : "type 5");
            Posix.write(pair[0], "whole");
            assertThat(Posix.read(pair[1], 10)).isEqualTo("whole");
            for (int end : pair) Posix.close(end);
        }
    }

    @Test
    void aConnectionThatWasResetSaysSo() throws Exception {
        int fd = connected();
        peers.getFirst().setOption(StandardSocketOptions.SO_LINGER, 0).close();
        refusedAndClosed(fd, Reason.RESET, "ECONNRESET");
    }

    @Test
    void aConnectThatWasRefusedSaysSo() throws Exception {
        var address = (InetSocketAddress) server.getLocalAddress();
        server.close();
        int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
        Posix.makeNonBlocking(fd);
        assertThat(Posix.connect(fd, address)).isFalse();
        refusedAndClosed(fd, Reason.REFUSED, "ECONNREFUSED");
    }

    @Test
    void whatWasAdoptedBeforeUntilItIsClosed() throws Exception {
        int fd = connected();
        int again = Posix.duplicate(fd);
        int third = Posix.duplicate(fd);
        Connection connection = Connection.adopt(fd);
        refused(again, Reason.ALREADY_ADOPTED, "close or detach");
        echoed(connection, peers.getFirst());
        connection.close();
        // until the loop has let go of it, there would be two who read
        Connection second = Awaitility.await()
                .atMost(Spawned.LIMIT)
                .ignoreExceptionsInstanceOf(ConnectionException.class)
                .until(() -> Connection.adopt(again), _ -> true);
        refused(third, Reason.ALREADY_ADOPTED, "close or detach");
        echoed(second, peers.getFirst());
        second.close();
        Posix.close(third);
    }

    /** What a second adoption would ask the socket is the first one's to hear. */
    @Test
    void whoAdoptsItAgainDoesNotHearOfItsReset() throws Exception {
        int fd = connected();
        int again = Posix.duplicate(fd);
        try (var one = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO))) {
            Connection connection = Connection.adopt(fd, AdoptOptions.DEFAULT.withLoop(one.next()));
            var held = new CountDownLatch(1);
            hold(one, held);
            peers.getFirst().setOption(StandardSocketOptions.SO_LINGER, 0).close();
            refused(again, Reason.ALREADY_ADOPTED, "close or detach");
            held.countDown();
            assertThat(Spawned.on(connection.loop(), () -> connection.receiveAll(1))
                            .reason())
                    .isEqualTo(Reason.RESET);
            connection.close();
        }
        Posix.close(again);
    }

    @Test
    void aResetWhileItIsBeingAdoptedSaysSo() throws Exception {
        int fd = connected();
        var before = Posix.flags(fd);
        try (var one = Loops.open(LoopOptions.DEFAULT.withCount(1).withStallThreshold(Duration.ZERO))) {
            Loop loop = one.next();
            var held = new CountDownLatch(1);
            hold(one, held);
            var adopting = Spawned.onPlatformThread(() -> Connection.adopt(fd, AdoptOptions.DEFAULT.withLoop(loop)))
                    .parked();
            peers.getFirst().setOption(StandardSocketOptions.SO_LINGER, 0).close();
            held.countDown();
            assertThat(adopting.failing())
                    .hasMessageContaining("still yours")
                    .extracting(ConnectionException::reason)
                    .isEqualTo(Reason.RESET);
            assertThat(loop.connections()).isZero();
        }
        assertThat(Posix.flags(fd)).isEqualTo(before);
        assertThat(Posix.numbersOf(Posix.target(fd))).containsExactly(fd);
        Posix.close(fd);
    }

    /** Returns when the loop does nothing else any more. */
    private static void hold(Loops loops, CountDownLatch until) throws InterruptedException {
        var begun = new CountDownLatch(1);
        ((NettyLoop) loops.next()).eventLoop().execute(() -> {
            begun.countDown();
            try {
                until.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(begun.await(Spawned.LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    /** Whatever becomes of it, the number is the caller's exactly if it was refused. */
    @Test
    void loopsThatAreBeingClosedTakeItOrLeaveIt() throws Exception {
        var options = AdoptOptions.DEFAULT.withUnread(ByteBuffer.wrap("before".getBytes()));
        for (int i = 0; i < 40; i++) {
            int fd = connected();
            Loops others = Loops.open(LoopOptions.DEFAULT.withCount(1));
            Loop loop = others.next();
            var start = new CyclicBarrier(2);
            var closing = Spawned.onPlatformThread(() -> {
                start.await();
                return others.close(Duration.ZERO);
            });
            var adopting = Spawned.onPlatformThread(() -> {
                start.await();
                try {
                    return Connection.adopt(fd, options.withLoop(loop));
                } catch (ConnectionException e) {
                    return null;
                }
            });
            boolean taken = adopting.value() != null;
            assertThat(Posix.flags(fd).isOpen()).isEqualTo(!taken);
            if (!taken) Posix.close(fd);
            closing.value();
        }
    }

    @Test
    void aTcpConnectionThatBothSidesHaveEnded() throws Exception {
        int fd = connected();
        peers.getFirst().shutdownOutput();
        Posix.halfClose(fd);
        refusedAndClosed(fd, Reason.NOT_CONNECTED, "close it if both sides have ended it");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void standardStreams(int fd) {
        refused(fd, Reason.INVALID_DESCRIPTOR, "withStandardStreams");
    }

    @Test
    void transportsThatCannotSaySoBeforeAnythingElse() throws Exception {
        int fd = connected();
        for (LoopOptions options : Transports.all().toList()) {
            try (var others = Loops.open(options)) {
                if (others.transport().equals("epoll")) continue;
                assertThatThrownBy(() -> Connection.adopt(fd, AdoptOptions.DEFAULT.withLoop(others.next())))
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining("these loops run on " + others.transport());
            }
        }
        assertThat(Posix.flags(fd).isBlocking()).isTrue();
        Posix.close(fd);
    }

    @Test
    void loopsThatHaveBeenClosedLeaveTheDescriptorAsItWas() throws Exception {
        int fd = connected();
        var before = Posix.flags(fd);
        Loops others = Loops.open(LoopOptions.DEFAULT.withCount(1));
        Loop loop = others.next();
        others.close();
        assertThatThrownBy(() -> Connection.adopt(fd, AdoptOptions.DEFAULT.withLoop(loop)))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.FAILED))
                .hasMessageContaining("still yours");
        assertThat(Posix.flags(fd)).isEqualTo(before);
        assertThat(Posix.numbersOf(Posix.target(fd))).containsExactly(fd);
        Connection connection = adopted(fd, _ -> {});
        closesOnce(connection);
    }

    // ---- what holds for all of a kind

    private interface Check {
        void of(Connection connection) throws Exception;
    }

    /** Adopts it, and looks whether it is as it should be. */
    private Connection adopted(int fd, Check check) throws Exception {
        Posix.keepOpenAcrossExec(fd);
        String socket = Posix.target(fd);
        Connection connection = Connection.adopt(fd);
        int[] own = Posix.numbersOf(socket);
        assertThat(own).as("one descriptor, and not the given one").hasSize(1).doesNotContain(fd);
        assertThat(Posix.flags(own[0]).isBlocking()).as("blocks").isFalse();
        assertThat(Posix.flags(own[0]).isInherited()).as("is inherited").isFalse();
        assertThat(connection.origin()).isEqualTo(Connection.Origin.ADOPTED);
        assertThat(connection.loop().connections()).isEqualTo(1);
        check.of(connection);
        return connection;
    }

    private void closesOnce(Connection connection) throws Exception {
        var open = Descriptors.all();
        connection.close();
        Awaitility.await().atMost(Spawned.LIMIT).until(() -> connection.loop().connections() == 0);
        Awaitility.await()
                .atMost(Spawned.LIMIT)
                .untilAsserted(() -> assertThat(Descriptors.all().size()).isEqualTo(open.size() - 1));
        connection.close();
        assertThat(open).containsAll(Descriptors.all());
    }

    private void refused(int fd, Reason reason, String text) {
        var before = Posix.flags(fd);
        var open = Descriptors.all();
        assertThatThrownBy(() -> Connection.adopt(fd))
                .isInstanceOfSatisfying(ConnectionException.class, e -> {
                    assertThat(e.reason()).isEqualTo(reason);
                    assertThat(e.phase()).isEqualTo(Phase.ADOPT);
                })
                .hasMessageContaining("descriptor " + fd + " ")
                .hasMessageContaining(text)
                .hasMessageEndingWith("It is as it was, and still yours");
        assertThat(Posix.flags(fd)).as("flags").isEqualTo(before);
        assertThat(Descriptors.all()).isEqualTo(open);
    }

    private void refusedAndClosed(int fd, Reason reason, String text) {
        refused(fd, reason, text);
        Posix.close(fd);
    }

    private int connected() throws Exception {
        int fd = Posix.socket(Posix.AF_INET, Posix.STREAM);
        assertThat(Posix.connect(fd, (InetSocketAddress) server.getLocalAddress()))
                .isTrue();
        peers.add(server.accept());
        return fd;
    }

    private static String received(Connection connection) {
        return Spawned.on(connection.loop(), connection::receiveLine).value();
    }

    private static void echoed(Connection connection, SocketChannel peer) throws Exception {
        peer.write(ByteBuffer.wrap("ping\n".getBytes()));
        assertThat(received(connection)).isEqualTo("ping");
        connection.send("pong");
        connection.flush();
        var into = ByteBuffer.allocate(4);
        while (into.hasRemaining() && peer.read(into) >= 0) {}
        assertThat(new String(into.array())).isEqualTo("pong");
    }
}

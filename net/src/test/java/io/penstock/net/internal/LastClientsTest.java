package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Transport;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listening socket before its close: nobody new gets in, and whoever is in is not turned away. */
class LastClientsTest {
    private static final int BACKLOG = 10;

    /** By hand more: chance decides whether a client comes at the very moment. */
    private static final int ROUNDS = Integer.getInteger("penstock.closes", 1);

    @BeforeEach
    void requireEpoll() {
        assumeThat(Epoll.isAvailable()).isTrue();
    }

    @Test
    void aTcpSocketLetsNobodyNewIn() throws Exception {
        Socket listening = Socket.newSocketStream();
        try {
            listening.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            listening.listen(BACKLOG);
            InetSocketAddress address = listening.localAddress();
            try (SocketChannel inTime = SocketChannel.open(address);
                    var late = new java.net.Socket()) {
                SocketTransport.EPOLL.lastClients(new EpollServerSocketChannel(listening.intValue()), false);
                assertThatThrownBy(() -> late.connect(address, 200)).isInstanceOf(SocketTimeoutException.class);
                requireServed(listening, inTime);
            }
            listening.close();
            assertThatThrownBy(() -> SocketChannel.open(address)).isInstanceOf(ConnectException.class);
        } finally {
            listening.close();
        }
    }

    @Test
    void aUnixSocketLetsNobodyNewIn(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("socket");
        Socket listening = Socket.newSocketDomain();
        try {
            listening.bind(new DomainSocketAddress(file.toFile()));
            listening.listen(BACKLOG);
            var address = UnixDomainSocketAddress.of(file);
            try (SocketChannel inTime = SocketChannel.open(address)) {
                SocketTransport.EPOLL.lastClients(new EpollServerDomainSocketChannel(listening.intValue()), true);
                assertThatThrownBy(() -> SocketChannel.open(address)).isInstanceOf(IOException.class);
                requireServed(listening, inTime);
            }
        } finally {
            listening.close();
        }
    }

    @Test
    void whoeverGetsInWhileAListenerClosesIsServed() throws Exception {
        closeUnderLoad(ROUNDS, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @Test
    void whoHasGoneBeforeItWasAcceptedLeavesNothing() throws Exception {
        try (Loops loops =
                Loops.open(LoopOptions.DEFAULT.withTransport(Transport.EPOLL).withCount(1))) {
            var loop = (NettyLoop) loops.all().getFirst();
            var anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            Listener listener = Listener.open(loops, anyPort, connection -> connection.receive(1));
            var held = new CountDownLatch(1);
            var goOn = new CountDownLatch(1);
            loop.execute(() -> {
                held.countDown();
                while (goOn.getCount() > 0) Thread.onSpinWait();
            });
            held.await();
            SocketChannel client = SocketChannel.open(listener.address());
            client.setOption(StandardSocketOptions.SO_LINGER, 0).close();
            Thread closing = Thread.ofPlatform().start(listener::close);
            Awaitility.await().until(() -> closing.getState() == Thread.State.TIMED_WAITING);
            goOn.countDown();
            assertThat(closing.join(Spawned.LIMIT)).isTrue();
            Awaitility.await().atMost(Spawned.LIMIT).until(() -> loop.connections() == 0);
        }
    }

    @Test
    void soIsWhoeverGetsInToAUnixSocket(@TempDir Path directory) throws Exception {
        closeUnderLoad(5 * ROUNDS, UnixDomainSocketAddress.of(directory.resolve("socket")));
    }

    /** Clients come one behind the other until they are refused: each either is refused or gets its answer. */
    private static void closeUnderLoad(int rounds, SocketAddress address) throws Exception {
        try (Loops loops =
                Loops.open(LoopOptions.DEFAULT.withTransport(Transport.EPOLL).withCount(1))) {
            for (int round = 0; round < rounds; round++) {
                Listener listener = Listener.open(loops, address, connection -> connection.send(connection.receive(1)));
                var served = new AtomicInteger();
                List<Spawned<Void>> clients = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    clients.add(Spawned.onPlatformThread(() -> {
                        while (isServed(listener.address())) served.incrementAndGet();
                        return null;
                    }));
                }
                Awaitility.await().atMost(Spawned.LIMIT).until(() -> served.get() > 100);
                assertThat(listener.drain(Spawned.LIMIT)).isTrue();
                for (Spawned<Void> client : clients) client.value();
            }
        }
    }

    /** False when nobody accepts. */
    private static boolean isServed(SocketAddress address) throws IOException {
        SocketChannel client;
        try {
            client = SocketChannel.open(address);
        } catch (IOException e) {
            return false;
        }
        try (client) {
            client.write(ByteBuffer.wrap(new byte[] {42}));
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(1);
            return true;
        }
    }

    /** Both ways and to the end. */
    private static void requireServed(Socket listening, SocketChannel client) throws IOException {
        client.write(ByteBuffer.wrap(new byte[] {1}));
        int descriptor = listening.accept(new byte[64]);
        assertThat(descriptor).isPositive();
        assertThat(listening.accept(new byte[64])).as("another client").isNegative();
        var accepted = new Socket(descriptor);
        ByteBuffer piece = ByteBuffer.allocateDirect(10);
        assertThat(accepted.read(piece, 0, 10)).isEqualTo(1);
        assertThat(accepted.write(piece, 0, 1)).isEqualTo(1);
        accepted.close();
        ByteBuffer answer = ByteBuffer.allocate(10);
        assertThat(client.read(answer)).isEqualTo(1);
        assertThat(answer.get(0)).isEqualTo((byte) 1);
        assertThat(client.read(answer)).isEqualTo(-1);
    }
}

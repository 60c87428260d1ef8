package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.EventLoop;
import io.penstock.net.LoopOptions.Transport;
import io.penstock.net.internal.NettyLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The end of a listener while clients are on their way in. */
@ParameterizedClass
@MethodSource("transports")
class ListenerCloseTest {
    /** More than a loop accepts at a time. */
    private static final int CLIENTS = 40;

    private final Loops loops;
    private final Held held = new Held();

    /** Netty's io_uring accepts by requests to the kernel, and cannot be asked for one more before the end. */
    static Stream<LoopOptions> transports() {
        return Transports.all().filter(options -> options.transport() != Transport.IO_URING);
    }

    ListenerCloseTest(LoopOptions options) {
        loops = Loops.open(options.withCount(1));
    }

    @AfterEach
    void close() {
        held.end();
        loops.close(Duration.ZERO);
    }

    @Test
    void clientsThatTheKernelHasAcceptedAreServed() throws Exception {
        serveThoseWhoWait(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @Test
    void soAreThoseOfAUnixSocket(@TempDir Path directory) throws Exception {
        serveThoseWhoWait(UnixDomainSocketAddress.of(directory.resolve("socket")));
    }

    private void serveThoseWhoWait(SocketAddress address) throws Exception {
        Listener listener = Listener.open(loops, address, connection -> connection.send(connection.receive(1)));
        holdTheLoop();
        List<SocketChannel> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(connect(listener.address()));
                clients.getLast().write(ByteBuffer.wrap(new byte[] {(byte) i}));
            }
            var draining = Spawned.onPlatformThread(() -> listener.drain(Spawned.LIMIT));
            draining.parked();
            held.end();
            for (int i = 0; i < CLIENTS; i++) {
                ByteBuffer answer = ByteBuffer.allocate(1);
                assertThat(clients.get(i).read(answer)).isEqualTo(1);
                assertThat(answer.get(0)).isEqualTo((byte) i);
            }
            assertThat(draining.value()).isTrue();
            assertThat(listener.connections()).isZero();
        } finally {
            for (SocketChannel client : clients) client.close();
        }
    }

    /** So that it can accept nobody until it is let go. */
    private void holdTheLoop() {
        eventLoop().execute(held);
        Awaitility.await("the loop is held").atMost(Spawned.LIMIT).untilTrue(held.begun);
    }

    /** A task that lasts until it is let go. */
    static final class Held implements Runnable {
        final AtomicBoolean begun = new AtomicBoolean();
        private volatile boolean over;

        @Override
        public void run() {
            begun.set(true);
            while (!over) Thread.onSpinWait();
        }

        void end() {
            over = true;
        }
    }

    private EventLoop eventLoop() {
        return ((NettyLoop) loops.next()).eventLoop();
    }

    private static SocketChannel connect(SocketAddress address) throws IOException {
        var client = SocketChannel.open(
                address instanceof UnixDomainSocketAddress ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
        client.connect(address);
        return client;
    }
}

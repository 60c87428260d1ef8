package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.SilentPeer;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import io.penstock.net.client.ClientEnd.Cause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tests that tell most about Swoole's client, by the names they have in our study of it: what it gets right has to be so here, and
 * what it gets wrong must not. TT-11 to TT-15 are about framing, TT-19 about TLS.
 */
class TellingTest {
    private static final Duration SHORT = Duration.ofMillis(100);

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final Recorder told = new Recorder();
    private ServerSocket server;
    private Client client;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket();
        server.setReceiveBufferSize(64 * 1024);
        server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        server.setSoTimeout(10_000);
        use(ClientOptions.DEFAULT);
    }

    @AfterEach
    void close() throws IOException {
        client.abort();
        server.close();
        loops.close(Duration.ZERO);
    }

    private void use(ClientOptions options) {
        client = Client.of(loops, options, told);
    }

    private static ClientOptions within(Duration connect) {
        return ClientOptions.DEFAULT.withConnector(
                ConnectorOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withConnect(connect)));
    }

    private SocketAddress there() {
        return server.getLocalSocketAddress();
    }

    private static void send(Socket peer, String text) throws IOException {
        peer.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String read(Socket peer, int size) throws IOException {
        peer.setSoTimeout(10_000);
        return new String(peer.getInputStream().readNBytes(size), StandardCharsets.UTF_8);
    }

    @Test
    @DisplayName("TT-1 Refused")
    void refused() throws IOException {
        SocketAddress nobody = there();
        server.close();
        client.connect(nobody);
        told.awaitLast();
        assertThat(told.events).containsExactly("error REFUSED");
        assertThat(told.failure.phase()).isEqualTo(Phase.CONNECT);
    }

    @Test
    @DisplayName("TT-2 Close from receive: no longer open at once, and told when the handler has returned")
    void closeFromReceive() throws IOException {
        told.packet = it -> {
            assertThat(it.close()).isTrue();
            assertThat(it.isOpen()).isFalse();
            assertThat(it.close()).isFalse();
            told.events.add("after");
        };
        client.connect(there());
        try (Socket peer = server.accept()) {
            send(peer, "x".repeat(1024));
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("connect", "receive", "after", "close CLOSED");
        assertThat(client.close()).isFalse();
    }

    @Test
    @DisplayName("TT-3 Close in the first of many framed packets")
    void closeInFirstOfMany() throws IOException {
        use(ClientOptions.DEFAULT.withFraming(Framing.delimiter("\r\n\r\n")));
        told.packet = Client::close;
        client.connect(there());
        try (Socket peer = server.accept()) {
            send(peer, "a\r\n\r\nb\r\n\r\nc\r\n\r\n");
            told.awaitLast();
        }
        assertThat(told.text()).isEqualTo("a\r\n\r\n");
        assertThat(told.events).containsExactly("connect", "receive", "close CLOSED");
    }

    @Test
    @DisplayName("TT-4 Double connect: the first counts, the others are refused, one error at the limit")
    void doubleConnect() throws IOException {
        use(within(SHORT));
        try (var nowhere = new SilentPeer()) {
            long begun = System.nanoTime();
            client.connect(nowhere.address());
            for (int i = 0; i < 4; i++) {
                assertThatThrownBy(() -> client.connect(nowhere.address())).isInstanceOf(IllegalStateException.class);
            }
            told.awaitLast();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(SHORT);
            assertThat(told.events).containsExactly("error TIMEOUT");
        }
    }

    @Test
    @DisplayName("TT-5 Missing UNIX path")
    void missingUnixPath(@TempDir Path directory) {
        client.connect(UnixDomainSocketAddress.of(directory.resolve("nobody")));
        told.awaitLast();
        assertThat(told.last.get()).isEqualTo(1);
        assertThat(told.events).hasSize(1);
        assertThat(told.failure.phase()).isEqualTo(Phase.CONNECT);
    }

    @Test
    @DisplayName("TT-6 Timeout separation: the time of the resolver counts")
    void timeoutSeparation() throws Exception {
        var asked = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        try (var nowhere = new SilentPeer()) {
            use(within(SHORT));
            client.connect(nowhere.address());
            told.awaitLast();
            assertThat(told.failure.phase()).isEqualTo(Phase.CONNECT);
        }
        use(ClientOptions.DEFAULT.withConnector(within(SHORT).connector().withResolver(host -> {
            asked.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return List.of(InetAddress.getLoopbackAddress());
        })));
        client.connect("slow.example", server.getLocalPort());
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        told.await("the second error", () -> told.last.get() == 2);
        never.countDown();
        assertThat(told.events).containsExactly("error TIMEOUT", "error TIMEOUT");
        assertThat(told.failure.phase()).isEqualTo(Phase.RESOLVE);
    }

    @Test
    @DisplayName("TT-7 Pool exclusive: two clients of one identity have a connection each")
    void poolExclusive() throws IOException {
        try (var pool = Pool.of(Connector.of(loops))) {
            use(ClientOptions.DEFAULT.withPool(pool));
            var toldToo = new Recorder();
            Client other = Client.of(loops, ClientOptions.DEFAULT.withPool(pool), toldToo);
            client.connect(there());
            other.connect(there());
            try (Socket one = server.accept();
                    Socket two = server.accept()) {
                told.awaitEvent("connect");
                toldToo.awaitEvent("connect");
                assertThat(client.localAddress()).isNotEqualTo(other.localAddress());
                client.abort();
                told.awaitLast();
                other.send("hello");
                Socket alive =
                        one.getPort() == ((java.net.InetSocketAddress) other.localAddress()).getPort() ? one : two;
                assertThat(read(alive, 5)).isEqualTo("hello");
                send(alive, "Swoole hello\n");
                toldToo.await("the answer", () -> toldToo.text().equals("Swoole hello\n"));
            }
            other.abort();
            toldToo.awaitLast();
        }
    }

    @Test
    @DisplayName("TT-8 Pool reuse: closed and connected again it is the same connection")
    void poolReuse() throws IOException {
        try (var pool = Pool.of(Connector.of(loops))) {
            use(ClientOptions.DEFAULT.withPool(pool));
            told.packet = Client::close;
            Endpoint alice = Endpoint.of(there()).withTag("alice");
            client.connect(alice);
            try (Socket peer = server.accept()) {
                SocketAddress first = use(peer);
                told.awaitLast();
                assertThat(told.end.cause()).isEqualTo(Cause.CLOSED);
                client.connect(alice);
                told.await("the second connect", () -> told.events.size() == 4);
                assertThat(client.localAddress()).isEqualTo(first);
                assertThat(client.reusedTimes()).isEqualTo(1);
                assertThat(use(peer)).isEqualTo(first);
                told.await("the second end", () -> told.last.get() == 2);
            }
            assertThat(pool.stats().dialled()).isEqualTo(1);
        }
    }

    /** A question and its answer. */
    private SocketAddress use(Socket peer) throws IOException {
        told.awaitEvent("connect");
        SocketAddress local = client.localAddress();
        client.send("A");
        assertThat(read(peer, 1)).isEqualTo("A");
        send(peer, "a");
        return local;
    }

    @Test
    @DisplayName("TT-9 Pool stale: what the server has closed meanwhile is not used again")
    void poolStale() throws IOException {
        try (var pool = Pool.of(Connector.of(loops))) {
            use(ClientOptions.DEFAULT.withPool(pool));
            told.packet = Client::close;
            client.connect(there());
            try (Socket peer = server.accept()) {
                use(peer);
                told.awaitLast();
            }
            told.await("the eviction", () -> pool.stats().evicted() == 1);
            client.connect(there());
            try (Socket peer = server.accept()) {
                told.await("the second connect", () -> told.events.size() == 4);
                assertThat(client.reusedTimes()).isZero();
                use(peer);
                told.await("the second end", () -> told.last.get() == 2);
            }
            assertThat(told.text()).isEqualTo("aa");
        }
    }

    @Test
    @DisplayName("TT-10 Pool dirty: the late answer to one user is never the next one's")
    void poolDirty() throws IOException {
        try (var pool = Pool.of(Connector.of(loops))) {
            use(ClientOptions.DEFAULT.withPool(pool).withIdle(Duration.ofMillis(50)));
            told.connected = it -> it.send("A");
            told.idle = Client::close; // waited for in vain
            client.connect(there());
            try (Socket peer = server.accept()) {
                assertThat(read(peer, 1)).isEqualTo("A");
                told.awaitLast();
                assertThat(told.events).containsExactly("connect", "idle", "close CLOSED");
                told.connected = it -> it.send("B");
                told.idle = it -> {};
                client.connect(there());
                try (Socket next = server.accept()) {
                    send(peer, "a");
                    assertThat(read(next, 1)).isEqualTo("B");
                    send(next, "b");
                    told.await("an answer", () -> told.received.size() > 0);
                    assertThat(told.text()).isEqualTo("b");
                    assertThat(client.reusedTimes()).isZero();
                }
            }
            told.await("the second end", () -> told.last.get() == 2);
        }
    }

    @Test
    @DisplayName("TT-10 Pool dirty: unread bytes, or a part of a packet, make a connection nobody's")
    void poolLeftover() throws IOException {
        try (var pool = Pool.of(Connector.of(loops))) {
            use(ClientOptions.DEFAULT.withPool(pool).withFraming(Framing.line()));
            told.packet = Client::close;
            client.connect(there());
            try (Socket peer = server.accept()) {
                send(peer, "one\ntw");
                told.awaitLast();
                assertThat(told.events).containsExactly("connect", "receive", "close CLOSED");
                assertThat(pool.stats().refused()).isEqualTo(1);
                assertThat(peer.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    @DisplayName("TT-16 Watermarks: full and empty in turn, and every byte arrives")
    void watermarks() throws Exception {
        use(ClientOptions.DEFAULT.withMarks(0, 1 << 20).withLimit(1 << 20));
        int pieces = 1024;
        var sent = MessageDigest.getInstance("SHA-256");
        var next = new java.util.concurrent.atomic.AtomicInteger();
        Recorder.Then produce = it -> {
            while (next.get() < pieces) {
                byte[] piece = ("%08d".formatted(next.get())).repeat(1024).getBytes(StandardCharsets.UTF_8);
                if (!it.send(piece)) return;
                sent.update(piece);
                next.incrementAndGet();
            }
            it.closeAfterFlush();
        };
        told.connected = produce;
        told.empty = produce;
        client.connect(there());
        try (Socket peer = server.accept()) {
            told.awaitEvent("full");
            byte[] all = Spawned.onPlatformThread(() -> peer.getInputStream().readAllBytes())
                    .value();
            assertThat(all).hasSize(pieces * 8192);
            assertThat(MessageDigest.getInstance("SHA-256").digest(all)).isEqualTo(sent.digest());
        }
        told.awaitLast();
        assertThat(told.end).isEqualTo(new ClientEnd(Cause.CLOSED, 0, null));
        assertInTurn();
        assertThat(told.events).contains("full", "empty");
    }

    /** Full, empty, full, empty. */
    private void assertInTurn() {
        String last = "empty";
        for (String event : told.events) {
            if (!event.equals("full") && !event.equals("empty")) continue;
            assertThat(event).isNotEqualTo(last);
            last = event;
        }
    }

    @Test
    @DisplayName("TT-17 Overflow and pause")
    void overflowAndPause() throws Exception {
        int most = 8 << 20;
        use(ClientOptions.DEFAULT.withMarks(32 * 1024, 1 << 20).withLimit(most));
        told.connected = it -> {
            it.pause();
            assertThat(it.send(new byte[most])).isTrue();
            assertThat(it.send(new byte[most])).as("more than the limit").isFalse();
        };
        client.connect(there());
        try (Socket peer = server.accept()) {
            told.awaitEvent("full");
            send(peer, "heard behind the pause");
            assertThat(Spawned.onPlatformThread(() -> peer.getInputStream().readNBytes(most))
                            .value())
                    .hasSize(most);
            told.awaitEvent("empty");
            assertThat(told.events).containsExactly("connect", "full", "empty");
            client.resume();
            told.awaitEvent("receive");
            assertThat(told.text()).isEqualTo("heard behind the pause");
        }
        told.awaitLast();
        assertInTurn();
    }

    @Test
    @DisplayName("TT-18 Shutdown of the output: once, behind what was sent; the peer goes on")
    void shutdownMatrix() throws Exception {
        client.connect(there());
        try (Socket peer = server.accept()) {
            told.awaitEvent("connect");
            assertThat(client.send("last words")).isTrue();
            assertThat(client.shutdownOutput()).isTrue();
            assertThat(client.shutdownOutput()).isFalse();
            assertThatThrownBy(() -> client.send("more"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("shut down");
            assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("last words");
            send(peer, "still there");
            told.await("what comes behind", () -> told.text().equals("still there"));
        }
        told.awaitLast();
        assertThat(told.events).endsWith("end", "close PEER_ENDED");
    }

    @Test
    @DisplayName(
            "TT-20 Cancel: closed by another thread while it waits, it says so, and sends nothing into the next use")
    void cancel() throws Exception {
        client.connect(there());
        try (Socket _ = server.accept()) {
            told.awaitEvent("connect");
            Spawned.onPlatformThread(client::close).value();
            told.awaitLast();
            assertThat(told.end.cause()).isEqualTo(Cause.CLOSED);
        }
        client.connect(there());
        try (Socket _ = server.accept()) {
            told.await("the second connect", () -> client.isOpen());
            assertThat(client.send(new byte[8 << 20])).isTrue();
            Spawned.onPlatformThread(client::close).value();
            told.await("the second end", () -> told.last.get() == 2);
            assertThat(told.end.unsent()).as("what is left of it").isPositive();
        }
    }

    @Test
    @DisplayName("TT-20 Cancel: closed while it is dialled, it says so and leaves nothing")
    void cancelDialling() throws Exception {
        try (var nowhere = new SilentPeer()) {
            client.connect(nowhere.address());
            assertThat(client.close()).isTrue();
            assertThat(client.close()).isFalse();
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("error CLOSED");
        assertThat(loops.all()).allMatch(loop -> loop.connections() == 0);
    }

    @Test
    @DisplayName("R-1, R-10: exactly one last event, from which it connects again")
    void reconnects() throws Exception {
        told.over = it -> {
            if (told.last.get() == 0) it.connect(there());
        };
        client.connect(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
        try (Socket _ = server.accept()) {
            told.awaitEvent("connect");
        }
        told.await("the second end", () -> told.last.get() == 2);
        assertThat(told.failure.reason()).isNotEqualTo(Reason.CLOSED);
        assertThat(told.events.getFirst()).startsWith("error");
        assertThat(told.events.getLast()).isEqualTo("close PEER_ENDED");
    }
}

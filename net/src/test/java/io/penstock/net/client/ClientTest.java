package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.Spawned;
import io.penstock.net.client.ClientEnd.Cause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a client promises about its events, over TCP. */
class ClientTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final Recorder told = new Recorder();
    private ServerSocket server;
    private Client client;

    @BeforeEach
    void open() throws IOException {
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        server.setSoTimeout(10_000);
        client = Client.of(loops, told);
    }

    @AfterEach
    void close() throws IOException {
        client.abort();
        server.close();
        loops.close(Duration.ZERO);
    }

    private Endpoint there() {
        return Endpoint.of(server.getLocalSocketAddress());
    }

    /** The server's side of a client that is open. */
    private Socket connected() throws IOException {
        client.connect(there());
        Socket peer = server.accept();
        peer.setSoTimeout(10_000);
        told.awaitEvent("connect");
        return peer;
    }

    private static void send(Socket peer, String text) throws IOException {
        peer.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static void reset(Socket peer) throws IOException {
        peer.setOption(StandardSocketOptions.SO_LINGER, 0);
        peer.close();
    }

    @Test
    void whatIsSentArrivesAndWhatComesIsTold() throws Exception {
        told.connected = it -> it.send("ping");
        try (Socket peer = connected()) {
            assertThat(peer.getInputStream().readNBytes(4)).asString().isEqualTo("ping");
            send(peer, "pong");
            told.await("pong", () -> told.text().equals("pong"));
            client.close();
            told.awaitLast();
            assertThat(peer.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(told.events).containsExactly("connect", "receive", "close CLOSED");
    }

    @Test
    void thePeersEndClosesTheClientBehindWhatCame() throws Exception {
        try (Socket peer = connected()) {
            send(peer, "bye");
        }
        told.awaitLast();
        assertThat(told.text()).isEqualTo("bye");
        assertThat(told.events).containsExactly("connect", "receive", "end", "close PEER_ENDED");
    }

    @Test
    void aHandlerMaySendBehindThePeersEnd() throws Exception {
        told.ended = it -> it.send("all of it");
        try (Socket peer = connected()) {
            peer.shutdownOutput();
            assertThat(peer.getInputStream().readNBytes(9)).asString().isEqualTo("all of it");
            assertThat(client.isOpen()).isTrue();
            assertThat(client.shutdownOutput()).isTrue();
            told.awaitLast();
            assertThat(peer.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(told.events).containsExactly("connect", "end", "close PEER_ENDED");
    }

    @Test
    void aResetIsTheCause() throws Exception {
        reset(connected());
        told.awaitLast();
        assertThat(told.end.cause()).isEqualTo(Cause.RESET);
    }

    @Test
    void nothingIsToldDuringAPauseButAReset() throws Exception {
        told.connected = Client::pause;
        Socket peer = connected();
        send(peer, "unheard");
        reset(peer);
        told.awaitLast();
        assertThat(told.events).containsExactly("connect", "close RESET");
    }

    @Test
    void whatCameDuringAPauseIsToldBehindItAndThenTheEnd() throws Exception {
        told.connected = Client::pause;
        try (Socket peer = connected()) {
            send(peer, "later");
        }
        assertThat(told.events).containsExactly("connect");
        client.resume();
        told.awaitLast();
        assertThat(told.events).containsExactly("connect", "receive", "end", "close PEER_ENDED");
    }

    @Test
    void whatAHandlerThrowsIsTheCause() throws Exception {
        var failure = new IllegalArgumentException("no such command");
        told.packet = it -> {
            throw failure;
        };
        try (Socket peer = connected()) {
            send(peer, "what?");
            told.awaitLast();
        }
        assertThat(told.end.cause()).isEqualTo(Cause.HANDLER);
        assertThat(told.end.failure()).isSameAs(failure);
    }

    @Test
    void aClientMayConnectAgainFromItsLastEvent() throws Exception {
        told.over = it -> {
            if (told.last.get() == 0) it.connect(there());
        };
        connected().close();
        try (Socket peer = server.accept()) {
            told.await(
                    "the second connect",
                    () -> told.events.stream().filter("connect"::equals).count() == 2);
            assertThat(client.isOpen()).isTrue();
        }
    }

    @Test
    void aClientMayConnectAgainBehindItsLastEvent() throws Exception {
        connected().close();
        told.awaitLast();
        client.connect(there());
        server.accept().close();
        told.await("the second end", () -> told.last.get() == 2);
    }

    @Test
    void aSecondConnectIsRefused() throws Exception {
        try (Socket _ = connected()) {
            assertThatThrownBy(() -> client.connect(there()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("connected or connecting");
            assertThat(client.isOpen()).isTrue();
        }
    }

    @Test
    void aClientThatWasNeverConnectedTellsItsEnd() {
        assertThat(client.close()).isTrue();
        assertThat(client.close()).isFalse();
        told.awaitLast();
        assertThat(told.failure.reason()).isEqualTo(Reason.CLOSED);
        assertThat(told.events).containsExactly("error CLOSED");
    }

    @Test
    void closeAfterFlushSendsAll() throws Exception {
        byte[] much = new byte[4 << 20];
        told.connected = it -> {
            assertThat(it.send(much)).isTrue();
            assertThat(it.closeAfterFlush()).isTrue();
        };
        client.connect(there());
        try (Socket peer = server.accept()) {
            assertThat(Spawned.onPlatformThread(() -> peer.getInputStream().readAllBytes())
                            .value())
                    .hasSize(much.length);
        }
        told.awaitLast();
        assertThat(told.end).isEqualTo(new ClientEnd(Cause.CLOSED, 0, null));
    }

    @Test
    void closeDropsWhatWaitsAndSaysSo() throws Exception {
        told.connected = it -> {
            assertThat(it.send(new byte[8 << 20])).isTrue();
            it.close();
        };
        client.connect(there());
        try (Socket peer = server.accept()) {
            told.awaitLast();
            assertThat(told.end.cause()).isEqualTo(Cause.CLOSED);
            assertThat(told.end.unsent()).isPositive();
            assertThatThrownBy(() -> peer.getInputStream().readAllBytes())
                    .as("a reset")
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aFileLeavesInTheOrderOfTheSends(@TempDir Path directory) throws Exception {
        var bytes = new byte[1 << 20];
        new Random(7).nextBytes(bytes);
        Path file = Files.write(directory.resolve("file"), bytes);
        told.connected = it -> {
            it.send("head");
            assertThat(it.sendFile(file, 1000, 1_000_000)).isTrue();
            it.send("between");
            it.sendFile(file);
            it.closeAfterFlush();
        };
        client.connect(there());
        byte[] all;
        try (Socket peer = server.accept()) {
            all = Spawned.onPlatformThread(() -> peer.getInputStream().readAllBytes())
                    .value();
        }
        told.awaitLast();
        assertThat(all)
                .hasSize(4 + 1_000_000 + 7 + bytes.length)
                .startsWith("head".getBytes(StandardCharsets.UTF_8))
                .endsWith(bytes);
        assertThat(Arrays.copyOfRange(all, 4, 1_000_004)).isEqualTo(Arrays.copyOfRange(bytes, 1000, 1_001_000));
        assertThat(new String(all, 1_000_004, 7, StandardCharsets.UTF_8)).isEqualTo("between");
    }

    @Test
    void aPartThatAFileDoesNotHaveIsRefused(@TempDir Path directory) throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[10]);
        try (Socket _ = connected()) {
            assertThatThrownBy(() -> client.sendFile(file, 5, 6)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> client.sendFile(file, -1, 1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> client.sendFile(directory.resolve("none")))
                    .isInstanceOf(NoSuchFileException.class);
            assertThat(client.isOpen()).isTrue();
        }
    }

    @Test
    void overAUnixSocket(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        told.connected = it -> it.send("ping");
        try (var unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            unix.bind(address);
            client.connect(address);
            try (var peer = unix.accept()) {
                var bytes = ByteBuffer.allocate(4);
                while (bytes.hasRemaining()) peer.read(bytes);
                peer.write(bytes.flip());
            }
            told.awaitLast();
        }
        assertThat(told.text()).isEqualTo("ping");
        assertThat(told.events).containsExactly("connect", "receive", "end", "close PEER_ENDED");
    }

    @Test
    void theEndOfTheLoopsIsTold() throws Exception {
        try (Socket _ = connected()) {
            loops.close(Duration.ZERO);
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("connect", "close CLOSED");
    }

    @Test
    void theEndOfTheLoopsIsToldToWhomIsDialled() throws Exception {
        var asked = new CountDownLatch(1);
        var never = new CountDownLatch(1);
        client = Client.of(
                loops,
                ClientOptions.DEFAULT.withConnector(ConnectorOptions.DEFAULT.withResolver(host -> {
                    asked.countDown();
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return List.of(InetAddress.getLoopbackAddress());
                })),
                told);
        client.connect("slow.example", 80);
        asked.await();
        loops.close(Duration.ZERO);
        told.awaitLast();
        never.countDown();
        assertThat(told.events).hasSize(1);
        assertThat(told.failure.reason()).isIn(Reason.INTERRUPTED, Reason.CLOSED);
    }

    @Test
    void abortEndsTheConnectionOfAHandlerThatBlocks() throws Exception {
        var forever = new CountDownLatch(1);
        told.packet = it -> forever.await();
        try (Socket peer = connected()) {
            send(peer, "block");
            told.awaitEvent("receive");
            assertThat(client.abort()).isTrue();
            assertThat(Peers.ends(peer)).isTrue();
            assertThat(told.last).hasValue(0);
            forever.countDown();
            told.awaitLast();
        }
        assertThat(told.events).containsExactly("connect", "receive", "close CLOSED");
    }

    @Test
    void aHandlerThatIsNoneIsRefused() {
        assertThatThrownBy(() -> Client.of(loops, null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void marksThatContradictEachOtherAreRefused() {
        ClientOptions options = ClientOptions.DEFAULT;
        assertThatThrownBy(() -> options.withMarks(10, 10)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withMarks(-1, 10)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withLimit(100_000)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> options.withIdle(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theConnectionCanBeTakenOver() throws Exception {
        told.packet = it -> {
            var pair = io.penstock.net.Connection.pair(loops.next(), loops.next());
            Relay.between(it.takeOver(), pair.first());
            pair.second().send("through ");
            pair.second().transfer(io.penstock.net.Scope.PROCESS);
            loops.next().spawn("echo", () -> pair.second().send(pair.second().receive(4)));
        };
        try (Socket peer = connected()) {
            send(peer, "go");
            told.awaitLast();
            send(peer, "more");
            assertThat(peer.getInputStream().readNBytes(12)).asString().isEqualTo("through more");
        }
        assertThat(told.events).containsExactly("connect", "receive", "close TAKEN_OVER");
    }
}

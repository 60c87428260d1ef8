package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Transport;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only UNIX datagrams have: files, names that the kernel makes up, and receivers who hold up their senders. */
class UnixDatagramsTest {
    @TempDir
    Path directory;

    private Loops loops;
    private Loop loop;

    @BeforeEach
    void open() {
        assumeTrue(Epoll.isAvailable(), "UNIX datagrams need Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withStallThreshold(Duration.ZERO));
        loop = loops.next();
    }

    @AfterEach
    void close() {
        if (loops != null) loops.close(Duration.ZERO);
    }

    @Test
    void _14_aClientWithoutANameIsGivenOneAndCanBeAnswered() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(path("server")));
                var client = Datagrams.connect(loops, path("server"))) {
            assertThat(client.localAddress().toString()).matches("@[0-9a-f]{5}");
            client.send("ping".getBytes(UTF_8));
            Datagram asked = server.receive();
            assertThat(asked.peer()).isEqualTo(client.localAddress());
            server.send("hello, client!".getBytes(UTF_8), asked.peer());
            assertThat(client.receive().data()).hasSize(14);
        }
    }

    @Test
    void theFileIsThereAsLongAsTheSocket() throws Exception {
        var server = Datagrams.open(loops, DatagramOptions.at(path("server")));
        assertThat(directory.resolve("server")).exists();
        server.close();
        assertThat(directory.resolve("server")).doesNotExist();
        assertThatThrownBy(() -> Datagrams.connect(loops, path("server")))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.REFUSED))
                .hasMessageContaining("no such file or directory (ENOENT)");
    }

    @Test
    void theFileOfADeadProcessIsReplacedAndNothingElseIs() throws Exception {
        var first = Datagrams.open(loops, DatagramOptions.at(path("taken")));
        Files.move(directory.resolve("taken"), directory.resolve("stale"));
        first.close(); // does not find its file
        try (var second = Datagrams.open(loops, DatagramOptions.at(path("stale")))) {
            assertThat(second.isOpen()).isTrue();
            refused(path("stale"));
        }
        Files.writeString(directory.resolve("text"), "precious");
        refused(path("text"));
        assertThat(directory.resolve("text")).hasContent("precious");
    }

    private void refused(SocketAddress address) {
        assertThatThrownBy(() -> Datagrams.open(loops, DatagramOptions.at(address)))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ADDRESS));
    }

    @Test
    void aFileThatAnotherHasPutThereIsNotRemoved() throws Exception {
        var server = Datagrams.open(loops, DatagramOptions.at(path("server")));
        Files.delete(directory.resolve("server"));
        try (var successor = Datagrams.open(loops, DatagramOptions.at(path("server")))) {
            server.close();
            assertThat(directory.resolve("server")).exists();
            assertThat(successor.isOpen()).isTrue();
        }
    }

    @Test
    void aReceiverWhoReadsNothingHoldsUpItsSendersForTheirTimeout() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(path("server")));
                var connected = Datagrams.connect(loops, path("server"));
                var unconnected = Datagrams.open(loops, DatagramOptions.at(path("other")))) {
            for (Datagrams sender : new Datagrams[] {connected, unconnected}) {
                sender.timeouts(Timeouts.DEFAULT.withWrite(Duration.ofMillis(100)));
                var flooding = Spawned.on(loop, () -> {
                    while (true) sender.send(new byte[65_507], path("server"));
                });
                var failure = flooding.failing();
                assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
                assertThat(failure).hasMessageContaining("no room to send within 100 ms");
                assertThat(sender.isOpen()).isTrue();

                sender.timeouts(Timeouts.DEFAULT);
                var sending = Spawned.on(loop, () -> sender.send("patient".getBytes(UTF_8), path("server")))
                        .parked();
                while (server.receive().size() != 7) {}
                assertThat(sending.value()).isEqualTo(7);
            }
        }
    }

    @Test
    void aSenderWhoWaitsTurnsAwayAThirdThread() throws Exception {
        try (var server = Datagrams.open(loops, DatagramOptions.at(path("server")));
                var client = Datagrams.connect(loops, path("server"))) {
            var flooding = Spawned.on(loop, () -> {
                while (true) client.send(new byte[1000]);
            });
            while (client.counts().sent() < 5) Thread.onSpinWait();
            flooding.parked();
            assertThat(Spawned.on(loop, () -> client.send(new byte[1])).reason())
                    .isEqualTo(Reason.BUSY_WRITING);
            server.send("duplex".getBytes(UTF_8), client.localAddress());
            assertThat(client.receive().data()).hasSize(6);
            client.close();
            assertThat(flooding.reason()).isEqualTo(Reason.CLOSED);
        }
    }

    @Test
    void otherTransportsSayThatTheyHaveNone() {
        try (var nio = Loops.open(LoopOptions.DEFAULT.withTransport(Transport.NIO))) {
            assertThatThrownBy(() -> Datagrams.open(nio, DatagramOptions.at(path("server"))))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("UNIX datagrams need the transport epoll or io_uring; these loops run on nio");
        }
    }

    @Test
    void aNameThatIsTooLongIsMisuse() {
        assertThatThrownBy(() -> Datagrams.open(loops, DatagramOptions.at(path("x".repeat(120)))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at most 107 bytes");
    }

    private SocketAddress path(String name) {
        return UnixDomainSocketAddress.of(directory.resolve(name));
    }
}

package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Datagram;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Endpoint;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client of datagrams: the sender of each, with a peer and without, and failures that end nothing. */
class ClientDatagramTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final List<SocketAddress> senders = new CopyOnWriteArrayList<>();
    private final List<Reason> failures = new CopyOnWriteArrayList<>();

    private final Recorder told = new Recorder() {
        @Override
        public void onDatagram(Client client, Datagram datagram) throws Exception {
            senders.add(datagram.peer());
            super.onDatagram(client, datagram);
        }

        @Override
        public void onDatagramFailed(Client client, ConnectionException failure) {
            failures.add(failure.reason());
        }
    };

    private Client client = Client.of(loops, ClientOptions.DEFAULT.withDatagrams(DatagramOptions.at(ANY)), told);

    @AfterEach
    void close() {
        client.close();
        told.awaitLast();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private Datagrams server(SocketAddress where) throws IOException {
        return Spawned.onPlatformThread(() -> Datagrams.open(loops, DatagramOptions.at(where)))
                .value();
    }

    private static Datagram receive(Datagrams server) {
        return Spawned.onPlatformThread(server::receive).value();
    }

    private static void answer(Datagrams server) {
        Spawned.onPlatformThread(() -> {
                    Datagram question = server.receive();
                    return server.send(question.data(), question.peer());
                })
                .value();
    }

    @Test
    void aConnectedClientAsksAndIsAnswered() throws Exception {
        try (Datagrams server = server(ANY)) {
            told.connected = it -> it.send("question");
            client.connect(server.localAddress());
            answer(server);
            told.awaitEvent("receive");
            assertThat(told.text()).isEqualTo("question");
            assertThat(senders).containsExactly(server.localAddress());
            assertThat(client.remoteAddress()).isEqualTo(server.localAddress());
        }
        client.close();
        told.awaitLast();
        assertThat(told.events).containsExactly("connect", "receive", "close CLOSED");
    }

    @Test
    void aNameIsResolved() throws Exception {
        try (Datagrams server = server(ANY)) {
            client = Client.of(
                    loops,
                    ClientOptions.DEFAULT
                            .withDatagrams(DatagramOptions.DEFAULT)
                            .withConnector(ConnectorOptions.DEFAULT.withResolver(
                                    host -> List.of(InetAddress.getLoopbackAddress()))),
                    told);
            told.connected = it -> it.send("by name");
            client.connect("named.example", ((InetSocketAddress) server.localAddress()).getPort());
            assertThat(receive(server).data()).asString().isEqualTo("by name");
        }
    }

    @Test
    void aNameThatIsUnknownIsAnError() {
        client = Client.of(
                loops,
                ClientOptions.DEFAULT
                        .withDatagrams(DatagramOptions.DEFAULT)
                        .withConnector(ConnectorOptions.DEFAULT.withResolver(host -> {
                            throw ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, null);
                        })),
                told);
        client.connect("unknown.example", 53);
        told.awaitLast();
        assertThat(told.events).containsExactly("error UNRESOLVED");
    }

    @Test
    void withoutAPeerItReceivesFromAnybodyAndSendsToWhomItSays() throws Exception {
        try (Datagrams one = server(ANY);
                Datagrams two = server(ANY)) {
            client.open();
            told.awaitEvent("connect");
            assertThatThrownBy(() -> client.send("to whom?")).isInstanceOf(IllegalStateException.class);
            client.sendTo("1".getBytes(StandardCharsets.UTF_8), one.localAddress());
            client.sendTo("2".getBytes(StandardCharsets.UTF_8), two.localAddress());
            answer(one);
            answer(two);
            told.await("both answers", () -> senders.size() == 2);
            assertThat(senders).containsExactlyInAnyOrder(one.localAddress(), two.localAddress());
        }
    }

    @Test
    void thatNobodyListensIsToldAndEndsNothing() throws Exception {
        Datagrams gone = server(ANY);
        SocketAddress nobody = gone.localAddress();
        gone.close();
        told.connected = it -> it.send("anybody?");
        client.connect(nobody);
        told.await("a failure", () -> failures.contains(Reason.REFUSED));
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void oneThatIsTooLongIsToldAndTheNextOneArrives() throws Exception {
        try (Datagrams server = server(ANY)) {
            told.connected = it -> {
                it.send(new byte[100_000]);
                it.send("short");
            };
            client.connect(server.localAddress());
            assertThat(receive(server).data()).asString().isEqualTo("short");
            told.await("a failure", () -> failures.contains(Reason.TOO_LONG));
        }
    }

    @Test
    void anAddressThatIsNoneForTheSocketIsRefusedAtOnce() throws Exception {
        client.open();
        told.awaitEvent("connect");
        assertThatThrownBy(() -> client.sendTo(new byte[1], UnixDomainSocketAddress.of("/nowhere")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> client.sendTo(new byte[1], new InetSocketAddress("::1", 53)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNameThatIsNoneForTheSocketIsToldAndTheNextOneArrives() throws Exception {
        InetAddress six = InetAddress.getByName("::1");
        client = Client.of(
                loops,
                ClientOptions.DEFAULT
                        .withDatagrams(DatagramOptions.at(ANY))
                        .withConnector(ConnectorOptions.DEFAULT.withResolver(host -> List.of(six))),
                told);
        try (Datagrams server = server(ANY)) {
            told.connected = it -> {
                it.sendTo(new byte[1], InetSocketAddress.createUnresolved("six.example", 53));
                it.sendTo(new byte[2], server.localAddress());
            };
            client.open();
            assertThat(receive(server).data()).hasSize(2);
            told.await("a failure", () -> failures.contains(Reason.FAILED));
            assertThat(client.closeAfterFlush()).isTrue();
            told.awaitLast();
        }
    }

    @Test
    void aFloodLeavesTheLoopToOthers() throws Exception {
        var one = Loops.open(LoopOptions.DEFAULT.withCount(1));
        client = Client.of(one, ClientOptions.DEFAULT.withDatagrams(DatagramOptions.at(ANY)), new Recorder() {
            @Override
            public void onDatagram(Client client, Datagram datagram) {
                long until =
                        System.nanoTime() + 2_000_000; // slower than they come, though the sender may wait for a core
                while (System.nanoTime() - until < 0) Thread.onSpinWait();
                senders.add(datagram.peer());
            }
        });
        client.open();
        told.await("open", client::isOpen);
        var over = new AtomicBoolean();
        try (var sender = new DatagramSocket(ANY)) {
            var flood = new DatagramPacket(new byte[1], 1, client.localAddress());
            var sending = Spawned.onPlatformThread(() -> {
                while (!over.get()) sender.send(flood);
                return true;
            });
            told.await("the flood", () -> !senders.isEmpty());
            var turn = new CompletableFuture<Boolean>();
            one.next().schedule(Duration.ZERO, () -> turn.complete(true));
            assertThat(turn.get(10, TimeUnit.SECONDS)).isTrue();
            over.set(true);
            sending.value();
        } finally {
            over.set(true);
            one.close(Duration.ZERO);
        }
        client = Client.of(loops, told);
    }

    /** A client of a UNIX peer that does not read. */
    private Datagrams stuck(Path directory, Duration write) throws IOException {
        client = Client.of(
                loops,
                ClientOptions.DEFAULT
                        .withMarks(0, 66 * 1024)
                        .withLimit(66 * 1024)
                        .withDatagrams(DatagramOptions.DEFAULT.withTimeouts(Timeouts.DEFAULT.withWrite(write))),
                told);
        Datagrams server = server(UnixDomainSocketAddress.of(directory.resolve("server")));
        client.connect(server.localAddress());
        told.awaitEvent("connect");
        int accepted = 0;
        while (client.send(new byte[0]))
            assertThat(++accepted).as("empty ones that wait").isLessThan(100_000);
        return server;
    }

    @Test
    void emptyOnesAreRefusedTooWhenTooManyWait(@TempDir Path directory) throws Exception {
        stuck(directory, Duration.ofSeconds(60)).close();
    }

    @Test
    void aFlushToAPeerThatTakesNothingEndsWithTheFirstTimeout(@TempDir Path directory) throws Exception {
        try (Datagrams _ = stuck(directory, Duration.ofMillis(100))) {
            client.closeAfterFlush();
            told.awaitLast();
            assertThat(told.end.cause()).isEqualTo(ClientEnd.Cause.TIMEOUT);
        }
    }

    @Test
    void whatIsPausedIsToldLater() throws Exception {
        try (Datagrams server = server(ANY)) {
            told.connected = it -> {
                it.pause();
                it.send("question");
            };
            client.connect(server.localAddress());
            answer(server);
            assertThat(told.events).containsExactly("connect");
            client.resume();
            told.awaitEvent("receive");
        }
    }

    @Test
    void aUnixClientCanBeAnsweredAndLeavesNothing(@TempDir Path directory) throws Exception {
        client = Client.of(loops, ClientOptions.DEFAULT.withDatagrams(DatagramOptions.DEFAULT), told);
        try (Datagrams server = server(UnixDomainSocketAddress.of(directory.resolve("server")))) {
            told.connected = it -> it.send("question");
            client.connect(server.localAddress());
            answer(server);
            told.awaitEvent("receive");
            client.close();
            told.awaitLast();
        }
        assertThat(Files.list(directory)).isEmpty();
    }

    @Test
    void aMissingUnixPathIsAnError(@TempDir Path directory) {
        client = Client.of(loops, ClientOptions.DEFAULT.withDatagrams(DatagramOptions.DEFAULT), told);
        client.connect(UnixDomainSocketAddress.of(directory.resolve("nobody")));
        told.awaitLast();
        assertThat(told.events).containsExactly("error REFUSED");
    }

    @Test
    void whatDatagramsDoNotHaveIsRefused() {
        assertThatThrownBy(() -> client.connect(Endpoint.of("127.0.0.1", 53).withTls(TlsClient.DEFAULT)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("TLS");
        assertThatThrownBy(() -> ClientOptions.DEFAULT
                        .withPool(Pool.of(Connector.of(loops)))
                        .withDatagrams(DatagramOptions.DEFAULT))
                .isInstanceOf(IllegalArgumentException.class);
        client.open();
        assertThatThrownBy(() -> client.shutdownOutput()).isInstanceOf(IllegalStateException.class);
    }
}

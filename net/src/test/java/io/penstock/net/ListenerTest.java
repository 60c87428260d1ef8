package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Listening, on every transport, with clients of the JDK. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class ListenerTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops;

    ListenerTest(LoopOptions options) {
        loops = Loops.open(options);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private static Socket client(Listener listener) throws IOException {
        var address = (InetSocketAddress) listener.address();
        var socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout((int) Spawned.LIMIT.toMillis());
        return socket;
    }

    @Test
    void portZeroBecomesAFreePort() throws Exception {
        try (var a = Listener.open(loops, ANY_PORT, _ -> {});
                var b = Listener.open(loops, ANY_PORT, _ -> {})) {
            assertThat(((InetSocketAddress) a.address()).getPort()).isPositive();
            assertThat(a.address()).isNotEqualTo(b.address());
        }
    }

    @Test
    void anAcceptedConnectionIsHandledOnAThreadOfItsLoopAndClosedAfterwards() throws Exception {
        var seen = new CompletableFuture<String>();
        try (var listener = Listener.open(loops, ANY_PORT, connection -> {
            seen.complete(connection.origin() + " " + (Loop.current() == connection.loop()) + " "
                    + Thread.currentThread().isVirtual() + " "
                    + connection.remoteAddress().toString().startsWith("/127.0.0.1"));
            connection.send("good bye\n");
        })) {
            try (var client = client(listener)) {
                assertThat(new String(client.getInputStream().readAllBytes())).isEqualTo("good bye\n");
            }
            assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(Origin.ACCEPTED + " true true true");
            await().until(() -> listener.connections() == 0);
        }
    }

    @Test
    void connectionsAreSpreadOverAllLoops() throws Exception {
        var used = java.util.concurrent.ConcurrentHashMap.<Loop>newKeySet();
        try (var listener = Listener.open(loops, ANY_PORT, connection -> {
            used.add(connection.loop());
            connection.send("x");
        })) {
            for (int i = 0; i < 6; i++) {
                try (var client = client(listener)) {
                    assertThat(client.getInputStream().read()).isEqualTo('x');
                }
            }
            assertThat(used).isEqualTo(new HashSet<>(loops.all()));
        }
    }

    @Test
    void anAddressThatIsTakenOrForeignIsNamed() throws Exception {
        try (var listener = Listener.open(loops, ANY_PORT, _ -> {})) {
            assertThatThrownBy(() -> Listener.open(loops, listener.address(), _ -> {}))
                    .isInstanceOfSatisfying(ConnectionException.class, e -> {
                        assertThat(e.reason()).isEqualTo(Reason.ADDRESS);
                        assertThat(e)
                                .hasMessageEndingWith(
                                        "the address cannot be used (Address already in use): choose another, or end whoever has it");
                        assertThat(e.phase()).isEqualTo(Phase.BIND);
                        assertThat(e.peer()).isEqualTo(listener.address());
                    })
                    .hasMessageContaining(listener.address().toString());
        }
        assertThatThrownBy(() -> Listener.open(loops, new InetSocketAddress("192.0.2.1", 0), _ -> {}))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ADDRESS));
        assertThatThrownBy(
                        () -> Listener.open(loops, InetSocketAddress.createUnresolved("nowhere.invalid", 0), _ -> {}))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNRESOLVED));
    }

    @Test
    void aThreadOfALoopMayOpenAndCloseListeners() {
        for (Loop loop : loops.all()) {
            assertThat(Spawned.on(loop, () -> {
                                try (var listener = Listener.open(loops, ANY_PORT, _ -> {})) {
                                    return listener.connections();
                                }
                            })
                            .value())
                    .isZero();
        }
    }

    // ---- how handlers end

    @Test
    void anExceptionOfAHandlerAbortsItsConnectionAndIsLogged() throws Exception {
        try (var logged = Logged.by(Loop.class);
                var listener = Listener.open(loops, ANY_PORT, connection -> {
                    connection.receiveLine();
                    throw new IllegalStateException("on purpose");
                })) {
            try (var client = client(listener)) {
                client.getOutputStream().write('\n');
                assertThatThrownBy(() -> client.getInputStream().read()).hasMessageContaining("reset");
            }
            await().until(() -> listener.connections() == 0);
            await().until(() -> !logged.messages(Level.ERROR).isEmpty());
            assertThat(logged.messages(Level.ERROR)).singleElement().asString().startsWith("connection ");
            // and the listener goes on
            try (var client = client(listener)) {
                await().until(() -> listener.connections() == 1);
                assertThat(client.isConnected()).isTrue();
            }
        }
    }

    @Test
    void thePeersEndIsAQuietEndOfAHandlerThatReadsUntilThen() throws Exception {
        try (var logged = Logged.by(Loop.class);
                var listener = Listener.open(loops, ANY_PORT, connection -> {
                    while (true) connection.send(connection.receiveLine() + "\n");
                })) {
            try (var client = client(listener)) {
                client.getOutputStream().write("hello\n".getBytes());
                client.shutdownOutput();
                // an orderly end: what was sent before it arrives, and no reset
                assertThat(new String(client.getInputStream().readAllBytes())).isEqualTo("hello\n");
            }
            await().until(() -> listener.connections() == 0);
            assertThat(logged.messages(Level.INFO)).isEmpty();
        }
    }

    @Test
    void aClientThatResetsEndsItsHandlerAndNothingElse() throws Exception {
        var ended = new CountDownLatch(1);
        try (var logged = Logged.by(Loop.class);
                var listener = Listener.open(loops, ANY_PORT, connection -> {
                    try {
                        connection.receiveLine();
                    } finally {
                        ended.countDown();
                    }
                })) {
            var client = client(listener);
            await().until(() -> listener.connections() == 1);
            client.setSoLinger(true, 0);
            client.close();
            assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
            await().until(() -> listener.connections() == 0);
            assertThat(logged.messages(Level.INFO)).isEmpty();
        }
    }

    // ---- how listeners end

    @Test
    void aClosedListenerAcceptsNobodyAndLetsOpenConnectionsGoOn() throws Exception {
        var listener = Listener.open(loops, ANY_PORT, connection -> {
            while (true) connection.send(connection.receiveLine() + "\n");
        });
        try (var client = client(listener)) {
            await().until(() -> listener.connections() == 1);
            var joined = Spawned.onPlatformThread(() -> {
                listener.join();
                return "joined";
            });
            joined.parked();
            listener.close();
            listener.close();
            assertThat(joined.value()).isEqualTo("joined");
            await().until(() -> isRefused(listener)); // NIO gives up the socket a moment later
            client.getOutputStream().write("still here\n".getBytes());
            assertThat(new String(client.getInputStream().readNBytes(11))).isEqualTo("still here\n");
            assertThat(listener.connections()).isOne();
        }
    }

    private static boolean isRefused(Listener listener) throws IOException {
        try (var _ = client(listener)) {
            return false;
        } catch (ConnectException e) {
            return true;
        }
    }

    @Test
    void drainingWaitsForTheLastConnectionAndNotLonger() throws Exception {
        var listener = Listener.open(loops, ANY_PORT, connection -> connection.receiveLine());
        var clients = new ArrayList<Socket>();
        for (int i = 0; i < 3; i++) clients.add(client(listener));
        await().until(() -> listener.connections() == 3);
        var draining = Spawned.onPlatformThread(() -> listener.drain(Duration.ofMinutes(5)));
        draining.parked();
        for (Socket each : clients) {
            assertThat(draining.isDone()).isFalse();
            each.close();
        }
        assertThat(draining.value()).isTrue();
    }

    @Test
    void drainingGivesUpAfterItsGrace() throws Exception {
        var listener = Listener.open(loops, ANY_PORT, connection -> connection.receiveLine());
        try (var client = client(listener)) {
            await().until(() -> listener.connections() == 1);
            assertThat(listener.drain(Duration.ofMillis(20))).isFalse();
            assertThat(listener.drain(Duration.ZERO)).isFalse();
            assertThat(listener.connections()).isOne();
            assertThat(client.isConnected()).isTrue();
        }
        assertThat(listener.drain(Duration.ofSeconds(10))).isTrue();
    }

    // ---- UNIX sockets

    @Test
    void aUnixSocketFileIsMadeAndRemoved(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("socket");
        var address = UnixDomainSocketAddress.of(path);
        try (var listener = Listener.open(loops, address, _ -> {})) {
            assertThat(listener.address()).isEqualTo(address);
            assertThat(path).exists();
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aUnixPathThatExistsIsRefusedAndLeftAlone(@TempDir Path directory) throws Exception {
        Path path = Files.writeString(directory.resolve("precious"), "content");
        assertThatThrownBy(() -> Listener.open(loops, UnixDomainSocketAddress.of(path), _ -> {}))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ADDRESS));
        assertThat(path).hasContent("content");
        var taken = UnixDomainSocketAddress.of(directory.resolve("taken"));
        try (var _ = Listener.open(loops, taken, _ -> {})) {
            assertThatThrownBy(() -> Listener.open(loops, taken, _ -> {})).isInstanceOf(ConnectionException.class);
            assertThat(taken.getPath()).exists();
        }
    }

    @Test
    void theSocketFileOfAProcessThatDiedIsReplaced(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("stale"));
        try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            dead.bind(address); // whose file stays when it is closed
        }
        try (var _ = Listener.open(loops, address, _ -> {});
                var client = SocketChannel.open(address)) {
            assertThat(client.isConnected()).isTrue();
        }
    }

    @Test
    void noneIsOpenedOnLoopsThatHaveEnded() {
        loops.close(Duration.ZERO);
        var refused = catchThrowableOfType(ConnectionException.class, () -> Listener.open(loops, ANY_PORT, _ -> {}));
        assertThat(refused.reason()).isEqualTo(Reason.CLOSED);
        assertThat(refused).hasMessageContaining("the loops have been closed");
    }

    @Test
    void aUnixSocketFileIsRemovedEvenIfTheLoopsEndedFirst(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("socket");
        var listener = Listener.open(loops, UnixDomainSocketAddress.of(path), _ -> {});
        loops.close(Duration.ZERO);
        listener.close();
        assertThat(path).doesNotExist();
    }

    @Test
    void aListenerThatWasForgottenEndsWithItsLoops() throws Exception {
        var address =
                AbstractUnixAddress.of("forgotten-" + ProcessHandle.current().pid()); // nobody else takes it
        for (int round = 0; round < 20; round++) { // whether Netty would close it depends on the moment
            try (var brief = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
                Listener.open(brief, address, _ -> {});
            }
        }
    }
}

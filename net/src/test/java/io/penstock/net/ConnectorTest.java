package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.NettyLoop;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Dialling, on every transport. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class ConnectorTest {
    private static final Timeouts LIMITS =
            Timeouts.of(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(10));

    private final Loops loops;
    private final Loop loop;
    private final Connector connector;

    ConnectorTest(LoopOptions options) {
        loops = Loops.open(options);
        loop = loops.all().get(1);
        connector = Connector.of(loops, LIMITS);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private Spawned<Connection> dial(SocketAddress address) {
        return Spawned.on(loop, () -> connector.connect(address));
    }

    private static ServerSocket server() throws IOException {
        return new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    }

    @Test
    void aDialledConnectionBelongsToTheLoopOfItsCallerAndKnowsBothEnds() throws Exception {
        try (var server = server()) {
            Connection connection = dial(server.getLocalSocketAddress()).value();
            try (var accepted = server.accept()) {
                assertThat(connection.loop()).isSameAs(loop);
                assertThat(connection.origin()).isEqualTo(Origin.DIALLED);
                assertThat(connection.timeouts()).isEqualTo(LIMITS);
                assertThat(connection.remoteAddress()).isEqualTo(server.getLocalSocketAddress());
                assertThat(connection.localAddress()).isEqualTo(accepted.getRemoteSocketAddress());
                assertThat(connection.isOpen()).isTrue();
                assertThat(loop.connections()).isOne();
            }
            connection.abort();
            assertThat(loop.connections()).isZero();
        }
    }

    @Test
    void aThreadWithoutALoopMayDialToo() throws Exception {
        try (var server = server()) {
            var connection = Spawned.onPlatformThread(() -> connector.connect(server.getLocalSocketAddress()))
                    .value();
            assertThat(loops.all()).contains(connection.loop());
            connection.abort();
        }
    }

    @Test
    void anAddressWhereNobodyListensIsRefused() throws Exception {
        SocketAddress nobody;
        try (var server = server()) {
            nobody = server.getLocalSocketAddress();
        }
        var failure = dial(nobody).failing();
        assertThat(failure.reason()).isEqualTo(Reason.REFUSED);
        assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
        assertThat(failure.peer()).isEqualTo(nobody);
        assertThat(failure).hasMessageContaining(nobody.toString());
        assertThat(loop.connections()).isZero();
    }

    @Test
    void aNameWithoutAnAddressIsUnresolved() {
        var failure =
                Spawned.on(loop, () -> connector.connect("nowhere.invalid", 80)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(failure.phase()).isEqualTo(Phase.RESOLVE);
        assertThat(failure).hasMessageContaining("nowhere.invalid");
    }

    @Test
    void everyAddressOfANameIsTried() throws Exception {
        // localhost has an address of each family, or one; the server listens on the one that is tried last
        InetAddress[] all = InetAddress.getAllByName("localhost");
        try (var server = new ServerSocket(0, 8, all[all.length - 1])) {
            Connection connection = Spawned.on(loop, () -> connector.connect("localhost", server.getLocalPort()))
                    .value();
            assertThat(((InetSocketAddress) connection.remoteAddress()).getAddress())
                    .isEqualTo(all[all.length - 1]);
            connection.abort();
        }
    }

    @Test
    void aLiteralAddressNeedsNoResolver() throws Exception {
        var mute = Connector.of(loops, ConnectorOptions.DEFAULT.withResolver(host -> {
            throw new AssertionError("asked for " + host);
        }));
        try (var server = new ServerSocket(0, 8, InetAddress.ofLiteral("::1"))) {
            for (String host : List.of("::1", "[::1]", "0:0:0:0:0:0:0:1")) {
                Connection connection = Spawned.on(loop, () -> mute.connect(host, server.getLocalPort()))
                        .value();
                assertThat(connection.remoteAddress()).isEqualTo(server.getLocalSocketAddress());
                connection.abort();
            }
        }
    }

    @Test
    void whenEveryAddressFailsTheLastFailureIsThrown() throws Exception {
        int port;
        try (var server = server()) {
            port = server.getLocalPort();
        }
        assertThat(Spawned.on(loop, () -> connector.connect("localhost", port)).reason())
                .isEqualTo(Reason.REFUSED);
    }

    @Test
    void anAttemptWithoutAnAnswerTimesOutAndLeavesNothingBehind() throws Exception {
        try (var deaf = new Deaf()) {
            long before = Descriptors.open();
            var hasty = Connector.of(loops, LIMITS.withConnect(Duration.ofMillis(80)));
            var failure = Spawned.on(loop, () -> hasty.connect(deaf.address())).failing();
            assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
            assertThat(failure).hasMessageContaining("80 ms");
            await().until(() -> Descriptors.open() <= before);
            assertThat(loop.connections()).isZero();
        }
    }

    @Test
    void anInterruptedAttemptEndsAtOnceAndLeavesNothingBehind() throws Exception {
        try (var deaf = new Deaf()) {
            long before = Descriptors.open();
            var dialling = dial(deaf.address()).parked();
            dialling.thread().interrupt();
            assertThat(dialling.reason()).isEqualTo(Reason.INTERRUPTED);
            await().until(() -> Descriptors.open() <= before);
            assertThat(loop.connections()).isZero();
        }
    }

    @Test
    void manyInterruptedAttemptsLeaveNothingBehindHoweverFarTheyHadCome() throws Exception {
        try (var server = server()) {
            var acceptor = Spawned.onPlatformThread(() -> {
                try {
                    while (true) server.accept().close();
                } catch (IOException e) {
                    return null; // the end of the test
                }
            });
            dial(server.getLocalSocketAddress()).value().abort();
            await().until(() -> loop.connections() == 0);
            long before = Descriptors.open();
            for (int i = 0; i < 100; i++) {
                var dialling = dial(server.getLocalSocketAddress());
                for (int spin = 0; spin < i * 20; spin++) Thread.onSpinWait();
                dialling.thread().interrupt();
                var outcome = Spawned.onPlatformThread(() -> {
                    dialling.value().abort();
                    return null;
                });
                try {
                    outcome.value();
                } catch (AssertionError e) {
                    assertThat(dialling.reason()).isEqualTo(Reason.INTERRUPTED);
                }
            }
            await().until(() -> loop.connections() == 0 && Descriptors.open() <= before);
            server.close();
            acceptor.value();
        }
    }

    @Test
    void diallingByTheLoopItselfIsRefusedBecauseItWouldWaitForItself() throws Exception {
        var eventLoop = ((NettyLoop) loop).eventLoop();
        for (SocketAddress address :
                List.of(new InetSocketAddress("127.0.0.1", 1), InetSocketAddress.createUnresolved("localhost", 1))) {
            var outcome = new CompletableFuture<Throwable>();
            eventLoop.execute(() -> {
                try {
                    outcome.complete(new AssertionError("connected: " + connector.connect(address)));
                } catch (Throwable e) {
                    outcome.complete(e);
                }
            });
            assertThat(outcome.get(10, java.util.concurrent.TimeUnit.SECONDS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("spawn");
        }
    }

    @Test
    void diallingOnClosedLoopsFails() throws Exception {
        try (var server = server()) {
            loops.close(Duration.ZERO);
            assertThat(Spawned.onPlatformThread(() -> connector.connect(server.getLocalSocketAddress()))
                            .failing()
                            .phase())
                    .isEqualTo(Phase.CONNECT);
            assertThat(Spawned.onPlatformThread(() -> connector.connect("localhost", server.getLocalPort()))
                            .failing())
                    .isNotNull();
        }
    }

    // ---- UNIX sockets

    @Test
    void aUnixSocketIsDialledByItsPath(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (var listener = Listener.open(loops, address, echo -> echo.transferTo(echo))) {
            Connection connection = dial(address).value();
            assertThat(connection.remoteAddress()).isEqualTo(address);
            assertThat(Spawned.on(loop, () -> {
                                connection.send("through a file\n");
                                return connection.receiveLine();
                            })
                            .value())
                    .isEqualTo("through a file");
            assertThat(listener.connections()).isOne();
            connection.abort();
        }
    }

    @Test
    void aUnixPathThatIsMissingOrNoSocketIsRefused(@TempDir Path directory) throws Exception {
        var missing = UnixDomainSocketAddress.of(directory.resolve("missing"));
        var failure = dial(missing).failing();
        assertThat(failure.reason()).as(failure.toString()).isEqualTo(Reason.REFUSED);
        assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
        assertThat(failure).hasMessageContaining("missing");
        Path file = Files.createFile(directory.resolve("file"));
        assertThat(dial(UnixDomainSocketAddress.of(file)).reason()).isEqualTo(Reason.REFUSED);
    }
}

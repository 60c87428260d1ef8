package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Socket options before and after connecting, local addresses, and abstract names; on every transport. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class SocketOptionsTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Loops loops;
    private final Loop loop;
    private final Connector connector;
    private final ServerSocket server = new ServerSocket(0, 8, LOOPBACK);

    SocketOptionsTest(LoopOptions options) throws IOException {
        loops = Loops.open(options);
        loop = loops.all().get(1);
        connector = Connector.of(loops);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        loops.close(Duration.ZERO);
    }

    private Spawned<Connection> dial(Endpoint endpoint) {
        return Spawned.on(loop, () -> connector.connect(endpoint));
    }

    private Endpoint target() {
        return Endpoint.of(server.getLocalSocketAddress());
    }

    @Test
    void optionsAreSetAndReadBack() throws Exception {
        Connection connection = dial(target()).value();
        setAndGet(connection, StandardSocketOptions.SO_KEEPALIVE, true);
        setAndGet(connection, StandardSocketOptions.TCP_NODELAY, false);
        setAndGet(connection, StandardSocketOptions.SO_REUSEADDR, true);
        setAndGet(connection, StandardSocketOptions.SO_LINGER, 3);
        setAndGet(connection, StandardSocketOptions.IP_TOS, 0x10);
        setAndGet(connection, ExtendedSocketOptions.TCP_KEEPIDLE, 33);
        setAndGet(connection, ExtendedSocketOptions.TCP_KEEPINTERVAL, 7);
        setAndGet(connection, ExtendedSocketOptions.TCP_KEEPCOUNT, 5);
        connection.abort();
    }

    private static <T> void setAndGet(Connection connection, SocketOption<T> name, T value) throws Exception {
        connection.option(name, value);
        assertThat(connection.option(name)).as(name.name()).isEqualTo(value);
    }

    @Test
    void theSendBufferAndTheReceiveBufferAreNotMixedUp() throws Exception {
        Connection connection = dial(target()).value();
        connection.option(StandardSocketOptions.SO_SNDBUF, 32 * 1024);
        connection.option(StandardSocketOptions.SO_RCVBUF, 128 * 1024);
        assertThat(connection.option(StandardSocketOptions.SO_SNDBUF)).isIn(32 * 1024, 64 * 1024);
        assertThat(connection.option(StandardSocketOptions.SO_RCVBUF)).isIn(128 * 1024, 256 * 1024);
        connection.abort();
    }

    @Test
    void optionsOfTheConnectorAreSetBeforeConnecting() throws Exception {
        var set = Connector.of(
                loops,
                ConnectorOptions.DEFAULT
                        .withSocketOption(StandardSocketOptions.SO_KEEPALIVE, true)
                        .withSocketOption(StandardSocketOptions.SO_RCVBUF, 64 * 1024));
        Connection connection = Spawned.on(loop, () -> set.connect(server.getLocalSocketAddress()))
                .value();
        assertThat(connection.option(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
        assertThat(connection.option(StandardSocketOptions.SO_RCVBUF)).isIn(64 * 1024, 128 * 1024);
        connection.abort();
    }

    @Test
    void smallPiecesLeaveAtOnceUnlessTheConnectorSaysOtherwise() throws Exception {
        Connection usual = dial(target()).value();
        assertThat(usual.option(StandardSocketOptions.TCP_NODELAY)).isTrue();
        usual.abort();
        var thrifty = Connector.of(
                loops, ConnectorOptions.DEFAULT.withSocketOption(StandardSocketOptions.TCP_NODELAY, false));
        Connection connection = Spawned.on(loop, () -> thrifty.connect(server.getLocalSocketAddress()))
                .value();
        assertThat(connection.option(StandardSocketOptions.TCP_NODELAY)).isFalse();
        connection.abort();
    }

    @Test
    void anOptionThatNoSocketHereHasIsRefusedAtOnce() throws Exception {
        assertThatThrownBy(() -> Connector.of(
                        loops, ConnectorOptions.DEFAULT.withSocketOption(StandardSocketOptions.IP_MULTICAST_TTL, 1)))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("IP_MULTICAST_TTL");
        Connection connection = dial(target()).value();
        assertThatThrownBy(() -> connection.option(StandardSocketOptions.IP_MULTICAST_TTL))
                .isInstanceOf(UnsupportedOperationException.class);
        connection.abort();
    }

    @Test
    void aClosedConnectionHasNoOptions() throws Exception {
        Connection connection = dial(target()).value();
        connection.abort();
        org.awaitility.Awaitility.await().until(() -> {
            try {
                connection.option(StandardSocketOptions.SO_KEEPALIVE);
                return false;
            } catch (ConnectionException e) {
                return e.reason() == Reason.CLOSED;
            }
        });
    }

    // ---- local addresses (t/168)

    @Test
    void theServerSeesTheLocalAddressAndPort() throws Exception {
        int free;
        try (var probe = new ServerSocket(0, 1, LOOPBACK)) {
            free = probe.getLocalPort();
        }
        for (var local : List.of(
                new InetSocketAddress(LOOPBACK, 0),
                new InetSocketAddress("127.0.0.9", 0),
                new InetSocketAddress("127.0.0.9", free))) {
            Connection connection = dial(target().withLocal(local)).value();
            try (var accepted = server.accept()) {
                assertThat(accepted.getInetAddress()).isEqualTo(local.getAddress());
                if (local.getPort() != 0) assertThat(accepted.getPort()).isEqualTo(free);
                assertThat(connection.localAddress()).isEqualTo(accepted.getRemoteSocketAddress());
            }
            connection.abort();
        }
    }

    @Test
    void anyLocalAddressWithAPortIsOfTheFamilyOfThePeer() throws Exception {
        for (String any : List.of("0.0.0.0", "::")) {
            Connection connection = dial(target().withLocal(new InetSocketAddress(InetAddress.ofLiteral(any), 0)))
                    .value();
            server.accept().close();
            connection.abort();
        }
    }

    @Test
    void aForeignLocalAddressIsToldAsSuch() {
        var failure = dial(target().withLocal(new InetSocketAddress("203.0.113.9", 0)))
                .failing();
        assertThat(failure.reason()).isEqualTo(Reason.ADDRESS);
        assertThat(failure.phase()).isEqualTo(Phase.BIND);
        assertThat(failure).hasMessageContaining("203.0.113.9").hasMessageContaining("none of this machine's");
    }

    @Test
    void aTakenLocalPortIsToldAsSuch() {
        var taken = new InetSocketAddress(LOOPBACK, server.getLocalPort());
        var failure = dial(target().withLocal(taken)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.ADDRESS);
        assertThat(failure).hasMessageContaining(taken.toString()).hasMessageContaining("taken");
    }

    @Test
    void aNameWithoutAnAddressOfTheLocalFamilyIsToldAsSuch() {
        var six =
                Connector.of(loops, ConnectorOptions.DEFAULT.withResolver(_ -> List.of(InetAddress.ofLiteral("::1"))));
        var failure = Spawned.on(
                        loop,
                        () -> six.connect(
                                Endpoint.of("name.example", 80).withLocal(new InetSocketAddress(LOOPBACK, 0))))
                .failing();
        assertThat(failure.reason()).isEqualTo(Reason.ADDRESS);
        assertThat(failure).hasMessageContaining("no address of the family");
    }

    // ---- UNIX sockets

    @Test
    void aUnixSocketTakesTheBufferSizesOnly(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        var set = Connector.of(
                loops,
                ConnectorOptions.DEFAULT
                        .withSocketOption(StandardSocketOptions.TCP_NODELAY, true)
                        .withSocketOption(StandardSocketOptions.SO_SNDBUF, 32 * 1024));
        try (var _ = Listener.open(loops, address, echo -> echo.transferTo(echo))) {
            Connection connection = Spawned.on(loop, () -> set.connect(address)).value();
            assertThat(connection.option(StandardSocketOptions.SO_SNDBUF)).isIn(32 * 1024, 64 * 1024);
            assertThatThrownBy(() -> connection.option(StandardSocketOptions.TCP_NODELAY))
                    .isInstanceOf(UnsupportedOperationException.class);
            connection.abort();
        }
    }

    @Test
    void anAbstractNameIsListenedToAndDialled() throws Exception {
        var endpoint =
                Endpoint.ofAbstract("penstock-test-" + ProcessHandle.current().pid() + "-" + System.nanoTime());
        if (loops.transport().equals("nio")) {
            var failure = dial(endpoint).failing();
            assertThat(failure.reason()).isEqualTo(Reason.ADDRESS);
            assertThat(failure).hasMessageContaining("need epoll");
            assertThatThrownBy(() -> Listener.open(loops, endpoint.address(), _ -> {}))
                    .isInstanceOf(ConnectionException.class)
                    .hasMessageContaining("need epoll");
            return;
        }
        try (var listener = Listener.open(loops, endpoint.address(), echo -> echo.transferTo(echo))) {
            assertThat(listener.address()).isEqualTo(endpoint.address());
            Connection connection = dial(endpoint).value();
            assertThat(connection.remoteAddress()).isEqualTo(endpoint.address());
            assertThat(Spawned.on(loop, () -> {
                                connection.send("without a file\n");
                                return connection.receiveLine();
                            })
                            .value())
                    .isEqualTo("without a file");
            assertThatThrownBy(() -> Listener.open(loops, endpoint.address(), _ -> {}))
                    .isInstanceOf(ConnectionException.class)
                    .extracting("reason")
                    .isEqualTo(Reason.ADDRESS);
            connection.abort();
        }
        assertThat(dial(endpoint).reason()).isEqualTo(Reason.REFUSED);
    }
}

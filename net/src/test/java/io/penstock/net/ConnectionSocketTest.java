package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A connection as a socket, beside what a socket of the JDK does. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class ConnectionSocketTest extends SocketPeer {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);

    ConnectionSocketTest(LoopOptions options) throws IOException {
        super(options);
    }

    private <T> T on(Callable<T> work) {
        return Spawned.on(loop, work).value();
    }

    private Throwable failing(Callable<?> work) {
        return Spawned.on(loop, () -> work.call()).failure();
    }

    private static int reading(Socket socket) throws IOException {
        return socket.getInputStream().read();
    }

    // ---- its end

    @Test
    void whoeverReadsAfterTheInputWasShutFindsTheEnd() throws Exception {
        Socket socket = connection.asSocket();
        InputStream in = socket.getInputStream();
        peer.getOutputStream().write(HELLO);
        assertThat(Spawned.on(loop, () -> in.read()).value()).isEqualTo('h');
        assertThat(in.available()).isEqualTo(HELLO.length - 1);
        on(() -> {
            socket.shutdownInput();
            return null;
        });
        assertThat(Spawned.on(loop, () -> in.read()).value()).isEqualTo(-1);
        assertThat(Spawned.on(loop, () -> in.read(new byte[10])).value()).isEqualTo(-1);
        assertThat(in.available()).isZero();
        on(() -> {
            socket.getOutputStream().write(HELLO);
            return null;
        });
        assertThat(peer.getInputStream().readNBytes(HELLO.length)).isEqualTo(HELLO);
        socket.close();
        assertThat(failing(() -> in.read())).isInstanceOf(SocketException.class);
    }

    @Test
    void whoeverIsReadingWhenTheInputIsShutFindsTheEnd() throws Exception {
        Socket socket = connection.asSocket();
        var reader = Spawned.on(loop, () -> reading(socket)).parked();
        socket.shutdownInput();
        assertThat(reader.value()).isEqualTo(-1);
    }

    // ---- what it is

    @Test
    void itIsConnectedAndKnowsItsAddresses() throws Exception {
        Socket socket = connection.asSocket();
        assertThat(socket.isConnected()).isTrue();
        assertThat(socket.isBound()).isTrue();
        assertThat(socket.isClosed()).isFalse();
        assertThat(socket.getChannel()).isNull();
        assertThat(socket.getRemoteSocketAddress()).isEqualTo(peer.getLocalSocketAddress());
        assertThat(socket.getLocalSocketAddress()).isEqualTo(peer.getRemoteSocketAddress());
        assertThat(socket.getInetAddress()).isEqualTo(peer.getLocalAddress());
        assertThat(socket.getLocalAddress()).isEqualTo(peer.getInetAddress());
        assertThat(socket.getPort()).isEqualTo(peer.getLocalPort());
        assertThat(socket.getLocalPort()).isEqualTo(peer.getPort());
        assertThat(socket.toString()).contains("connection " + connection.id());
        assertThatThrownBy(() -> socket.connect(server.getLocalSocketAddress())).isInstanceOf(SocketException.class);
    }

    @Test
    void itsOptionsAreThoseOfTheConnection() throws Exception {
        Socket socket = connection.asSocket();
        socket.setTcpNoDelay(false);
        assertThat(connection.option(StandardSocketOptions.TCP_NODELAY)).isFalse();
        assertThat(socket.getTcpNoDelay()).isFalse();
        socket.setKeepAlive(true);
        assertThat(socket.getKeepAlive()).isTrue();
        socket.setSendBufferSize(20_000);
        assertThat(socket.getSendBufferSize()).isGreaterThanOrEqualTo(20_000);
        assertThat(socket.getReceiveBufferSize()).isPositive();
        socket.setSoLinger(true, 5);
        assertThat(socket.getSoLinger()).isEqualTo(5);
        socket.setSoLinger(false, 0);
        assertThat(socket.getSoLinger()).isEqualTo(-1);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, false);
        assertThat(socket.getOption(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
        assertThat(socket.supportedOptions()).contains(StandardSocketOptions.TCP_NODELAY);
        assertThatThrownBy(() -> socket.sendUrgentData(1)).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> socket.setOption(StandardSocketOptions.IP_MULTICAST_LOOP, true))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    // ---- streams

    @Test
    void itsStreamsCarryWhatIsSentAndReceived() throws Exception {
        Socket socket = connection.asSocket();
        on(() -> {
            socket.getOutputStream().write(HELLO);
            socket.getOutputStream().write('!');
            socket.getOutputStream().flush();
            return null;
        });
        assertThat(peer.getInputStream().readNBytes(6)).asString().isEqualTo("hello!");
        peer.getOutputStream().write("hello, world".getBytes(StandardCharsets.US_ASCII));
        on(() -> {
            InputStream in = socket.getInputStream();
            assertThat(in.read()).isEqualTo('h');
            assertThat(in.readNBytes(4)).asString().isEqualTo("ello");
            connection.peek(7);
            assertThat(in.available()).isEqualTo(7);
            assertThat(in.skip(2)).isEqualTo(2);
            assertThat(in.read(new byte[0])).isZero();
            assertThat(in.readNBytes(5)).asString().isEqualTo("world");
            assertThat(in.available()).isZero();
            return null;
        });
        peer.shutdownOutput();
        on(() -> {
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
            assertThat(socket.getInputStream().read(new byte[5])).isEqualTo(-1);
            socket.getOutputStream().write(HELLO); // the other direction goes on
            return null;
        });
        assertThat(peer.getInputStream().readNBytes(5)).asString().isEqualTo("hello");
    }

    @Test
    void muchGoesBothWaysAtOnce() throws Exception {
        byte[] much = random(3 << 20);
        Socket socket = connection.asSocket();
        var echo = Spawned.onPlatformThread(() -> {
            long moved = peer.getInputStream().transferTo(peer.getOutputStream());
            peer.shutdownOutput();
            return moved;
        });
        var sending = Spawned.on(loop, () -> {
            socket.getOutputStream().write(much);
            socket.shutdownOutput();
            return socket.isOutputShutdown();
        });
        assertThat(on(() -> socket.getInputStream().readAllBytes())).isEqualTo(much);
        assertThat(sending.value()).isTrue();
        assertThat(echo.value()).isEqualTo(much.length);
    }

    @Test
    void aReadThatTimesOutLosesNothing() throws Exception {
        Socket socket = connection.asSocket();
        assertThat(socket.getSoTimeout()).isEqualTo((int) Spawned.LIMIT.toMillis());
        socket.setSoTimeout(20);
        assertThat(socket.getSoTimeout()).isEqualTo(20);
        assertThat(failing(() -> reading(socket)))
                .isInstanceOf(SocketTimeoutException.class)
                .hasMessage("Read timed out")
                .hasCauseInstanceOf(ConnectionException.class);
        socket.setSoTimeout((int) Spawned.LIMIT.toMillis());
        peer.getOutputStream().write(HELLO);
        assertThat(on(() -> socket.getInputStream().readNBytes(5))).isEqualTo(HELLO);
        socket.setSoTimeout(0);
        assertThat(connection.timeouts().read()).isZero();
    }

    // ---- endings

    @Test
    void closingTheSocketOrAStreamClosesTheConnection() throws Exception {
        Socket socket = connection.asSocket();
        on(() -> {
            socket.getOutputStream().write(HELLO);
            socket.getInputStream().close();
            return null;
        });
        assertThat(socket.isClosed()).isTrue();
        assertThat(connection.isOpen()).isFalse();
        assertThat(peer.getInputStream().readAllBytes()).isEqualTo(HELLO);
        assertThatThrownBy(socket::getInputStream).isInstanceOf(SocketException.class);
    }

    @Test
    void aReaderIsToldThatTheSocketWasClosed() throws Exception {
        Socket socket = connection.asSocket();
        var reader = Spawned.on(loop, () -> reading(socket)).parked();
        on(() -> {
            socket.close();
            return null;
        });
        assertThat(reader.failure()).isInstanceOf(SocketException.class).hasMessage("Socket closed");
    }

    @Test
    void aResetIsASocketException() throws Exception {
        Socket socket = connection.asSocket();
        var reader = Spawned.on(loop, () -> reading(socket)).parked();
        reset();
        assertThat(reader.failure()).isInstanceOf(SocketException.class).hasMessage("Connection reset");
    }

    @Test
    void anInterruptedVirtualThreadClosesTheSocketAsItDoesThoseOfTheJdk() throws Exception {
        Socket socket = connection.asSocket();
        var reader = Spawned.on(loop, () -> reading(socket)).parked();
        reader.thread().interrupt();
        assertThat(reader.failure()).isInstanceOf(SocketException.class).hasMessage("Closed by interrupt");
        assertThat(socket.isClosed()).isTrue();
        assertThat(connection.isOpen()).isFalse();
    }

    // ---- factories

    @Test
    void aFactoryMakesSocketsThatAreConnectedLater() throws Exception {
        var factory = Connector.of(loops).socketFactory();
        on(() -> {
            try (Socket socket = factory.createSocket()) {
                assertThat(socket.isConnected()).isFalse();
                assertThatThrownBy(socket::getInputStream).isInstanceOf(SocketException.class);
                socket.setTcpNoDelay(true);
                socket.setSoTimeout(5000);
                socket.bind(new InetSocketAddress("127.0.0.1", 0));
                socket.connect(server.getLocalSocketAddress(), 5000);
                assertThat(socket.isConnected()).isTrue();
                assertThat(socket.getTcpNoDelay()).isTrue();
                assertThat(socket.getSoTimeout()).isEqualTo(5000);
                try (Socket accepted = server.accept()) {
                    accepted.getOutputStream().write(HELLO);
                    assertThat(socket.getInputStream().readNBytes(5)).isEqualTo(HELLO);
                }
            }
            return null;
        });
    }

    @Test
    void aFactoryConnectsByNameAndWithoutAReadTimeout() throws Exception {
        var factory = Connector.of(loops).socketFactory();
        on(() -> {
            try (Socket socket = factory.createSocket("localhost", server.getLocalPort());
                    Socket other = factory.createSocket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
                assertThat(socket.getSoTimeout()).isZero();
                assertThat(other.isConnected()).isTrue();
            }
            return null;
        });
    }

    @Test
    void whatCannotBeConnectedIsRefusedInTheTermsOfSockets() throws Exception {
        var factory = Connector.of(loops).socketFactory();
        int port = server.getLocalPort();
        server.close();
        assertThat(failing(() -> factory.createSocket("127.0.0.1", port))).isInstanceOf(ConnectException.class);
        assertThat(failing(() -> {
                    Socket socket = factory.createSocket();
                    socket.connect(new InetSocketAddress("192.0.2.1", 9), 30);
                    return socket;
                }))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aSocketOfAFactoryIsTheLibrarysAndNotTheHandlers() throws Exception {
        Socket socket = on(() -> {
            try (var _ = Scope.open("handler")) {
                return new LoopSocketFactory().createSocket("127.0.0.1", server.getLocalPort());
            }
        });
        try (Socket accepted = server.accept()) {
            accepted.getOutputStream().write(HELLO);
            assertThat(on(() -> socket.getInputStream().readNBytes(5))).isEqualTo(HELLO);
            on(() -> {
                socket.close();
                return null;
            });
        }
        assertThat(loops.abandoned()).isZero();
    }

    @Test
    void aThreadWithoutALoopGetsSocketsToo() throws Exception {
        try (Socket socket = new LoopSocketFactory("").createSocket("127.0.0.1", server.getLocalPort());
                Socket accepted = server.accept()) {
            socket.getOutputStream().write(HELLO);
            assertThat(accepted.getInputStream().readNBytes(5)).isEqualTo(HELLO);
        }
    }

    @Test
    void aPathConnectsToAUnixSocketWhateverAddressIsAskedFor(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("s"));
        try (var listener =
                ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX).bind(address)) {
            on(() -> {
                try (Socket socket = new LoopSocketFactory(address.toString()).createSocket("nowhere.invalid", 1)) {
                    socket.setTcpNoDelay(true); // as drivers do
                    assertThat(socket.getTcpNoDelay()).isTrue();
                    assertThat(socket.getSendBufferSize()).isPositive();
                    assertThat(socket.getRemoteSocketAddress()).isEqualTo(address);
                    assertThat(socket.getInetAddress().isLoopbackAddress()).isTrue();
                }
                return null;
            });
        }
    }

    @Test
    void anEndedConnectionMakesADeadSocket() throws Exception {
        on(() -> {
            connection.close();
            return null;
        });
        Socket socket = connection.asSocket();
        assertThat(failing(() -> reading(socket))).isInstanceOf(SocketException.class);
        assertThat(Spawned.on(loop, () -> connection.receive(1)).reason()).isEqualTo(Reason.CLOSED);
        socket.close();
    }
}

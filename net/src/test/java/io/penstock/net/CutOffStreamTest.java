package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When not everything that was sent could be delivered, the peer sees a reset and never an end in order, whoever closes. */
class CutOffStreamTest {
    private static final Timeouts HASTY = Timeouts.of(Spawned.LIMIT, Spawned.LIMIT, Duration.ofMillis(100));

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Loop loop = loops.next();
    private final Connector connector = Connector.of(loops, HASTY);
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

    CutOffStreamTest() throws IOException {}

    @AfterEach
    void close() throws IOException {
        server.close();
        loops.close(Duration.ZERO);
    }

    /** Sends more than the peer takes, until that takes too long. */
    private static void sendTooMuch(Connection connection) {
        assertThatThrownBy(() -> {
                    while (true) connection.send(new byte[60_000]);
                })
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
    }

    private void assertThatThePeerSeesAReset() throws IOException {
        try (Socket peer = server.accept()) {
            peer.setSoTimeout((int) Spawned.LIMIT.toMillis());
            assertThatThrownBy(() -> peer.getInputStream().transferTo(OutputStream.nullOutputStream()))
                    .isInstanceOf(SocketException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void closedByItsScope() throws Exception {
        Spawned.on(loop, () -> {
                    try (var _ = Scope.open("test")) {
                        sendTooMuch(connector.connect(server.getLocalSocketAddress()));
                    }
                    return null;
                })
                .value();
        assertThatThePeerSeesAReset();
    }

    @Test
    void closedByItsPool() throws Exception {
        try (Pool pool = Pool.of(connector)) {
            var released = Spawned.on(loop, () -> {
                Connection connection = pool.connect(server.getLocalSocketAddress());
                sendTooMuch(connection);
                return connection.release();
            });
            assertThat(released.value()).isEqualTo(Released.ENDED);
            assertThatThePeerSeesAReset();
        }
    }

    @Test
    void closedByItsUser() throws Exception {
        Spawned.on(loop, () -> {
                    Connection connection = connector.connect(server.getLocalSocketAddress());
                    sendTooMuch(connection);
                    connection.close();
                    return null;
                })
                .value();
        assertThatThePeerSeesAReset();
    }
}

package io.penstock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A dialled connection whose peer is a socket of the JDK. */
abstract class SocketPeer {
    /** More than all buffers between the two take. */
    static final int MUCH = 32 << 20;

    final Loops loops;
    final Loop loop;
    final ServerSocket server;
    Connection connection;
    Socket peer;

    SocketPeer(LoopOptions options) throws IOException {
        loops = Loops.open(options);
        loop = loops.next();
        server = new ServerSocket();
        server.setReceiveBufferSize(64 * 1024);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @BeforeEach
    void connect() throws IOException {
        connection = Spawned.on(loop, () -> Connector.of(loops).connect(server.getLocalSocketAddress()))
                .value();
        peer = server.accept();
        connection.timeouts(Timeouts.of(Spawned.LIMIT, Spawned.LIMIT, Spawned.LIMIT));
    }

    @AfterEach
    void close() throws IOException {
        connection.abort();
        peer.close();
        server.close();
        loops.close(Duration.ZERO);
    }

    static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    void reset() throws IOException {
        peer.setOption(StandardSocketOptions.SO_LINGER, 0);
        peer.close();
    }
}

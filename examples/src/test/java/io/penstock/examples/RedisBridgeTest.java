package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisBridgeTest {
    @TempDir
    Path directory;

    /** Sends all of it at once, and the end of the stream; what comes back. */
    private static String ask(Program bridge, String path, String commands) throws Exception {
        try (var socket = new Socket("127.0.0.1", bridge.port())) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: bridge\r\nConnection: Upgrade\r\nUpgrade: redis\r\n\r\n"
                                    + commands)
                            .getBytes(US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    @Test
    void whoUpgradesTalksToTheDatabaseOfThePath() throws Exception {
        try (var redis = RedisServer.start(directory);
                var bridge = Program.example(RedisBridge.class, "0", Integer.toString(redis.port()))) {
            assertThat(ask(bridge, "/3", "SET greeting hello\r\nQUIT\r\n"))
                    .isEqualTo(
                            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: redis\r\n\r\n+OK\r\n+OK\r\n");
            assertThat(ask(bridge, "/3", "GET greeting\r\nQUIT\r\n")).endsWith("\r\n\r\n$5\r\nhello\r\n+OK\r\n");
            assertThat(ask(bridge, "/4", "GET greeting\r\nQUIT\r\n")).endsWith("\r\n\r\n$-1\r\n+OK\r\n");
            assertThat(ask(bridge, "/99", "")).startsWith("HTTP/1.1 404 ").endsWith("-ERR DB index is out of range\n");
            assertThat(Web.get(bridge.url("/3")).statusCode()).isEqualTo(426);
            redis.close();
            assertThat(ask(bridge, "/3", "PING\r\n")).startsWith("HTTP/1.1 502 ");
        }
    }
}

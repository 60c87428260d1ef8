package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class MovingServerTest {
    @TempDir
    Path directory;

    @Test
    void aClientGoesOnWithTheSecondProcessWithoutNoticing() throws Exception {
        String way = directory.resolve("way").toString();
        try (var first = Program.example(MovingServer.class, way, "0");
                var client = new Client(first.address().getPort())) {
            assertThat(client.says("one")).isEqualTo("1 one");
            try (var second = Program.example(MovingServer.class, way, "0")) {
                assertThat(second.address()).isEqualTo(first.address());
                first.awaitEnd();
                assertThat(client.says("two")).isEqualTo("2 two");
                try (var other = new Client(second.address().getPort())) {
                    assertThat(other.says("hello")).isEqualTo("1 hello");
                }
                assertThat(client.says("three")).isEqualTo("3 three");
            }
        }
    }

    private record Client(Socket socket, BufferedReader input) implements AutoCloseable {
        Client(int port) throws Exception {
            this(new Socket(InetAddress.getLoopbackAddress(), port));
        }

        private Client(Socket socket) throws Exception {
            this(socket, new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)));
        }

        String says(String line) throws Exception {
            socket.getOutputStream().write((line + "\n").getBytes(UTF_8));
            return input.readLine();
        }

        @Override
        public void close() throws Exception {
            socket.close();
        }
    }
}

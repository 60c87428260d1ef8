package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Detached;
import io.penstock.net.HandOver;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
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

    @Test
    void aClientWhoPausesWithinALineLosesNothing() throws Exception {
        String way = directory.resolve("way").toString();
        try (var first = Program.example(MovingServer.class, way, "0");
                var slow = new Client(first.address().getPort())) {
            assertThat(slow.says("one")).isEqualTo("1 one");
            slow.socket.getOutputStream().write("tw".getBytes(UTF_8));
            var pause = Instant.now().plusMillis(300); // three times as long as the server waits
            Awaitility.await().until(() -> Instant.now().isAfter(pause));
            slow.socket.getOutputStream().write("o a".getBytes(UTF_8));
            try (var _ = Program.example(MovingServer.class, way, "0")) {
                first.awaitEnd();
                assertThat(slow.says("nd")).isEqualTo("2 two and");
            }
        }
    }

    @Test
    void aClientWhoGoesDuringTheMoveIsNotMissedByTheOthers() throws Exception {
        var way = UnixDomainSocketAddress.of(directory.resolve("way"));
        BlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
        BlockingQueue<Connection> successor = new LinkedBlockingQueue<>();
        try (var loops = Loops.open()) {
            var listener = Listener.open(
                    loops,
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    client -> accepted.add(client.transfer(Scope.PROCESS)));
            int port = ((InetSocketAddress) listener.address()).getPort();
            try (var going = new Client(port);
                    var gone = accepted.take().detach();
                    var staying = new Client(port);
                    var stays = accepted.take().detach();
                    var door = Listener.open(loops, way, next -> successor.add(next.transfer(Scope.PROCESS)))) {
                going.socket.setSoLinger(true, 0);
                going.socket.close();
                var moving = CompletableFuture.runAsync(() -> {
                    try (var handOver = HandOver.over(successor.take())) {
                        door.close();
                        handOver.send(Detached.of(listener.detach()), new byte[0]);
                        handOver.send(gone, new byte[] {0, 0, 0, 1});
                        handOver.send(stays, new byte[] {0, 0, 0, 1});
                    } catch (Exception e) {
                        throw new CompletionException(e);
                    }
                });
                try (var _ = Program.example(MovingServer.class, way.toString(), "0")) {
                    moving.get(20, TimeUnit.SECONDS);
                    assertThat(staying.says("two")).isEqualTo("2 two");
                }
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

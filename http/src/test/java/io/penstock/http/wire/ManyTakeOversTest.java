package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.Headers;
import io.penstock.http.TakeOverEnd;
import io.penstock.http.TakeOverEnd.Cause;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.testkit.Await;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A server that is stopped with a thousand connections in other hands. */
class ManyTakeOversTest extends WireTest {
    private static final int COUNT = 1000;
    private static final String UPGRADE = get("/", "Connection: Upgrade", "Upgrade: lines");
    private static final int HEAD =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n".length();

    private final List<Socket> clients = new ArrayList<>();

    @AfterEach
    void disconnect() throws IOException {
        for (Socket each : clients) each.close();
    }

    /** Each client sends its number, and gets it back. */
    private void connectAll(io.penstock.http.HttpServer server) throws IOException {
        for (int i = 0; i < COUNT; i++) {
            Socket client = connect(server);
            clients.add(client);
            send(client, UPGRADE + line(i));
        }
        for (int i = 0; i < COUNT; i++) {
            assertThat(receive(clients.get(i), HEAD + line(i).length())).endsWith(line(i));
        }
    }

    private static String line(int number) {
        return "number " + number + "\n";
    }

    private static void echo(Connection raw) throws ConnectionException {
        while (raw.peek(1).hasRemaining()) raw.send(raw.receiveLine() + "\n");
    }

    /** What all of them have moved, as the server was told of each when it ended. */
    private void requireEnds(Cause cause, long received, long sent) throws Exception {
        var all = new ArrayList<TakeOverEnd>();
        for (int i = 0; i < COUNT; i++) all.add(end());
        assertThat(all).extracting(TakeOverEnd::cause).containsOnly(cause);
        assertThat(all.stream().mapToLong(TakeOverEnd::received).sum()).isEqualTo(received);
        assertThat(all.stream().mapToLong(TakeOverEnd::sent).sum()).isEqualTo(sent);
        assertThat(ends).isEmpty();
    }

    private static long lines() {
        long sum = 0;
        for (int i = 0; i < COUNT; i++) sum += line(i).length();
        return sum;
    }

    @Test
    void whoSaysGoodbyeIsWaitedForAndNoByteIsLost() throws Exception {
        try (var server = serve(exchange -> {
            Connection raw = exchange.upgrade("lines", Headers.of());
            exchange.onShutdown(() -> {
                raw.send("bye\n");
                raw.shutdownOutput();
            });
            echo(raw);
        })) {
            connectAll(server);
            assertThat(server.takenOver()).isEqualTo(COUNT);
            assertThat(server.takeOvers())
                    .hasSize(COUNT)
                    .allMatch(each -> each.protocol().equals("lines"));
            var stopped = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(60)));
            for (int i = 0; i < COUNT; i++) {
                assertThat(receiveAll(clients.get(i))).isEqualTo("bye\n");
                clients.get(i).shutdownOutput();
            }
            assertThat(stopped.get(60, TimeUnit.SECONDS)).isTrue();
            assertThat(server.aborted()).isZero();
            requireEnds(Cause.CLOSED, lines(), lines() + 4L * COUNT);
        }
    }

    @Test
    void whoDoesNotIsCutOffBehindTheGraceAndCounted() throws Exception {
        try (var server = serve(exchange -> echo(exchange.upgrade("lines", Headers.of())))) {
            connectAll(server);
            assertThat(server.drain(Duration.ofMillis(300))).isFalse();
            assertThat(server.aborted()).isEqualTo(COUNT);
            requireEnds(Cause.ABORTED, lines(), lines());
            Await.until("all are gone", () -> server.connections() == 0);
            assertThat(server.takeOvers()).isEmpty();
        }
    }
}

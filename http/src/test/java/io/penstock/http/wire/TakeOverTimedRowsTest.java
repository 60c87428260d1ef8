package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.penstock.http.HttpServerOptions;
import io.penstock.http.TakeOverEnd;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Scope;
import io.penstock.testkit.Await;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The byte-level checks of taking over in which it counts what happens first, by their numbers in the specification. */
class TakeOverTimedRowsTest extends WireTest {
    @Test
    void row15_whatComesWhileTheHandlerIsAtWorkIsNoDisconnect() throws Exception {
        try (var server = serve(exchange -> {
                    exchange.onClientEnd(reason -> seen.add("client " + reason));
                    Await.until("all has come", () -> exchange.connection().buffered() == 3);
                    assertThat(exchange.connection().inputEnd()).isEmpty();
                    Connection raw = exchange.takeOver();
                    raw.send(raw.receive(3));
                });
                var client = connect(server)) {
            send(client, get("/"));
            send(client, "f");
            send(client, "oo");
            assertThat(receiveAll(client)).isEqualTo("foo");
            assertThat(seen).containsExactly("GET /");
        }
    }

    @Test
    void row16_aClientThatHasEndedItsHalfIsStillThere() throws Exception {
        try (var server = serve(exchange -> {
                    Await.until(
                            "its end is seen",
                            () -> exchange.connection().inputEnd().isPresent());
                    Connection raw = exchange.takeOver();
                    assertThat(raw.inputEnd()).contains(Reason.EOF);
                    assertThat(raw.receiveAll()).isEmpty();
                    raw.send("RAW");
                });
                var client = connect(server)) {
            send(client, get("/"));
            client.shutdownOutput();
            assertThat(receiveAll(client)).isEqualTo("RAW");
        }
    }

    @Test
    void row17_theLimitsOfTheServerAreNotTheTakers() throws Exception {
        Duration limit = Duration.ofMillis(600); // a busy machine is to get the head across within it
        var options = HttpServerOptions.DEFAULT.withTimeouts(limit, limit, limit, limit);
        var longer = Duration.ofMillis(900);
        try (var server = serve(options, exchange -> {
                    Connection raw = exchange.takeOver();
                    assertThat(Await.stays(longer, raw::isOpen)).isTrue();
                    raw.send("RAW");
                    raw.send(raw.receiveLine() + "\n");
                });
                var client = connect(server)) {
            send(client, get("/"));
            assertThat(receive(client, 3)).isEqualTo("RAW");
            assertThat(Await.stays(longer, () -> server.takenOver() == 1)).isTrue();
            send(client, "hi\n");
            assertThat(receiveAll(client)).isEqualTo("hi\n");
        }
    }

    @Test
    void row18_aStopWaitsForWhoeverHasTheConnection() throws Exception {
        var taken = new CompletableFuture<Connection>();
        try (var server = serve(exchange -> taken.complete(exchange.takeOver().transfer(Scope.PROCESS)));
                var client = connect(server)) {
            send(client, get("/shutdown"));
            Connection raw = taken.get(10, TimeUnit.SECONDS);
            var stopped = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(20)));
            Await.until("nobody is accepted", () -> isRefused(server));
            assertThat(Await.stays(Duration.ofMillis(300), () -> !stopped.isDone()))
                    .isTrue();
            raw.send("bye");
            raw.close();
            assertThat(receiveAll(client)).isEqualTo("bye");
            assertThat(stopped.get(20, TimeUnit.SECONDS)).isTrue();
            assertThat(server.aborted()).isZero();
        }
    }

    private static boolean isRefused(io.penstock.http.HttpServer server) {
        try (var _ = connect(server)) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void row20_whatIsSentArrivesAlthoughMuchWasNotRead() throws Exception {
        byte[] sent = new byte[3 * 1024 * 1024];
        new Random(20).nextBytes(sent);
        for (boolean closing : new boolean[] {false, true}) {
            try (var server = serve(exchange -> {
                        Connection raw = exchange.takeOver(UnreadBody.RAW);
                        raw.send(sent);
                        if (closing) raw.close();
                    });
                    var client = connect(server)) {
                send(client, request("POST", "/", "Content-Length: 5242880"));
                Thread upload = Thread.ofPlatform().start(() -> {
                    try {
                        client.getOutputStream().write(new byte[5242880]);
                    } catch (IOException e) {
                        // nobody has read it: what counts is what comes
                    }
                });
                assertThat(client.getInputStream().readAllBytes())
                        .as("closing: " + closing)
                        .isEqualTo(sent);
                client.close();
                upload.join();
            }
        }
    }

    /** Rule T-4: the kernel answers what comes behind a close by a reset, and drops what it has not sent yet. */
    @Test
    void whatComesBehindACloseTakesNothingBack() throws Exception {
        byte[] sent = new byte[192 * 1024];
        new Random(4).nextBytes(sent);
        var closed = new CompletableFuture<Boolean>();
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.option(StandardSocketOptions.SO_SNDBUF, 1 << 20); // takes all of it
                    raw.send(sent);
                    raw.close();
                    closed.complete(true);
                });
                var client = new Socket()) {
            client.setReceiveBufferSize(4096);
            client.connect(server.address());
            send(client, get("/"));
            assertThat(closed.get(10, TimeUnit.SECONDS)).isTrue();
            send(client, "still there?");
            assertThat(client.getInputStream().readAllBytes()).isEqualTo(sent);
            client.close();
            assertThat(end().sent()).isEqualTo(sent.length);
        }
    }

    @Test
    void row21_aHandlerThatThrowsLosesTheConnection() throws Exception {
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.send("RAW");
                    raw.flush();
                    throw new IllegalArgumentException("on purpose");
                });
                var client = connect(server)) {
            send(client, get("/panic"));
            // the client must not take what it has got for the whole: where Go leaves the connection open, ours resets
            // it
            assertThat(receive(client, 3)).isEqualTo("RAW");
            assertThatIOException().isThrownBy(() -> receiveAll(client));
            assertThat(end().cause()).isEqualTo(TakeOverEnd.Cause.FAILED);
            assertThat(server.takenOver()).isZero();
            assertThat(server.takeOvers()).isEmpty();
        }
    }

    /** HS-20: what a client sends before it may is held back by its own side, and not kept here. */
    @Test
    void whoFloodsBeforeThe101IsHeldBack() throws Exception {
        int flood = 30_000_000;
        var held = new CompletableFuture<Long>();
        try (var server = serve(exchange -> {
                    Connection home = exchange.connection();
                    Await.until("it is held back", () -> home.buffered() >= 64 * 1024);
                    assertThat(Await.stays(
                                    Duration.ofMillis(200), () -> home.stats().received() < 1_000_000))
                            .isTrue();
                    held.complete(home.stats().received());
                    Connection raw = exchange.upgrade("x", io.penstock.http.Headers.of());
                    raw.send(Long.toString(raw.inputStream().transferTo(OutputStream.nullOutputStream())));
                });
                var client = connect(server)) {
            send(client, get("/", "Connection: Upgrade", "Upgrade: x"));
            Thread upload = Thread.ofPlatform().start(() -> {
                try {
                    client.getOutputStream().write(new byte[flood]);
                    client.shutdownOutput();
                } catch (IOException e) {
                    seen.add(e.toString());
                }
            });
            assertThat(receiveAll(client)).endsWith("\r\n\r\n" + flood);
            upload.join();
            assertThat(held.get()).isLessThan(1_000_000);
        }
    }

    @Test
    void row23_muchBehindTheHeadAndThenTheEnd() throws Exception {
        try (var server = serve(exchange -> {
            Connection raw = exchange.takeOver();
            raw.send(Integer.toString(raw.receiveAll().length));
        })) {
            String head = get("/");
            for (int cut :
                    new int[] {0, 1, head.length() - 1, head.length(), head.length() + 1, head.length() + 4096}) {
                try (var client = connect(server)) {
                    String all = head + "x".repeat(8192);
                    if (cut > 0) send(client, all.substring(0, cut));
                    send(client, all.substring(cut));
                    client.shutdownOutput();
                    assertThat(receiveAll(client)).isEqualTo("8192");
                }
            }
        }
    }
}

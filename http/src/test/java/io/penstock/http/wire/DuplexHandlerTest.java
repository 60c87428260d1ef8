package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.BodyOutput;
import io.penstock.http.ResponseHead;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Both ways at the same time without taking anything over, and a client's half end told from its leaving. */
class DuplexHandlerTest extends WireTest {
    @Test
    @DisplayName("TestResponseControllerEnableFullDuplex")
    void tenBytesGoBackAndForth() throws Exception {
        try (var server = serve(exchange -> {
                    BodyOutput body = exchange.start(ResponseHead.of(200));
                    for (int i = 0; i < 10; i++) {
                        body.send(exchange.body().receive(1));
                        body.flush();
                    }
                });
                var client = connect(server)) {
            send(client, request("POST", "/", "Transfer-Encoding: chunked"));
            String head = "";
            while (!head.endsWith("\r\n\r\n")) head += receive(client, 1);
            assertThat(dateless(head)).isEqualTo("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (char c = '0'; c <= '9'; c++) {
                send(client, "1\r\n" + c + "\r\n");
                assertThat(receive(client, 6)).isEqualTo("1\r\n" + c + "\r\n");
            }
            send(client, "0\r\n\r\n");
            assertThat(receive(client, 5)).isEqualTo("0\r\n\r\n");
            send(client, request("POST", "/", "Content-Length: 10") + "0123456789"); // and the connection goes on
            assertThat(dateless(receive(client, head.length()))).startsWith("HTTP/1.1 200 OK\r\n");
        }
    }

    @Test
    void muchGoesBothWaysThoughNoneWaitsForTheEnd() throws Exception {
        var bytes = new byte[3_000_000];
        new Random(3).nextBytes(bytes);
        try (var server = serve(exchange -> exchange.body().transferTo(exchange.start(ResponseHead.of(200))));
                var client = connect(server)) {
            send(client, request("POST", "/", "Content-Length: " + bytes.length, "Connection: close"));
            Thread upload = Thread.ofPlatform().start(() -> {
                try {
                    client.getOutputStream().write(bytes);
                } catch (java.io.IOException e) {
                    seen.add(e.toString());
                }
            });
            String answer = receiveAll(client);
            upload.join();
            assertThat(seen).containsExactly("POST /");
            assertThat(answer).hasSizeGreaterThan(bytes.length).endsWith("0\r\n\r\n");
        }
    }

    @Test
    void anEndOfTheClientsHalfCancelsNothing() throws Exception {
        var told = new CompletableFuture<Reason>();
        try (var server = serve(exchange -> {
                    exchange.onClientEnd(told::complete);
                    assertThat(told.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.EOF);
                    assertThat(Thread.currentThread().isInterrupted()).isFalse();
                    exchange.respond(200, "still here");
                });
                var client = connect(server)) {
            send(client, get("/"));
            client.shutdownOutput();
            assertThat(receiveAll(client)).endsWith("\r\n\r\nstill here");
        }
    }

    @Test
    @DisplayName("TestCloseNotifier")
    void aClientThatIsGoneIsToldFromOne() throws Exception {
        var told = new CompletableFuture<Reason>();
        var left = new CountDownLatch(1);
        try (var server = serve(exchange -> {
                    exchange.onClientEnd(told::complete);
                    left.await(10, TimeUnit.SECONDS);
                });
                var client = connect(server)) {
            send(client, get("/"));
            client.setSoLinger(true, 0); // closes with a reset
            client.close();
            assertThat(told.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.RESET);
            left.countDown();
        }
    }

    @Test
    @DisplayName("TestCloseNotifierPipelined")
    void whatIsPipelinedIsNoEnd() throws Exception {
        var come = new CountDownLatch(1);
        try (var server = serve(exchange -> {
                    exchange.onClientEnd(reason -> seen.add("client " + reason));
                    if (exchange.request().path().equals("/1")) {
                        io.penstock.testkit.Await.until(
                                "the next has come", () -> exchange.connection().buffered() > 0);
                        come.countDown();
                    }
                    exchange.respond(200, "ok");
                });
                var client = connect(server)) {
            send(client, get("/1") + get("/2", "Connection: close"));
            assertThat(come.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(receiveAll(client)).endsWith("\r\n\r\nok");
            assertThat(seen).containsExactly("GET /1", "GET /2");
        }
    }

    /** A storm of requests of which each notices its client: no byte is lost or read twice. */
    @Test
    @DisplayName("TestServerDuplicateBackgroundRead, TestCloseNotifierChanLeak")
    void noByteIsReadTwice() throws Exception {
        int clients = 5;
        int requests = 400;
        try (var server = serve(exchange -> {
            exchange.onClientEnd(_ -> {});
            exchange.respond(200, exchange.request().path());
        })) {
            var threads = new Thread[clients];
            for (int i = 0; i < clients; i++) {
                threads[i] = Thread.ofPlatform().start(() -> {
                    try (var client = connect(server)) {
                        for (int n = 1000; n < 1000 + requests; n++) {
                            send(client, get("/" + n));
                            String answer = "";
                            while (!answer.endsWith("\r\n\r\n/" + n)) answer += receive(client, 1);
                        }
                    } catch (Exception e) {
                        seen.add(e.toString());
                    }
                });
            }
            for (Thread each : threads) each.join();
        }
        assertThat(seen).hasSize(clients * requests).allMatch(each -> each.startsWith("GET /1"));
    }

    @Test
    void aBodyThatEndsInTheMiddleIsNoFailureOfTheOutput() throws Exception {
        try (var server = serve(exchange -> {
                    BodyOutput body = exchange.start(ResponseHead.of(200));
                    try {
                        exchange.body().receiveAll();
                    } catch (ConnectionException e) {
                        body.send(e.reason().toString());
                    }
                });
                var client = connect(server)) {
            send(client, request("POST", "/", "Content-Length: 5") + "hel");
            client.shutdownOutput();
            assertThat(receiveAll(client)).endsWith("\r\n\r\n3\r\nEOF\r\n0\r\n\r\n");
        }
    }
}

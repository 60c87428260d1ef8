package io.penstock.http.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.ResponseHead;
import io.penstock.http.TakenOverException;
import io.penstock.http.UnreadBody;
import io.penstock.net.Connection;
import io.penstock.net.Scope;
import io.penstock.testkit.Await;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What Go's own tests hold its server to where a connection is taken over, each by the name it has there. */
class GoServerTest extends WireTest {
    private static void ok(Exchange exchange) throws Exception {
        exchange.respond(200, "ok");
    }

    @Test
    @DisplayName("TestWriteAfterHijack")
    void writeAfterHijack() throws Exception {
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver().transfer(Scope.PROCESS);
                    Thread.ofPlatform().start(() -> {
                        try {
                            Await.until("the handler has returned", () -> seen.contains("returned"));
                            var buffered = raw.outputStream();
                            buffered.write("[hijack-to-bufw]".getBytes());
                            buffered.flush();
                            raw.send("[hijack-to-conn]");
                            raw.close();
                        } catch (Exception e) {
                            seen.add(e.toString());
                        }
                    });
                });
                var client = connect(server)) {
            send(client, get("/"));
            Await.until("it is taken over", () -> server.takenOver() == 1);
            seen.add("returned");
            assertThat(receiveAll(client)).isEqualTo("[hijack-to-bufw][hijack-to-conn]");
        }
    }

    @Test
    @DisplayName("TestDoubleHijack")
    void doubleHijack() throws Exception {
        requireEverywhere(
                get("/"),
                exchange -> {
                    Connection raw = exchange.takeOver();
                    try {
                        exchange.takeOver();
                        raw.send("no error");
                    } catch (TakenOverException e) {
                        raw.send("an error");
                    }
                },
                "an error");
    }

    @Test
    @DisplayName("TestServerWriteHijackZeroBytes")
    void serverWriteHijackZeroBytes() throws Exception {
        requireEverywhere(
                get("/"),
                exchange -> {
                    var body = exchange.start(ResponseHead.of(200, Headers.of("Content-Length", "0")));
                    Connection raw = exchange.takeOver();
                    try {
                        body.send(new byte[0]);
                    } catch (TakenOverException e) {
                        raw.send("taken");
                    }
                },
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\ntaken");
    }

    @Test
    @DisplayName("TestHandlerPanicWithHijack")
    void handlerPanicWithHijack() throws Exception {
        try (var server = serve(exchange -> {
            if (exchange.request().path().equals("/ok")) {
                ok(exchange);
                return;
            }
            exchange.takeOver();
            throw new IllegalArgumentException("on purpose");
        })) {
            try (var client = connect(server)) {
                send(client, get("/panic"));
                assertThat(end().cause()).isEqualTo(io.penstock.http.TakeOverEnd.Cause.FAILED);
            }
            try (var client = connect(server)) {
                send(client, get("/ok", "Connection: close"));
                assertThat(receiveAll(client)).endsWith("\r\n\r\nok");
            }
        }
    }

    @Test
    @DisplayName("TestHijackAfterCloseNotifier")
    void hijackAfterCloseNotifier() throws Exception {
        try (var server = serve(exchange -> {
                    if (exchange.request().path().equals("/1")) {
                        exchange.onClientEnd(reason -> seen.add("client " + reason));
                        ok(exchange);
                    } else {
                        Connection raw = exchange.takeOver();
                        raw.send(raw.remoteAddress().toString());
                    }
                });
                var client = connect(server)) {
            send(client, get("/1"));
            while (!receive(client, 1).equals("o") || !receive(client, 1).equals("k")) {}
            send(client, get("/2"));
            assertThat(receiveAll(client))
                    .isEqualTo(client.getLocalSocketAddress().toString());
        }
    }

    /** Despite its name: the body is read in full, and whether the client has gone is asked for behind it. */
    @Test
    @DisplayName("TestHijackBeforeRequestBodyRead")
    void hijackBeforeRequestBodyRead() throws Exception {
        var body = new byte[1 << 20];
        new Random(1).nextBytes(body);
        var gone = new CompletableFuture<Boolean>();
        try (var server = serve(exchange -> {
                    assertThat(exchange.body().receiveAll()).isEqualTo(body);
                    exchange.onClientEnd(_ -> gone.complete(true));
                    gone.get(10, TimeUnit.SECONDS);
                });
                var client = connect(server)) {
            send(client, request("POST", "/", "Content-Length: " + body.length));
            client.getOutputStream().write(body);
            client.close();
            assertThat(gone.get(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    @DisplayName("TestServerFlushAndHijack")
    void serverFlushAndHijack() throws Exception {
        requireEverywhere(
                get("/"),
                exchange -> {
                    var body = exchange.start(ResponseHead.of(200));
                    body.send("Hello, ");
                    body.flush();
                    exchange.takeOver().send("6\r\nworld!\r\n0\r\n\r\n");
                },
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nHello, \r\n6\r\nworld!\r\n0\r\n\r\n");
    }

    @Test
    @DisplayName("TestServerHijackGetsBackgroundByte")
    void serverHijackGetsBackgroundByte() throws Exception {
        try (var server = serve(exchange -> {
                    exchange.onClientEnd(reason -> seen.add("client " + reason));
                    Await.until("they have come", () -> exchange.connection().buffered() == 3);
                    assertThat(seen).containsExactly("GET /");
                    Connection raw = exchange.takeOver();
                    var three = new byte[3];
                    raw.peek(3).get(three);
                    assertThat(raw.buffered()).isEqualTo(3);
                    seen.add(new String(three) + " " + restOf(raw));
                });
                var client = connect(server)) {
            send(client, get("/"));
            send(client, "foo");
            Await.until("the handler has them", () -> server.takenOver() == 1);
            client.shutdownOutput();
            assertThat(receiveAll(client)).isEmpty();
            Await.until("it is told", () -> seen.contains("foo foo"));
        }
    }

    @Test
    @DisplayName("TestServerHijackGetsBackgroundByte_big")
    void serverHijackGetsBackgroundByteBig() throws Exception {
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver();
                    raw.send(Integer.toString(raw.receiveAll().length));
                });
                var client = connect(server)) {
            send(client, get("/") + "x".repeat(8 << 10));
            client.shutdownOutput();
            assertThat(receiveAll(client)).isEqualTo("8192");
        }
    }

    @Test
    @DisplayName("TestServerHandlersCanHandleH2PRI")
    void serverHandlersCanHandleH2Pri() throws Exception {
        requireEverywhere(
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                exchange -> {
                    assertThat(exchange.request().toString()).isEqualTo("PRI * HTTP/2.0");
                    Connection raw = exchange.takeOver();
                    raw.send("RECEIVED:" + textOf(raw, 6));
                },
                "RECEIVED:SM\r\n\r\n");
    }

    @Test
    @DisplayName("TestHTTP2UpgradeClosesConnection")
    void http2UpgradeClosesConnection() throws Exception {
        requireEverywhere(
                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                GoServerTest::ok,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n"
                        + "Connection: close\r\n\r\nok");
        assertThat(seen).containsOnly("PRI *");
    }

    @Test
    @DisplayName("TestServerValidatesHostHeader")
    void serverValidatesHostHeader() throws Exception {
        try (var server = serve(exchange -> exchange.takeOver().send("handled"))) {
            for (var row : List.of(
                    List.of("PRI * HTTP/2.0\r\n\r\n", "handled"),
                    List.of("CONNECT golang.org:80 HTTP/1.1\r\n\r\n", "handled"),
                    List.of("CONNECT golang.org:80 HTTP/1.1\r\nHost: golang.org:80\r\n\r\n", "handled"),
                    List.of("GET / HTTP/1.0\r\n\r\n", "handled"),
                    List.of("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
                    List.of("GET / HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 "),
                    List.of("GET / HTTP/3.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 "))) {
                try (var client = connect(server)) {
                    send(client, row.getFirst());
                    client.shutdownOutput();
                    assertThat(receiveAll(client)).as(row.getFirst()).startsWith(row.getLast());
                }
            }
        }
    }

    @Test
    @DisplayName("TestDisableKeepAliveUpgrade")
    void disableKeepAliveUpgrade() throws Exception {
        try (var server = serve(HttpServerOptions.DEFAULT.withRequestsPerConnection(1), exchange -> {
                    Connection raw = exchange.upgrade("someProto", Headers.of());
                    raw.send(raw.receiveAll());
                });
                var client = connect(server)) {
            send(client, get("/", "Connection: close, Upgrade", "Upgrade: someProto") + "hello");
            client.shutdownOutput();
            assertThat(receiveAll(client))
                    .isEqualTo("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                            + "Upgrade: someProto\r\n\r\nhello");
        }
    }

    @Test
    @DisplayName("TestWriteHeaderSwitchingProtocols")
    void writeHeaderSwitchingProtocols() throws Exception {
        requireEverywhere(
                get("/", "Connection: Upgrade", "Upgrade: x"),
                exchange -> {
                    Connection raw = exchange.upgrade("x", Headers.of());
                    assertThatIllegalStateException().isThrownBy(() -> exchange.start(ResponseHead.of(200)));
                    assertThatIllegalStateException().isThrownBy(() -> exchange.respond(200, "x"));
                    assertThat(exchange.status()).isEqualTo(101);
                    raw.send("RAW");
                },
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nRAW");
    }

    @Test
    @DisplayName("TestIssue11549_Expect100")
    void issue11549Expect100() throws Exception {
        try (var server = serve(GoServerTest::ok);
                var client = connect(server)) {
            send(client, request("PUT", "/readbody", "Expect: 100-continue", "Content-Length: 4") + get("/smuggled"));
            assertThat(receiveAll(client)).contains("\r\nConnection: close\r\n").endsWith("\r\n\r\nok");
            assertThat(seen).containsExactly("PUT /readbody");
        }
    }

    @Test
    @DisplayName("TestH12_WebSocketUpgrade")
    void webSocketUpgrade() throws Exception {
        requireEverywhere(
                get("/", "Upgrade: foo, WebSocket", "Connection: Upgrade"),
                exchange -> exchange.upgrade("WebSocket", Headers.of()),
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n");
    }

    @Test
    @DisplayName("TestWriteHeaderNoCodeCheck_h1hijack")
    void writeHeaderNoCodeCheck() throws Exception {
        requireEverywhere(
                get("/"),
                exchange -> {
                    Connection raw = exchange.takeOver();
                    try {
                        exchange.respond(200, "");
                    } catch (TakenOverException e) {
                        raw.send("as every other status");
                    }
                },
                "as every other status");
    }

    @Test
    @DisplayName("TestBufioReuse (gorilla)")
    void bufioReuse() throws Exception {
        String early = "\201\5hello";
        requireEverywhere(
                get("/", "Upgrade: websocket", "Connection: Upgrade") + early,
                exchange -> {
                    Connection raw = exchange.upgrade("websocket", Headers.of());
                    raw.send(raw.receive(early.length()));
                },
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + early);
    }

    @Test
    @DisplayName("TestCloseWrite")
    void closeWrite() throws Exception {
        try (var server = serve(exchange -> {
                    Connection raw = exchange.takeOver(UnreadBody.RAW);
                    raw.send("that is all");
                    raw.shutdownOutput();
                    seen.add(restOf(raw));
                });
                var client = connect(server)) {
            send(client, get("/"));
            assertThat(receiveAll(client)).isEqualTo("that is all");
            send(client, "and this is mine");
            client.shutdownOutput();
            Await.until("the other half goes on", () -> seen.contains("and this is mine"));
        }
    }
}

package io.penstock.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.penstock.http.Headers;
import io.penstock.http.HttpClient;
import io.penstock.http.HttpServer;
import io.penstock.http.RefusedException;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Timeouts;
import io.penstock.testkit.Call;
import io.penstock.testkit.Cut;
import io.penstock.testkit.EveryCut;
import io.penstock.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What opens a WebSocket and what does not, on both sides. Bytes by hand where the other side is ours. */
class HandshakeTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** The request of RFC 6455 §1.2. */
    private static final String REQUEST = """
            GET /chat HTTP/1.1
            Host: server.example.com
            Upgrade: websocket
            Connection: keep-alive, Upgrade
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
            Origin: http://server.example.com
            Sec-WebSocket-Protocol: chat, superchat
            Sec-WebSocket-Version: 13

            """.replace("\n", "\r\n");

    private Loops loops;
    private Pool pool;
    private HttpClient http;
    private @Nullable HttpServer server;
    private @Nullable Listener listener;

    @BeforeEach
    void open() {
        // a handler fails here on purpose
        ((Logger) LoggerFactory.getLogger("io.penstock.http.internal.ServerExchange")).setLevel(Level.OFF);
        loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        pool = Pool.of(Connector.of(loops));
        http = HttpClient.of(pool);
    }

    @AfterEach
    void close() {
        if (server != null) server.close();
        if (listener != null) listener.close();
        pool.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private static void echo(WebSocket socket) throws ConnectionException {
        while (socket.receive() instanceof Message.Text(String text)) socket.send(text);
    }

    private Connection raw(WebSocketOptions options, WebSocket.Session session) throws Exception {
        server = HttpServer.listen(loops, ANY_PORT, WebSocket.handler(options, session));
        return Connector.of(loops).connect(server.address());
    }

    private static String head(Connection client) throws Exception {
        var head = new StringBuilder();
        for (String line = client.receiveLine(); !line.isEmpty(); line = client.receiveLine()) {
            if (!line.startsWith("Date:")) head.append(line).append('\n');
        }
        return head.toString();
    }

    // ---- the server

    @EveryCut
    void theExampleOfTheRfcAndFramesRightBehindIt(Cut cut) throws Exception { // early bytes are kept
        Connection client = raw(WebSocketOptions.DEFAULT.withProtocols("superchat"), HandshakeTest::echo);
        byte[] hello = {(byte) 0x81, (byte) 0x82, 0, 0, 0, 0, 'h', 'i'};
        byte[] early = (REQUEST + new String(hello, StandardCharsets.ISO_8859_1)).getBytes(StandardCharsets.ISO_8859_1);
        for (byte[] piece : cut.pieces(early)) {
            client.send(piece);
            client.flush();
        }
        assertThat(head(client).lines())
                .containsExactlyInAnyOrder(
                        "HTTP/1.1 101 Switching Protocols",
                        "Upgrade: websocket",
                        "Connection: Upgrade",
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
                        "Sec-WebSocket-Protocol: superchat");
        assertThat(client.receive(4)).isEqualTo(new byte[] {(byte) 0x81, 2, 'h', 'i'});
        client.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /chat HTTP/1.1 | POST /chat HTTP/1.1 | 405 | Allow: GET",
                "GET /chat HTTP/1.1 | GET /chat HTTP/1.0 | 426 | Upgrade: websocket",
                "Upgrade: websocket | X: y | 426 | Upgrade: websocket",
                "Upgrade: websocket | Upgrade: h2c | 426 | Upgrade: websocket",
                "keep-alive, Upgrade | keep-alive | 426 | Upgrade: websocket",
                "Version: 13 | Version: 12 | 426 | Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Version: 13 | X: y | 426 | Sec-WebSocket-Version: 13",
                "dGhlIHNhbXBsZSBub25jZQ== | dGhlIHNhbXBsZSBub25jZQ | 400 | Content-Type",
                "dGhlIHNhbXBsZSBub25jZQ== | dGhlIHNhbXBsZSBub25j| 400 | Content-Type",
                "Sec-WebSocket-Key | X | 400 | Content-Type",
                "Origin: http://server.example.com | Origin: http://evil.example.com | 403 | Content-Type",
                "Origin: http://server.example.com | Origin: null | 403 | Content-Type",
                "Sec-WebSocket-Protocol: chat, superchat | Content-Length: 2 | 400 | Connection: close",
                "Sec-WebSocket-Protocol: chat, superchat | Transfer-Encoding: chunked | 400 | Connection: close",
            })
    void whatIsNoneIsToldSo(String instead, String of, int status, String header) throws Exception {
        Connection client = raw(WebSocketOptions.DEFAULT, HandshakeTest::echo);
        client.send(REQUEST.replace(instead, of));
        assertThat(head(client)).startsWith("HTTP/1.1 " + status + " ").contains(header);
        client.close();
    }

    @Test
    void pagesOfOtherOriginsMayBeAllowed() throws Exception {
        for (String allowed : new String[] {"http://other.example.com", "*"}) {
            Connection client = raw(WebSocketOptions.DEFAULT.withOrigins(allowed), HandshakeTest::echo);
            client.send(REQUEST.replace("Origin: http://server", "Origin: http://other"));
            assertThat(head(client)).startsWith("HTTP/1.1 101 ");
            client.close();
            server.close();
        }
    }

    @Test
    void aServerTakesTheProtocolItLikesBest() throws Exception {
        server = HttpServer.listen(
                loops, ANY_PORT, WebSocket.handler(WebSocketOptions.DEFAULT.withProtocols("c", "a"), socket -> {
                    socket.send(socket.protocol().orElse("none"));
                    socket.receive();
                }));
        assertThat(spoken("a", "b", "c")).isEqualTo("c/c");
        assertThat(spoken("b", "a")).isEqualTo("a/a");
        assertThat(spoken("b")).isEqualTo("-/none");
        assertThat(spoken()).isEqualTo("-/none");
    }

    private String spoken(String... offered) throws Exception {
        try (var client =
                WebSocket.connect(http, url(), Headers.of(), WebSocketOptions.DEFAULT.withProtocols(offered))) {
            return client.protocol().orElse("-") + "/"
                    + (client.receive() instanceof Message.Text(String text) ? text : "");
        }
    }

    private String url() {
        return "ws://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort() + "/x?y=z";
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSessionIsClosedAtItsEnd(boolean well) throws Exception {
        var told = new CompletableFuture<String>();
        server = HttpServer.listen(loops, ANY_PORT, WebSocket.handler(socket -> {
            told.complete(socket.toString());
            if (!well) throw new Expected();
        }));
        try (var client = WebSocket.connect(http, url())) {
            int code = well ? CloseCode.NORMAL : CloseCode.INTERNAL_ERROR;
            assertThat(client.receive()).isEqualTo(new Message.Close(code, ""));
        }
        assertThat(told.get(10, TimeUnit.SECONDS)).startsWith("WebSocket on ");
    }

    @Test
    void aServerThatStopsSaysSo() throws Exception {
        server = HttpServer.listen(loops, ANY_PORT, WebSocket.handler(HandshakeTest::echo));
        CompletableFuture<Boolean> stopped;
        try (var client = WebSocket.connect(http, url())) {
            client.send("x");
            assertThat(client.receive()).isEqualTo(new Message.Text("x"));
            stopped = CompletableFuture.supplyAsync(() -> server.drain(Duration.ofSeconds(60)));
            assertThat(client.receive()).isEqualTo(new Message.Close(CloseCode.GOING_AWAY, ""));
        }
        assertThat(stopped.get(30, TimeUnit.SECONDS)).isTrue();
    }

    private static final class Expected extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    // ---- the client

    private String serving(String answer) throws Exception {
        listener = Listener.open(loops, ANY_PORT, Timeouts.DEFAULT, connection -> {
            String key = "";
            for (String line = connection.receiveLine(); !line.isEmpty(); line = connection.receiveLine()) {
                if (line.toLowerCase(Locale.ROOT).startsWith("sec-websocket-key: ")) key = line.substring(19);
            }
            connection.send(answer.replace("\n", "\r\n").replace("{accept}", accept(key)));
            while (connection.peek(1).hasRemaining()) connection.receiveAny(1000);
        });
        return "ws://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort();
    }

    private static String accept(String key) {
        try {
            var sha = MessageDigest.getInstance("SHA-1");
            byte[] both = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII);
            return Base64.getEncoder().encodeToString(sha.digest(both));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void whatComesBehindTheAnswerIsKept() throws Exception {
        listener = Listener.open(loops, ANY_PORT, Timeouts.DEFAULT, connection -> {
            String key = "";
            for (String line = connection.receiveLine(); !line.isEmpty(); line = connection.receiveLine()) {
                if (line.startsWith("Sec-WebSocket-Key: ")) key = line.substring(19);
            }
            String head = "HTTP/1.1 101 X\r\nuPGRADE: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: "
                    + accept(key) + "\r\n\r\n\u0081\u0002hi\u0088\u0000";
            connection.send(head.getBytes(StandardCharsets.ISO_8859_1));
            connection.receive(6); // the close is answered
        });
        String url = "ws://127.0.0.1:" + ((InetSocketAddress) listener.address()).getPort();
        try (var client = WebSocket.connect(http, url)) {
            assertThat(client.receive()).isEqualTo(new Message.Text("hi"));
            assertThat(client.receive()).isEqualTo(new Message.Close(CloseCode.NONE, ""));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Upgrade: websocket\nConnection: Upgrade\n",
                "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n",
                "Connection: Upgrade\nSec-WebSocket-Accept: {accept}\n",
                "Upgrade: h2c\nConnection: Upgrade\nSec-WebSocket-Accept: {accept}\n",
                "Upgrade: websocket\nSec-WebSocket-Accept: {accept}\n",
                "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: {accept}\nSec-WebSocket-Protocol: x\n",
                "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Accept: {accept}\n"
                        + "Sec-WebSocket-Extensions: permessage-deflate\n",
            })
    void aServerThatDoesNotKnowWhatItWasAskedIsRefused(String headers) throws Exception {
        String url = serving("HTTP/1.1 101 Switching Protocols\n" + headers + "\n");
        Call.onPlatformThread(() -> WebSocket.connect(http, url)).failing(Reason.MALFORMED);
    }

    @Test
    void anyOtherAnswerIsARefusalInItsWords() throws Exception {
        String url = serving("HTTP/1.1 403 Forbidden\nContent-Length: 9\n\nnot you!\n");
        RefusedException refused =
                Call.onPlatformThread(() -> WebSocket.connect(http, url)).throwing(RefusedException.class);
        assertThat(refused).hasMessageContaining("403 Forbidden").hasMessageContaining("not you!");
        assertThat(refused.answer().status()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"http://x/", "ws:///path", "ws://a/#b", "ws://user@a/", "ws://a b/", "", "ws:a", "wss://a:99999/"
            })
    void whatIsNoUrlIsRefused(String url) {
        assertThatIllegalArgumentException().isThrownBy(() -> WebSocket.connect(http, url));
    }
}

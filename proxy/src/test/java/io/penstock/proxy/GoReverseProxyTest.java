package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.penstock.testkit.LeakCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What Go's tests of its {@code ReverseProxy} ask of upgrades and of fields of one hop, under their names, on bare sockets. */
class GoReverseProxyTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final String ASK = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nX-Origin: 1\r\n\r\n";

    /** The origin's end of a tunnel, which the test has in its hands. */
    private final LinkedBlockingQueue<Wire> switched = new LinkedBlockingQueue<>();

    private Origin switching() throws IOException {
        return Origin.of((wire, self) -> {
            self.take(wire);
            wire.sendRaw(SWITCH);
            switched.add(wire);
            self.awaitClose();
        });
    }

    private Wire far() throws InterruptedException {
        Wire wire = switched.poll(10, TimeUnit.SECONDS);
        assertThat(wire).as("the origin has switched").isNotNull();
        return wire;
    }

    private static void requirePasses(String text, Wire from, Wire to) throws IOException {
        from.sendRaw(text);
        assertThat(new String(to.read(text.length()), StandardCharsets.ISO_8859_1))
                .isEqualTo(text);
    }

    @Test
    @DisplayName("TestReverseProxyWebSocket")
    void webSocket() throws Exception {
        try (var origin = switching();
                var rig = Rig.before(origin)
                        .plugin(penstock -> penstock.on(
                                Hook.SEND_RESPONSE_HEAD,
                                transaction -> transaction.response().headers().set("X-Added", "2")))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            Message head = client.head();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.field("Upgrade")).isEqualTo("WebSocket");
            assertThat(head.field("X-Origin")).isEqualTo("1");
            assertThat(head.field("X-Added")).isEqualTo("2");
            Wire far = far();
            requirePasses("hello\n", client, far);
            requirePasses("HELLO\n", far, client);
            client.shutdownOutput();
            far.shutdownOutput();
        }
    }

    @Test
    @DisplayName("TestReverseProxyWebSocketCancellation")
    void webSocketCancellation() throws Exception {
        var tunnels = new LinkedBlockingQueue<Tunnel>();
        try (var origin = switching();
                var rig = Rig.before(origin)
                        .plugin(penstock ->
                                penstock.on(Hook.TUNNEL_START, transaction -> tunnels.add(transaction.tunnel())))
                        .start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            Wire far = far();
            requirePasses("first", far, client);
            tunnels.take().abort();
            assertThatIOException().as("an end that is none in order").isThrownBy(far::isAtEnd);
            assertThatIOException().isThrownBy(client::isAtEnd);
            assertThat(rig.record().takenOver().cause()).isEqualTo("aborted");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("TestReverseProxyWebSocketHalfTCP, writing")
    void halfTcpCloseWrite(boolean byClient) throws Exception {
        try (var origin = switching();
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            Wire ending = byClient ? client : far();
            Wire other = byClient ? far() : client;
            requirePasses("one", ending, other);
            ending.shutdownOutput();
            assertThat(other.isAtEnd()).isTrue();
            requirePasses("two", other, ending);
            other.shutdownOutput();
            assertThat(ending.isAtEnd()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("TestReverseProxyWebSocketHalfTCP, reading")
    void halfTcpCloseRead(boolean byClient) throws Exception {
        try (var origin = switching();
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendRaw(ASK);
            client.head();
            Wire deaf = byClient ? client : far();
            Wire other = byClient ? far() : client;
            requirePasses("one", other, deaf);
            deaf.shutdownInput();
            requirePasses("two", deaf, other);
            other.shutdownOutput();
            deaf.shutdownOutput();
            assertThat(other.isAtEnd()).isTrue();
        }
    }

    @Test
    @DisplayName("TestReverseProxyStripHeadersPresentInConnection, TestReverseProxyStripEmptyConnection")
    void stripHeadersPresentInConnection() throws Exception {
        try (var origin =
                        Origin.replying("HTTP/1.1 200 OK\r\nConnection: \r\nConnection: X-Fake, close\r\nX-Fake: 1\r\n"
                                + "X-Kept: 1\r\nContent-Length: 2\r\n\r\nok");
                var rig = Rig.before(origin).start()) {
            for (String list : List.of("close, X-Some", "X-Some, close", ", X-Some ,,", "keep-alive,x-some")) {
                try (var client = rig.client()) {
                    Message answer = client.get("/", "Connection: ", "Connection: " + list, "X-Some: 1", "X-Other: 1");
                    assertThat(answer.field("X-Fake")).isNull();
                    assertThat(answer.field("X-Kept")).isEqualTo("1");
                }
            }
            assertThat(origin.requests()).hasSize(4).allSatisfy(request -> {
                assertThat(request.field("X-Some")).isNull();
                assertThat(request.field("Connection")).isNull();
                assertThat(request.field("X-Other")).isEqualTo("1");
            });
        }
    }

    @Test
    @DisplayName("TestReverseProxy")
    void anUpgradeThatConnectionDoesNotName() throws Exception {
        try (var origin = Origin.replying(Origin.OK);
                var rig = Rig.before(origin).start()) {
            rig.get("/", "Connection: close, TE", "Te: trailers", "Upgrade: websocket", "Proxy-Connection: x");
            Message request = origin.request();
            for (String gone : List.of("Upgrade", "Proxy-Connection")) {
                assertThat(request.field(gone)).as(gone).isNull();
            }
            assertThat(request.field("TE")).isEqualTo("trailers");
            assertThat(request.field("Connection")).isEqualTo("TE"); // as RFC 9110, 10.1.4 has it with every TE
        }
    }

    @Test
    @DisplayName("Test1xxResponses")
    void interimAnswers() throws Exception {
        try (var origin = Origin.of((wire, self) -> {
                    self.take(wire);
                    for (String link : List.of("</a>", "</b>")) {
                        wire.sendRaw("HTTP/1.1 103 Early Hints\r\nLink: " + link + "\r\n\r\n");
                    }
                    wire.sendRaw("HTTP/1.1 102 Processing\r\n\r\n" + Origin.OK);
                    wire.isAtEnd();
                });
                var rig = Rig.before(origin).start();
                var client = rig.client()) {
            client.sendHead("GET", "/");
            for (String link : List.of("</a>", "</b>")) {
                Message hint = client.head();
                assertThat(hint.status()).isEqualTo(103);
                assertThat(hint.field("Link")).isEqualTo(link);
            }
            assertThat(client.head().status()).isEqualTo(102);
            assertThat(client.answer("GET").body()).isEqualTo("ok");
        }
    }
}

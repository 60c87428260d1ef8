package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A listener behind a proxy that tells who the client is. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class ListenerProxyHeaderTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    private static final InetSocketAddress CLIENT = new InetSocketAddress(InetAddress.ofLiteral("203.0.113.7"), 4000);
    private static final InetSocketAddress FRONT = new InetSocketAddress(InetAddress.ofLiteral("198.51.100.1"), 443);

    private final Loops loops;
    private final Loop loop;

    ListenerProxyHeaderTest(LoopOptions options) {
        loops = Loops.open(options);
        loop = loops.all().get(1);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private Listener listen(Duration limit) throws IOException {
        var options = ListenerOptions.DEFAULT.withProxyHeader(true).withTimeouts(Timeouts.DEFAULT.withConnect(limit));
        return Listener.open(loops, ANY, options, connection -> {
            assertThat(connection.timeouts()).isEqualTo(options.timeouts());
            String line = connection.receiveLine();
            connection.send(connection.remoteAddress() + " " + connection.localAddress() + " "
                    + connection.proxyHeader().orElseThrow().version() + " " + line + "\n");
        });
    }

    @Test
    @DisplayName("PROXY-PROTO: source and destination that the header tells are those of the connection")
    void theHandlerSeesTheAddressesThatTheProxyTells() throws Exception {
        try (var listener = listen(Duration.ofSeconds(10))) {
            for (int version = 1; version <= 2; version++) {
                var endpoint = Endpoint.of(listener.address()).withProxyHeader(new ProxyHeader(version, CLIENT, FRONT));
                assertThat(answer(endpoint)).isEqualTo("/203.0.113.7:4000 /198.51.100.1:443 " + version + " hello");
            }
        }
    }

    @Test
    void aConnectionOfTheProxysOwnKeepsItsAddresses() throws Exception {
        try (var listener = listen(Duration.ofSeconds(10))) {
            var endpoint = Endpoint.of(listener.address()).withProxyHeader(new ProxyHeader(2, null, null));
            assertThat(answer(endpoint)).startsWith("/127.0.0.1:").endsWith(listener.address() + " 2 hello");
        }
    }

    private String answer(Endpoint endpoint) {
        return Spawned.on(loop, () -> {
                    try (Connection connection = Connector.of(loops).connect(endpoint)) {
                        connection.send("hello\n");
                        return connection.receiveLine();
                    }
                })
                .value();
    }

    @Test
    void aClientWithoutAHeaderIsRefusedAndLogged() throws Exception {
        try (var logged = Logged.by(Listener.class);
                var listener = listen(Duration.ofSeconds(10));
                var client = client(listener)) {
            client.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(isEnded(client)).isTrue();
            await().until(() -> listener.connections() == 0);
            assertThat(logged.messages(Level.DEBUG))
                    .singleElement()
                    .asString()
                    .contains("no PROXY header")
                    .contains(client.getLocalSocketAddress().toString());
        }
    }

    @Test
    void aClientThatSaysNothingIsRefusedWithTheConnectTimeout() throws Exception {
        try (var logged = Logged.by(Listener.class);
                var listener = listen(Duration.ofMillis(80));
                var client = client(listener)) {
            client.getOutputStream().write('P');
            assertThat(isEnded(client)).isTrue();
            await().until(() -> listener.connections() == 0);
            assertThat(logged.messages(Level.DEBUG)).hasSize(1);
        }
    }

    private static Socket client(Listener listener) throws IOException {
        var client = new Socket();
        client.setSoTimeout(10_000);
        client.connect(listener.address());
        return client;
    }

    private static boolean isEnded(Socket client) {
        try {
            return client.getInputStream().read() < 0;
        } catch (IOException e) {
            return !(e instanceof java.net.SocketTimeoutException);
        }
    }
}

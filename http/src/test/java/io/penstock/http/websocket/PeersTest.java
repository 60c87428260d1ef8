package io.penstock.http.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.HttpServerOptions;
import io.penstock.http.RequestHead;
import io.penstock.http.TestIdentity;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Scope;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsServer;
import io.penstock.testkit.Await;
import io.penstock.testkit.Call;
import io.penstock.testkit.LeakCheck;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;

/** Servers over sockets, with the JDK's own client and with ours. */
class PeersTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private Loops loops;
    private Pool pool;
    private @Nullable HttpServer server;

    @BeforeEach
    void open() {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
        pool = Pool.of(Connector.of(loops));
    }

    @AfterEach
    void close() {
        if (server != null) {
            HttpServer running = server;
            Await.until("all connections have ended", () -> running.connections() == 0);
            server.close();
        }
        pool.close();
        assertThat(loops.close(Duration.ofSeconds(10))).isTrue();
    }

    private URI serve(WebSocketOptions options, WebSocket.Session session) throws ConnectionException {
        server = HttpServer.listen(loops, ANY_PORT, WebSocket.handler(options, session));
        return URI.create("ws://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort() + "/");
    }

    private io.penstock.http.HttpClient http() {
        return io.penstock.http.HttpClient.of(pool);
    }

    private static void echo(WebSocket socket) throws ConnectionException {
        while (true) {
            switch (socket.receive()) {
                case Message.Text(String text) -> socket.send(text);
                case Message.Binary(byte[] bytes) -> socket.send(bytes);
                case Message.Close _ -> {
                    return;
                }
            }
        }
    }

    /** What the JDK's client has received, one entry for each whole message and for the end. */
    private static final class Listener implements java.net.http.WebSocket.Listener {
        final BlockingQueue<String> told = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private long bytes;

        @Override
        public @Nullable CompletionStage<?> onText(java.net.http.WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                told.add(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(java.net.http.WebSocket from, ByteBuffer data, boolean last) {
            bytes += data.remaining();
            if (last) {
                told.add(bytes + " bytes");
                bytes = 0;
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onPong(java.net.http.WebSocket from, ByteBuffer message) {
            told.add("pong " + message.remaining());
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(java.net.http.WebSocket from, int code, String reason) {
            told.add("closed " + code + " " + reason);
            return null;
        }

        @Override
        public void onError(java.net.http.WebSocket from, Throwable error) {
            told.add("failed " + error);
        }

        String next() throws InterruptedException {
            return String.valueOf(told.poll(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void theClientOfTheJdk() throws Exception {
        URI uri = serve(WebSocketOptions.DEFAULT.withProtocols("echo"), PeersTest::echo);
        try (var http = HttpClient.newHttpClient()) {
            var told = new Listener();
            var client = http.newWebSocketBuilder()
                    .subprotocols("other", "echo")
                    .buildAsync(uri, told)
                    .get(10, TimeUnit.SECONDS);
            assertThat(client.getSubprotocol()).isEqualTo("echo");
            client.sendText("κόσ", false).get(10, TimeUnit.SECONDS);
            client.sendText("με 🙂", true).get(10, TimeUnit.SECONDS);
            assertThat(told.next()).isEqualTo("κόσμε 🙂");
            client.sendBinary(ByteBuffer.allocate(700_000), true).get(10, TimeUnit.SECONDS);
            assertThat(told.next()).isEqualTo("700000 bytes");
            client.sendPing(ByteBuffer.allocate(125)).get(10, TimeUnit.SECONDS);
            assertThat(told.next()).isEqualTo("pong 125");
            client.sendClose(4001, "done").get(10, TimeUnit.SECONDS);
            assertThat(told.next()).isEqualTo("closed 4001 ");
        }
    }

    @Test
    void theClientOfTheJdkIsToldWhyItWasClosed() throws Exception {
        URI uri = serve(WebSocketOptions.DEFAULT.withMessageLimit(100), PeersTest::echo);
        try (var http = HttpClient.newHttpClient()) {
            var told = new Listener();
            var client = http.newWebSocketBuilder().buildAsync(uri, told).get(10, TimeUnit.SECONDS);
            client.sendText("x".repeat(101), true);
            assertThat(told.next()).startsWith("closed 1009 the message is longer than the limit of 100 bytes");
            client.sendClose(1009, "").handle((_, _) -> true).get(10, TimeUnit.SECONDS);
            client.abort();
        }
    }

    @Test
    void theClientOfTheJdkIsRefusedByTheRules() throws Exception {
        server = HttpServer.listen(loops, ANY_PORT, exchange -> exchange.respond(403, "no"));
        URI uri = URI.create("ws://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort());
        try (var http = HttpClient.newHttpClient()) {
            Assertions.assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() -> http.newWebSocketBuilder()
                            .buildAsync(uri, new Listener())
                            .join())
                    .withCauseInstanceOf(WebSocketHandshakeException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void ourClientAndServerOverTls(Compression compression) throws Exception {
        server = HttpServer.listen(
                loops,
                ANY_PORT,
                HttpServerOptions.DEFAULT.withTls(TlsServer.of(TestIdentity.LOCALHOST.identity())),
                WebSocket.handler(WebSocketOptions.DEFAULT.withCompression(compression), PeersTest::echo));
        Endpoint endpoint = Endpoint.of("localhost", ((InetSocketAddress) server.address()).getPort())
                .withTls(TlsClient.DEFAULT.withTrust(TestIdentity.LOCALHOST.trust()));
        var request = RequestHead.of("GET", "/", Headers.of("Host", "localhost"));
        try (var client =
                WebSocket.connect(http(), endpoint, request, WebSocketOptions.DEFAULT.withCompression(compression))) {
            var random = new Random(1);
            for (int i = 0; i < 50; i++) {
                String text = "text ".repeat(random.nextInt(20_000));
                client.send(text);
                assertThat(client.receive()).isEqualTo(new Message.Text(text));
            }
        }
    }

    @Test
    void whoTransfersASessionKeepsItBehindItsHandler() throws Exception {
        var kept = new LinkedBlockingQueue<WebSocket>();
        URI uri = serve(WebSocketOptions.DEFAULT, socket -> {
            socket.connection().transfer(Scope.PROCESS);
            kept.add(socket);
        });
        try (var client = WebSocket.connect(http(), uri.toString())) {
            WebSocket server = kept.poll(10, TimeUnit.SECONDS);
            server.send("later");
            assertThat(client.receive()).isEqualTo(new Message.Text("later"));
            client.send("and back");
            assertThat(server.receive()).isEqualTo(new Message.Text("and back"));
            var closing = Thread.ofVirtual().start(() -> server.close(CloseCode.GOING_AWAY, "now"));
            assertThat(client.receive()).isEqualTo(new Message.Close(CloseCode.GOING_AWAY, "now"));
            closing.join();
        }
    }

    @Test
    void aSessionThatFailsIsClosedAndTheLogSaysSoUnlessItIsTheClientThatHasLeft() throws Exception {
        var log = (Logger) LoggerFactory.getLogger(WebSocket.class);
        var lines = new ListAppender<ILoggingEvent>();
        lines.start();
        log.setLevel(Level.INFO);
        log.addAppender(lines);
        var left = new LinkedBlockingQueue<Boolean>();
        URI uri = serve(WebSocketOptions.DEFAULT, socket -> {
            try {
                if (socket.receive() instanceof Message.Text) {
                    throw ConnectionException.of(Reason.REFUSED, Phase.CONNECT, new InetSocketAddress("127.0.0.1", 9));
                }
            } finally {
                left.add(true);
            }
        });
        try {
            try (var client = WebSocket.connect(http(), uri.toString())) {
                client.connection().abort();
                left.poll(10, TimeUnit.SECONDS);
            }
            Await.until("it has gone", () -> Objects.requireNonNull(server).connections() == 0);
            assertThat(lines.list).isEmpty();
            try (var client = WebSocket.connect(http(), uri.toString())) {
                client.send("fail");
                assertThat(client.receive()).isEqualTo(new Message.Close(CloseCode.INTERNAL_ERROR, ""));
            }
            Await.until("it has gone", () -> Objects.requireNonNull(server).connections() == 0);
            assertThat(lines.list)
                    .singleElement()
                    .asString()
                    .contains("[INFO]", "its session failed, and it is closed with 1011: ", "connect /127.0.0.1:9: ");
        } finally {
            log.detachAppender(lines);
            log.setLevel(null);
        }
    }

    @Test
    void aThousandMessagesEachWayAtOnce() throws Exception {
        URI uri = serve(WebSocketOptions.DEFAULT, PeersTest::echo);
        try (var client = WebSocket.connect(http(), uri.toString())) {
            var sent = new ArrayList<Message>();
            var random = new Random(2);
            for (int i = 0; i < 1000; i++) {
                byte[] bytes = new byte[random.nextInt(i % 10 == 0 ? 200_000 : 300)];
                random.nextBytes(bytes);
                sent.add(new Message.Binary(bytes));
            }
            Call<Boolean> sending = Call.onPlatformThread(() -> {
                for (Message each : sent) client.send(((Message.Binary) each).bytes());
                return true;
            });
            List<Message> back = new ArrayList<>();
            for (int i = 0; i < 1000; i++) back.add(client.receive());
            sending.value();
            assertThat(back).isEqualTo(sent);
        }
    }

    @Test
    void nothingIsReadAheadOfWhoDoesNotReceive() throws Exception {
        var done = new LinkedBlockingQueue<Boolean>();
        URI uri = serve(WebSocketOptions.DEFAULT, socket -> done.take());
        try (var client = WebSocket.connect(http(), uri.toString())) {
            Call<Boolean> sending = Call.onPlatformThread(() -> {
                for (int i = 0; i < 10_000; i++) client.send(new byte[10_000]);
                return true;
            });
            sending.parked(); // 100 MB do not fit between the two
            assertThat(Await.stays(Duration.ofMillis(300), () -> !sending.isDone()))
                    .isTrue();
            client.connection().abort();
            sending.throwing(ConnectionException.class);
        } finally {
            done.add(true);
        }
    }
}

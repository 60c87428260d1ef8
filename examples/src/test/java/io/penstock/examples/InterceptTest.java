package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.Proxy;
import io.penstock.server.plugin.PluginSources;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plugin of {@code examples/intercept}, compiled as the program compiles it, in front of a plain server socket. */
class InterceptTest {
    private static final String BODY = "from the server at the other end of the descriptor\n";

    private static final byte[] LARGE = "0123456789abcde\n".repeat(10 << 16).getBytes(US_ASCII);

    private final CountDownLatch ended = new CountDownLatch(1);

    @AfterEach
    void close() {
        System.clearProperty("intercept.port");
    }

    /** Answers each connection once: what was posted, or fixed bytes, up to the end of the stream. */
    private void serve(ServerSocket server) {
        while (true) {
            try (var client = server.accept()) {
                String head = head(client.getInputStream());
                var length =
                        Pattern.compile("(?i)\r\ncontent-length: (\\d+)\r\n").matcher(head);
                var out = client.getOutputStream();
                if (length.find()) {
                    // all of it first: this client receives nothing before it has sent everything
                    byte[] posted = client.getInputStream().readNBytes(Integer.parseInt(length.group(1)));
                    out.write(("HTTP/1.0 200 OK\r\nContent-Length: " + posted.length + "\r\n\r\n").getBytes(US_ASCII));
                    out.write(posted);
                } else if (head.contains("large")) {
                    out.write("HTTP/1.0 200 OK\r\n\r\n".getBytes(US_ASCII));
                    out.write(LARGE);
                    client.close();
                    ended.countDown();
                } else {
                    out.write(("HTTP/1.0 200 OK\r\n\r\n" + BODY).getBytes(US_ASCII));
                }
            } catch (IOException e) {
                return; // closed by the test
            }
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        for (int next = in.read(); next >= 0; next = in.read()) {
            head.append((char) next);
            if (head.toString().endsWith("\r\n\r\n")) break;
        }
        return head.toString();
    }

    private static String post(String url, String body) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(url))
                    .version(HttpClient.Version.HTTP_1_1)
                    .timeout(Duration.ofSeconds(20))
                    .POST(HttpRequest.BodyPublishers.ofString(body));
            return client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    /** The sockets that have a descriptor and a connection to this port; those of the server itself have it on their own side. */
    private static long connectedTo(int port) throws IOException {
        String remote = String.format(":%04X", port);
        return Files.readAllLines(Path.of("/proc/self/net/tcp")).stream()
                .map(line -> line.strip().split("\\s+"))
                .filter(field -> field[2].endsWith(remote) && !field[9].equals("0"))
                .count();
    }

    private static void start(Proxy proxy, ServerSocket server) throws Exception {
        System.setProperty("intercept.port", Integer.toString(server.getLocalPort()));
        for (var plugin :
                PluginSources.of(Plugin.class).compile(Program.root().resolve("examples/intercept/plugins"))) {
            proxy.start(plugin.name(), plugin.instantiate());
        }
    }

    private static int port(HttpServer http) {
        return ((InetSocketAddress) http.address()).getPort();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/blocking/", "/event/"})
    @DisplayName(
            "FD-INTERCEPT: the client is bridged to a server over a descriptor; without the server it is 502; nothing is left")
    void fdIntercept(String style) throws Exception {
        try (var loops = Loops.open();
                var server = new ServerSocket(0);
                var proxy = Proxy.of(loops, List.of());
                var http = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy)) {
            start(proxy, server);
            var serving = Thread.ofVirtual().start(() -> serve(server));
            String url = "http://127.0.0.1:" + port(http) + style;
            assertThat(Web.get(url).body()).isEqualTo(BODY);
            String large = "0123456789abcdef".repeat(1 << 18);
            assertThat(post(url, large)).as("4 MiB there and back").isEqualTo(large);
            for (int i = 0; i < 20; i++) assertThat(Web.get(url).body()).isEqualTo(BODY);
            server.close();
            serving.join(); // until then the kernel lets clients connect
            for (int i = 0; i < 10; i++) {
                var refused = Web.get(url);
                assertThat(refused.statusCode()).isEqualTo(502);
                assertThat(refused.body()).contains("plugin:   Intercept");
            }
            await("every connection to be closed")
                    .until(() ->
                            loops.all().stream().mapToInt(Loop::connections).sum() == 0);
            await("every descriptor to be closed").until(() -> connectedTo(server.getLocalPort()) == 0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/blocking/", "/event/"})
    void aSlowClientHasAllOfALargeAnswerAlthoughTheServerHasGoneLongBefore(String style) throws Exception {
        try (var loops = Loops.open();
                var server = new ServerSocket(0);
                var proxy = Proxy.of(loops, List.of());
                var http = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy);
                var client = new Socket()) {
            start(proxy, server);
            Thread.ofVirtual().start(() -> serve(server));
            client.setReceiveBufferSize(4096);
            client.connect(http.address());
            client.getOutputStream().write(("GET " + style + "large HTTP/1.0\r\n\r\n").getBytes(US_ASCII));
            var in = client.getInputStream();
            assertThat(head(in)).startsWith("HTTP/1.1 200 OK\r\n");
            byte[] most = in.readNBytes(LARGE.length - (128 << 10));
            ended.await();
            byte[] rest = in.readAllBytes();
            assertThat(most).isEqualTo(Arrays.copyOf(LARGE, most.length));
            assertThat(rest).isEqualTo(Arrays.copyOfRange(LARGE, most.length, LARGE.length));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/blocking/", "/event/"})
    void onLoopsThatAdoptNothingThePluginFailsAndNoDescriptorIsLeft(String style) throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withTransport(LoopOptions.Transport.NIO));
                var server = new ServerSocket(0);
                var proxy = Proxy.of(loops, List.of());
                var http = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy)) {
            start(proxy, server);
            for (int i = 0; i < 10; i++) {
                assertThat(Web.get("http://127.0.0.1:" + port(http) + style).statusCode())
                        .isEqualTo(500);
            }
            await("every descriptor to be closed").until(() -> connectedTo(server.getLocalPort()) == 0);
        }
    }
}

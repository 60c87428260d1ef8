package io.penstock.examples;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.Proxy;
import io.penstock.server.plugin.PluginSources;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plugin of {@code examples/intercept}, compiled as the program compiles it, in front of a plain server socket. */
class InterceptTest {
    private static final String BODY = "from the server at the other end of the descriptor\n";

    private final Loops loops = Loops.open();

    @AfterEach
    void close() {
        System.clearProperty("intercept.port");
        loops.close();
    }

    /** Answers each connection once: what was posted, or else fixed bytes. */
    private static void serve(ServerSocket server) {
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

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/blocking/", "/event/"})
    @DisplayName(
            "FD-INTERCEPT: the client is bridged to a server over a descriptor; without the server it is 502; nothing is left")
    void fdIntercept(String style) throws Exception {
        try (var server = new ServerSocket(0);
                var proxy = Proxy.of(loops, List.of());
                var http = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy)) {
            System.setProperty("intercept.port", Integer.toString(server.getLocalPort()));
            for (var plugin :
                    PluginSources.of(Plugin.class).compile(Program.root().resolve("examples/intercept/plugins"))) {
                proxy.start(plugin.name(), plugin.instantiate());
            }
            Thread.ofVirtual().start(() -> serve(server));
            String url = "http://127.0.0.1:" + ((InetSocketAddress) http.address()).getPort() + style;
            assertThat(Web.get(url).body()).isEqualTo(BODY);
            String large = "0123456789abcdef".repeat(1 << 18);
            assertThat(post(url, large)).as("4 MiB there and back").isEqualTo(large);
            long before = descriptors();
            for (int i = 0; i < 20; i++) assertThat(Web.get(url).body()).isEqualTo(BODY);
            server.close();
            for (int i = 0; i < 10; i++) {
                var refused = Web.get(url);
                assertThat(refused.statusCode()).isEqualTo(502);
                assertThat(refused.body()).contains("plugin:   Intercept");
            }
            await("every connection to be closed")
                    .until(() ->
                            loops.all().stream().mapToInt(Loop::connections).sum() == 0);
            await("every descriptor to be closed").until(() -> descriptors() <= before);
        }
    }
}

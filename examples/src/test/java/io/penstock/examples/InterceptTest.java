package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.Proxy;
import io.penstock.server.plugin.PluginSources;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    /** Answers each connection once, with fixed bytes, when the head of a request has come. */
    private static void serve(ServerSocket server) {
        while (true) {
            try (var client = server.accept()) {
                var request = new StringBuilder();
                while (!request.toString().endsWith("\r\n\r\n")) {
                    int next = client.getInputStream().read();
                    if (next < 0) break;
                    request.append((char) next);
                }
                client.getOutputStream()
                        .write(("HTTP/1.0 200 OK\r\nContent-Length: " + BODY.length() + "\r\n\r\n" + BODY)
                                .getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                return; // closed by the test
            }
        }
    }

    private static long descriptors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/blocking/"})
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
            long before = descriptors();
            for (int i = 0; i < 50; i++) assertThat(Web.get(url).body()).isEqualTo(BODY);
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

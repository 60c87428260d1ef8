package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.server.config.Config;
import io.penstock.server.config.ConfigFile;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PenstockTest {
    private final Loops originLoops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final HttpClient client = HttpClient.newHttpClient();
    private final CountDownLatch slow = new CountDownLatch(1);
    private final CountDownLatch slowBegun = new CountDownLatch(1);
    private HttpServer origin;
    private @Nullable Penstock penstock;

    @TempDir
    Path directory;

    @BeforeEach
    void openOrigin() throws Exception {
        origin = HttpServer.listen(originLoops, new InetSocketAddress("127.0.0.1", 0), exchange -> {
            if (exchange.request().path().equals("/api/slow")) {
                slowBegun.countDown();
                slow.await();
            }
            exchange.respond(200, "origin " + exchange.request().target() + "\n");
        });
    }

    @AfterEach
    void close() {
        slow.countDown();
        if (penstock != null) {
            penstock.stop(Duration.ofSeconds(1));
        }
        client.close();
        originLoops.close(Duration.ZERO);
    }

    private Config config(String more) throws Exception {
        String text = """
                listeners: [ { address: "127.0.0.1:0" } ]
                admin: { address: "127.0.0.1:0" }
                loops: 1
                upstreams: { web: { servers: [ "127.0.0.1:%d" ] } }
                routes: [ { path: /api, upstream: web } ]
                access-log: { path: access.log, format: json }
                """.formatted(port(origin.address())) + more;
        return ConfigFile.load(Files.writeString(directory.resolve("p.yaml"), text));
    }

    private Penstock start(Config config) throws Exception {
        Penstock started = Penstock.start(config, Penstock.plugins(config));
        penstock = started;
        return started;
    }

    private static int port(SocketAddress address) {
        return ((InetSocketAddress) address).getPort();
    }

    private static HttpRequest get(SocketAddress address, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port(address) + path))
                .build();
    }

    private HttpResponse<String> ask(SocketAddress address, String path) throws Exception {
        return client.send(get(address, path), HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void requestsArriveAtTheUpstreamOfTheirRouteAndInTheLogAndInTheMetrics() throws Exception {
        Penstock running = start(config(""));
        SocketAddress address = running.addresses().getFirst();

        assertThat(ask(address, "/api/x?y").body()).isEqualTo("origin /api/x?y\n");
        assertThat(ask(address, "/elsewhere").statusCode()).isEqualTo(404);

        Path log = directory.resolve("access.log");
        await().until(() -> Files.readAllLines(log).size() == 2);
        assertThat(Files.readAllLines(log).getFirst())
                .contains("\"target\":\"/api/x?y\"", "\"status\":200", "\"upstream\":\"web\"", "\"phase\":\"done\"");
        SocketAddress admin = running.adminAddress().orElseThrow();
        assertThat(ask(admin, "/readyz").statusCode()).isEqualTo(200);
        assertThat(ask(admin, "/metrics").body())
                .contains("penstock_http_requests_total{code=\"2xx\",upstream=\"web\"} 1.0\n")
                .contains("penstock_http_requests_total{code=\"4xx\",upstream=\"none\"} 1.0\n")
                .contains("penstock_pool_dialled_total{upstream=\"web\"} 1.0\n")
                .contains("penstock_access_log_lines_total 2.0\n")
                .contains("penstock_build_info{");
    }

    @Test
    void everySeriesIsInTheGuide() throws Exception {
        Penstock running = start(config(""));
        ask(running.addresses().getFirst(), "/api");
        String guide = Files.readString(Path.of("../docs/operations.md"));
        assertThat(ask(running.adminAddress().orElseThrow(), "/metrics").body().lines())
                .filteredOn(line -> line.startsWith("# TYPE penstock_"))
                .hasSizeGreaterThan(15)
                .allSatisfy(line -> assertThat(guide).contains("`" + line.split(" ")[2] + "`"));
    }

    @Test
    void aPluginInTheDirectoryIsCompiledAndCalled() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Files.writeString(plugins.resolve("Greeter.java"), """
                import io.penstock.proxy.*;

                public final class Greeter implements Plugin {
                    public void start(PluginContext penstock) {
                        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                            if (transaction.request().path().equals("/hello")) transaction.respond(200, "hello\\n");
                        });
                    }
                }
                """);
        Penstock running = start(config("plugins: plugins\n"));

        assertThat(ask(running.addresses().getFirst(), "/hello").body()).isEqualTo("hello\n");
        assertThat(ask(running.addresses().getFirst(), "/api").body()).isEqualTo("origin /api\n");
    }

    @Test
    void aPluginThatFailsToStartStopsTheProgram() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Files.writeString(plugins.resolve("Broken.java"), """
                import io.penstock.proxy.*;

                public final class Broken implements Plugin {
                    public void start(PluginContext penstock) {
                        throw new IllegalStateException("no database");
                    }
                }
                """);
        Config config = config("plugins: plugins\n");
        StartException failure = catchThrowableOfType(StartException.class, () -> start(config));
        assertThat(failure)
                .hasMessage("plugin Broken failed to start at " + plugins.resolve("Broken.java")
                        + ":5: java.lang.IllegalStateException: no database");
        assertThat(failure.code()).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void aPluginIsNamedWithItsLineWhereverItFailsToStart() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Path file = Files.writeString(plugins.resolve("Broken.java"), """
                import io.penstock.proxy.*;

                public final class Broken implements Plugin {
                    public void start(PluginContext penstock) {
                        Settings.read();
                    }
                }

                final class Settings {
                    static final int PORT = Integer.parseInt("none");

                    static void read() {}
                }
                """);
        Config config = config("plugins: plugins\n");
        StartException failure = catchThrowableOfType(StartException.class, () -> start(config));
        assertThat(failure)
                .hasMessageStartingWith("plugin Broken failed to start at " + file + ":5: ")
                .hasMessageContaining("ExceptionInInitializerError");
    }

    @Test
    void twoPluginsWithTheSameRouteAreRefused() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        for (String name : List.of("First", "Second")) {
            Files.writeString(plugins.resolve(name + ".java"), """
                    import io.penstock.proxy.*;

                    public final class %s implements Plugin {
                        public void start(PluginContext penstock) {
                            penstock.route("/hello", exchange -> exchange.respond(200, "hello"));
                        }
                    }
                    """.formatted(name));
        }
        Config config = config("plugins: plugins\n");
        StartException failure = catchThrowableOfType(StartException.class, () -> start(config));
        assertThat(failure)
                .hasMessageStartingWith("plugin Second failed to start at " + plugins.resolve("Second.java") + ":5: ")
                .hasMessageEndingWith("the route /hello is plugin First's already;"
                        + " one of the two must have another path or host");
    }

    @Test
    void thePoolOfThePluginsIsInTheMetrics() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Files.writeString(plugins.resolve("Asks.java"), """
                import io.penstock.http.HttpClient;
                import io.penstock.proxy.*;

                public final class Asks implements Plugin {
                    public void start(PluginContext penstock) {
                        var http = HttpClient.of(penstock.pool());
                        penstock.route("/asks", exchange ->
                                exchange.respond(200, http.get("http://127.0.0.1:%d/x").text()));
                    }
                }
                """.formatted(port(origin.address())));
        Penstock running = start(config("plugins: plugins\n"));
        for (int i = 0; i < 2; i++) {
            assertThat(ask(running.addresses().getFirst(), "/asks").body()).isEqualTo("origin /x\n");
        }
        assertThat(ask(running.adminAddress().orElseThrow(), "/metrics").body())
                .contains("penstock_pool_dialled_total{upstream=\"plugins\"} 1.0\n")
                .contains("penstock_pool_reused_total{upstream=\"plugins\"} 1.0\n");
    }

    @Test
    void stoppingWaitsForTheRequestInFlightAndIsNotReadyMeanwhile() throws Exception {
        Penstock running = start(config(""));
        SocketAddress address = running.addresses().getFirst();
        SocketAddress admin = running.adminAddress().orElseThrow();
        CompletableFuture<HttpResponse<String>> answer =
                client.sendAsync(get(address, "/api/slow"), HttpResponse.BodyHandlers.ofString());
        slowBegun.await();

        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> running.stop(Duration.ofSeconds(20)));
        await().until(() -> ask(admin, "/readyz").statusCode() == 503);
        assertThat(drained).isNotDone();
        assertThat(answer).isNotDone();

        slow.countDown();
        assertThat(answer.join().body()).isEqualTo("origin /api/slow\n");
        assertThat(drained.join()).isTrue();
        penstock = null;
    }

    @Test
    void whoIsCutOffWhileItDrainsHasNotDrainedAndIsInTheLog() throws Exception {
        Penstock running = start(config(""));
        CompletableFuture<HttpResponse<String>> answer = client.sendAsync(
                get(running.addresses().getFirst(), "/api/slow"), HttpResponse.BodyHandlers.ofString());
        slowBegun.await();
        CompletableFuture<Boolean> drained = CompletableFuture.supplyAsync(() -> running.stop(Duration.ofSeconds(20)));
        SocketAddress admin = running.adminAddress().orElseThrow();
        await().until(() -> ask(admin, "/readyz").statusCode() == 503);

        running.cutOff();

        assertThat(drained).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(false);
        assertThat(answer).failsWithin(Duration.ofSeconds(10));
        assertThat(Files.readString(directory.resolve("access.log"))).contains("\"target\":\"/api/slow\"");
        penstock = null;
    }

    @Test
    void aRequestThatIsNotDoneInTimeIsCutOff() throws Exception {
        Penstock running = start(config(""));
        CompletableFuture<HttpResponse<String>> answer = client.sendAsync(
                get(running.addresses().getFirst(), "/api/slow"), HttpResponse.BodyHandlers.ofString());
        slowBegun.await();
        assertThat(running.stop(Duration.ofMillis(100))).isFalse();
        assertThat(answer).failsWithin(Duration.ofSeconds(10));
        penstock = null;
    }

    @Test
    void anAddressThatIsTakenIsReportedWithExitCode4() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            Config config = ConfigFile.parse(
                    "p.yaml",
                    "listeners: [ { address: \":" + taken.getLocalPort() + "\" } ]\naccess-log: { path: off }\n");
            StartException failure =
                    catchThrowableOfType(StartException.class, () -> Penstock.start(config, List.of()));
            assertThat(failure)
                    .hasMessageMatching("cannot listen on :" + taken.getLocalPort() + ": .*Address already in use");
            assertThat(failure.code()).isEqualTo(ExitCode.CANNOT_BIND);
        }
    }

    @Test
    void aLogThatCannotBeOpenedIsReported() throws Exception {
        Config config = ConfigFile.parse(
                "p.yaml", "listeners: [ { address: ':0' } ]\naccess-log: { path: " + directory + " }\n");
        assertThat(catchThrowableOfType(StartException.class, () -> Penstock.start(config, List.of())))
                .hasMessageStartingWith("the access log cannot be opened: ");
    }
}

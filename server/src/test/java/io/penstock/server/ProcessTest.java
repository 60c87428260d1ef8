package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.http.HttpServer;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program as a process of its own: what it prints, how it takes signals, how it exits. */
class ProcessTest {
    private static final Pattern READY = Pattern.compile("Ready on 127\\.0\\.0\\.1:(\\d+):");
    private static final Pattern CURL =
            Pattern.compile("^ +curl (-i )?(--data-binary '(.*)' )?(http://\\S+)$", Pattern.MULTILINE);

    private final HttpClient client = HttpClient.newHttpClient();
    private @Nullable Process process;

    @TempDir
    Path directory;

    @AfterEach
    void close() {
        if (process != null) {
            process.destroyForcibly();
        }
        client.close();
    }

    private Process penstock(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens",
                "java.base/java.lang=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                "io.penstock.server.Main"));
        command.addAll(List.of(arguments));
        Process started = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
        process = started;
        return started;
    }

    private String out() {
        return read("out");
    }

    private String err() {
        return read("err");
    }

    private String read(String name) {
        try {
            return Files.readString(directory.resolve(name));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private int exitCode(Process ended) throws InterruptedException {
        assertThat(ended.waitFor(30, TimeUnit.SECONDS))
                .as("it ends; it said %s", err())
                .isTrue();
        return ended.exitValue();
    }

    private int port() {
        await().until(() -> READY.matcher(err()).find());
        return READY.matcher(err())
                .results()
                .map(match -> Integer.parseInt(match.group(1)))
                .findFirst()
                .orElseThrow();
    }

    private CompletableFuture<HttpResponse<String>> get(int port, String path) {
        return client.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private String config(int origin) throws IOException {
        return Files.writeString(directory.resolve("p.yaml"), """
                listeners: [ { address: "127.0.0.1:0" } ]
                loops: 1
                upstreams: { web: { servers: [ "127.0.0.1:%d" ] } }
                routes: [ { upstream: web } ]
                """.formatted(origin))
                .toString();
    }

    @Test
    void theDemoAnswersTheLinesThatItPrints() throws Exception {
        Process demo = penstock("run");
        await().until(() -> CURL.matcher(out()).results().count() == 3);
        List<MatchResult> lines = CURL.matcher(out()).results().toList();
        assertThat(lines).hasSize(3);

        List<HttpResponse<String>> answers = new ArrayList<>();
        for (MatchResult line : lines) {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(line.group(4)));
            if (line.group(3) != null) {
                request.POST(HttpRequest.BodyPublishers.ofString(line.group(3)));
            }
            answers.add(client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        }

        assertThat(answers).extracting(HttpResponse::statusCode).containsExactly(200, 200, 200);
        assertThat(answers.get(0).headers().firstValue("X-Served-By")).contains("penstock");
        assertThat(answers.get(0).body()).startsWith("This is the origin.");
        assertThat(answers.get(1).body()).isEqualTo("hello from a plugin\n");
        assertThat(answers.get(2).body()).isEqualTo("up and down");
        demo.destroy();
        assertThat(exitCode(demo)).isZero();
        assertThat(out()).contains("\"GET /hello\"");
    }

    @Test
    void aSignalLetsTheRequestInFlightFinishAndASecondOneDoesNot() throws Exception {
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch proceed = new CountDownLatch(1);
        try (Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            HttpServer origin = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), exchange -> {
                begun.countDown();
                if (exchange.request().path().equals("/first")) {
                    proceed.await();
                } else {
                    new CountDownLatch(1).await(); // for ever
                }
                exchange.respond(200, "done\n");
            });
            Process running = penstock("run", config(((InetSocketAddress) origin.address()).getPort()));
            int port = port();
            CompletableFuture<HttpResponse<String>> first = get(port, "/first");
            CompletableFuture<HttpResponse<String>> second = get(port, "/never");
            begun.await();

            running.destroy();
            await().until(() -> err().contains("Draining for at most 30 s"));
            proceed.countDown();
            assertThat(first.get(10, TimeUnit.SECONDS).body()).isEqualTo("done\n");

            running.destroy();
            assertThat(exitCode(running)).isEqualTo(5);
            assertThat(second).failsWithin(10, TimeUnit.SECONDS);
            assertThat(out()).contains("\"GET /first\" ", "\"GET /never\" ");
            loops.close(java.time.Duration.ZERO);
        }
    }

    @Test
    void aHangUpIsAnsweredInTheLogAndCutsNothingOff() throws Exception {
        try (Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                HttpServer origin = HttpServer.listen(
                        loops,
                        new InetSocketAddress("127.0.0.1", 0),
                        exchange -> exchange.respond(200, "still here\n"))) {
            Process running = penstock("run", config(((InetSocketAddress) origin.address()).getPort()));
            int port = port();

            assertThat(new ProcessBuilder("kill", "-HUP", Long.toString(running.pid()))
                            .start()
                            .waitFor())
                    .isZero();
            await().until(() -> err().contains("HUP: certificates of 0 listeners were read again."));
            assertThat(get(port, "/").get(10, TimeUnit.SECONDS).body()).isEqualTo("still here\n");

            running.destroy();
            assertThat(exitCode(running)).isZero();
        }
    }

    @Test
    void aConfigurationWithMistakesExitsWith3AndATakenAddressWith4() throws Exception {
        Files.writeString(directory.resolve("p.yaml"), "listener: []\n");
        assertThat(exitCode(penstock("run", "p.yaml"))).isEqualTo(3);
        assertThat(err()).startsWith("p.yaml:1:1: unknown key 'listener', did you mean 'listeners'?\n");

        try (Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                HttpServer taken = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), exchange -> {})) {
            int port = ((InetSocketAddress) taken.address()).getPort();
            Files.writeString(directory.resolve("p.yaml"), "listeners: [ { address: '127.0.0.1:" + port + "' } ]\n");
            assertThat(exitCode(penstock("run", "p.yaml"))).isEqualTo(4);
            assertThat(err()).startsWith("penstock: cannot listen on 127.0.0.1:" + port + ": ");
        }
    }
}

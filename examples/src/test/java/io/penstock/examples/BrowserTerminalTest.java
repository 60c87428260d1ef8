package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.docker.Engine;
import io.penstock.server.Main;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The terminal of {@code examples/terminal} in a real browser: page and WebSocket through the proxy, the engine behind it. */
class BrowserTerminalTest {
    @TempDir
    Path directory;

    private static void post(Program engine, String path, String body) throws Exception {
        try (var client = HttpClient.newHttpClient()) {
            var request = HttpRequest.newBuilder(URI.create(engine.url("/v1.50" + path)))
                    .version(HttpClient.Version.HTTP_1_1)
                    .POST(HttpRequest.BodyPublishers.ofString(body));
            assertThat(client.send(request.build(), HttpResponse.BodyHandlers.ofString())
                            .statusCode())
                    .isIn(201, 204);
        }
    }

    /** The configuration of the example, with the ports of this test. */
    private Path configuration(Program engine) throws Exception {
        Path example = Program.root().resolve("examples/terminal");
        String yaml = Files.readString(example.resolve("penstock.yaml"))
                .replace("127.0.0.1:8080\n", "127.0.0.1:0\n")
                .replace("127.0.0.1:2375\"", "127.0.0.1:" + engine.port() + "\"")
                .replace("plugins: plugins", "plugins: " + example.resolve("plugins"));
        return Files.writeString(directory.resolve("penstock.yaml"), yaml);
    }

    @Test
    void whatIsTypedInTheBrowserIsReadByTheShellAndItsAnswerIsSeen() throws Exception {
        try (var engine = Program.example(Engine.class, "0");
                var proxy = Program.start(
                        Main.class.getName(), "run", configuration(engine).toString());
                var browser = Chromium.open(directory.resolve("profile"))) {
            post(engine, "/containers/create?name=shell", """
                    {"Cmd": ["bash", "--norc"], "Tty": true, "OpenStdin": true, "Env": ["PROMPT_COMMAND=PS1='shell:~$ '"]}
                    """);
            post(engine, "/containers/shell/start", "");

            browser.open(proxy.url("/terminal#shell"));
            browser.awaitTrue("document.title === 'shell: connected'");
            browser.awaitTrue("view.textContent.includes('shell:~$ ')");
            browser.type("echo \"$((6 * 7))\" is the answer\n");
            browser.awaitTrue("/^42 is the answer$/m.test(view.textContent)");
            browser.type("printf 'lines: %s\\n' one two three\n");
            browser.awaitTrue("/^lines: one\\nlines: two\\nlines: three$/m.test(view.textContent)");

            byte[] seen = browser.screenshot();
            assertThat(seen).startsWith(0x89, 'P', 'N', 'G').hasSizeBetween(2_000, 100_000);
            String wanted = System.getProperty("penstock.screenshots");
            if (wanted != null) Files.write(Path.of(wanted).resolve("terminal.png"), seen);

            browser.type("exit\n");
            browser.awaitTrue("document.title.startsWith('shell: closed, 1000')");
        }
    }

    @Test
    void nothingButTerminalsIsLetThroughToTheEngine() throws Exception {
        try (var engine = Program.example(Engine.class, "0");
                var proxy = Program.start(
                        Main.class.getName(), "run", configuration(engine).toString())) {
            for (String path : List.of(
                    "/containers/json", "/%63ontainers/json", "//containers/json", "/x/../containers/json", "/_ping")) {
                assertThat(Web.get(proxy.url(path)).statusCode()).as(path).isEqualTo(403);
            }
            assertThat(Web.get(proxy.url("/terminal")).body()).contains("<title>Terminal</title>");
            String[] asked = {
                "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", proxy.url("/containers/c/attach/ws")
            };
            assertThat(Web.curl(asked)).contains("No such container");
            assertThat(Web.curl(Stream.concat(Stream.of("-H", "Host: rebound.example"), Stream.of(asked))
                            .toArray(String[]::new)))
                    .contains("no route");
        }
    }
}

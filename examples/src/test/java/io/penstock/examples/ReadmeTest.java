package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.proxy.Plugin;
import io.penstock.server.Main;
import io.penstock.server.plugin.PluginSources;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README tells its reader to do, done. */
class ReadmeTest {
    @TempDir
    Path directory;

    @Test
    void itsProgramRunsInFrontOfTheDemo() throws Exception {
        String code = readme().blocks("java").get(0).code();
        assertThat(code.lines()).hasSizeLessThanOrEqualTo(15);
        int port = freePort();
        try (var demo = Program.start(Main.class.getName(), "run")) {
            Path file = directory.resolve("Greeter.java");
            Files.writeString(file, replace(replace(code, "8080", demo.port()), "8182", port));
            try (var program = Program.startOn(port, file.toString())) {
                assertThat(Web.get(program.url("/hello")).body()).isEqualTo("hello\n");
                assertThat(Web.get(program.url("/")).body()).startsWith("This is the origin.");
            }
        }
    }

    @Test
    void itsFirstPluginDoesWhatItShows() throws Exception {
        try (var demo = Program.start(Main.class.getName(), "run")) {
            Path config = writeFirstPlugin();
            String yaml = replace(Files.readString(config), "8080", demo.port());
            Files.writeString(config, yaml.replace("127.0.0.1:8181", "127.0.0.1:0"));
            try (var proxy = Program.start(Main.class.getName(), "run", config.toString())) {
                var answer = Web.get(proxy.url("/"));
                assertThat(answer.body()).startsWith("This is the origin. Your request came through Penstock as\n");
                assertThat(answer.headers().map())
                        .hasEntrySatisfying(
                                "X-Visitor", values -> assertThat(values).containsExactly("1"));
                assertThat(answer.headers().firstValue("X-Served-By")).contains("penstock");
                assertThat(answer.headers().firstValue("Via")).contains("1.1 penstock, 1.1 penstock");
                assertThat(Web.get(proxy.url("/visitors")).body()).isEqualTo("1 so far\n");
            }
        }
        assertThat(readme().text())
                .contains(
                        "X-Visitor: 1\n",
                        "X-Served-By: penstock\n",
                        "Via: 1.1 penstock, 1.1 penstock\n",
                        "\n1 so far\n");
    }

    @Test
    void itsMistakeIsShownAsItSays() throws Exception {
        Path plugin = writeFirstPlugin().resolveSibling("plugins").resolve("Visitors.java");
        Files.writeString(plugin, Files.readString(plugin).replace("transaction.response()", "transaction.respons()"));

        assertThatThrownBy(() -> PluginSources.of(Plugin.class).compile(plugin.getParent()))
                .extracting(e -> e.getMessage().replace(directory + "/", ""))
                .satisfies(message -> assertThat(readme().text()).contains("\n" + message + "\n"));
    }

    /** The two files, below {@code my-proxy}; the configuration. */
    private Path writeFirstPlugin() throws IOException {
        Path config = directory.resolve("my-proxy/penstock.yaml");
        Path plugin = directory.resolve("my-proxy/plugins/Visitors.java");
        Files.createDirectories(plugin.getParent());
        Files.writeString(config, readme().blocks("yaml").get(0).code());
        Files.writeString(plugin, readme().blocks("java").get(1).code());
        return config;
    }

    private static Page readme() throws IOException {
        return Page.of("README.md");
    }

    private static String replace(String text, String port, int by) {
        assertThat(text).contains(port);
        return text.replace(port, Integer.toString(by));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}

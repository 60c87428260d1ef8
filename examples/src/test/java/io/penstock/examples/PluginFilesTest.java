package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.Proxy;
import io.penstock.server.plugin.PluginClass;
import io.penstock.server.plugin.PluginSources;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files of {@code examples/plugins}, compiled as the program compiles them. */
class PluginFilesTest {
    @Test
    void theFilesAreThePluginsThatTheDocumentationNames() throws Exception {
        assertThat(PluginSources.of(Plugin.class).compile(directory()))
                .extracting(PluginClass::name)
                .containsExactly("AddHeader", "Hello", "RedisGuard");
    }

    @Test
    void helloAnswersARouteAndTheHeaderIsOnEveryAnswer() throws Exception {
        try (var loops = Loops.open();
                var proxy = Proxy.of(loops, List.of());
                var server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy)) {
            start(proxy, name -> !name.equals("RedisGuard"));

            assertAnswer(Web.get(url(server, "/hello")), 200, "Hello, world!\n");
            assertAnswer(Web.get(url(server, "/hello?reader")), 200, "Hello, reader!\n");
            assertAnswer(Web.get(url(server, "/elsewhere")), 404, "no route for this host and path\n");
        }
    }

    @Test
    void theGuardAsksRedis(@TempDir Path temporary) throws Exception {
        try (var redis = RedisServer.start(temporary);
                var loops = Loops.open();
                var proxy = Proxy.of(loops, List.of());
                var server = HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 0), proxy)) {
            System.setProperty("redis.port", Integer.toString(redis.port()));
            start(proxy, name -> true);

            assertAnswer(Web.get(url(server, "/hello")), 200, "Hello, world!\n");
            redis.command("SADD blocked 127.0.0.1");
            assertAnswer(Web.get(url(server, "/hello")), 403, "you are blocked\n");
            redis.command("SREM blocked 127.0.0.1");
            assertAnswer(Web.get(url(server, "/hello")), 200, "Hello, world!\n");
        } finally {
            System.clearProperty("redis.port");
        }
    }

    private static void assertAnswer(HttpResponse<String> answer, int status, String body) {
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(answer.body()).isEqualTo(body);
        assertThat(answer.headers().firstValue("X-Served-By")).contains("penstock");
    }

    private static void start(Proxy proxy, Predicate<String> chosen) throws Exception {
        for (var plugin : PluginSources.of(Plugin.class).compile(directory())) {
            if (chosen.test(plugin.name())) proxy.start(plugin.name(), plugin.instantiate());
        }
    }

    private static Path directory() {
        return Program.root().resolve("examples/plugins");
    }

    private static String url(HttpServer server, String path) {
        return "http://127.0.0.1:" + ((InetSocketAddress) server.address()).getPort() + path;
    }
}

package io.penstock.testkit.cosocket;

import static org.junit.jupiter.api.Assertions.fail;

import io.penstock.testkit.Await;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** The peer: nginx with its Lua module, as Debian packages it, with one worker on a free port. */
final class Nginx implements AutoCloseable {
    private static final Path MODULES = Path.of("/usr/lib/nginx/modules");

    private final Path directory;
    private final Process process;
    private final InetSocketAddress address;

    private Nginx(Path directory, Process process, InetSocketAddress address) {
        this.directory = directory;
        this.process = process;
        this.address = address;
    }

    /** Skips the test where it is not installed, and fails it where {@code CI=true}. */
    static Nginx start() throws IOException {
        if (!Files.exists(MODULES.resolve("ngx_http_lua_module.so"))) {
            if ("true".equals(System.getenv("CI")))
                fail("nginx and libnginx-mod-http-lua must be installed where CI=true");
            Assumptions.abort("nginx with libnginx-mod-http-lua is not installed");
        }
        InetSocketAddress address;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) free.getLocalSocketAddress();
        }
        Path directory = Files.createTempDirectory("peer");
        Process process;
        try {
            process = launch(directory, address);
        } catch (Throwable e) {
            delete(directory);
            throw e;
        }
        var nginx = new Nginx(directory, process, address);
        try {
            Await.until("nginx listens", nginx::isListening);
            return nginx;
        } catch (Throwable e) {
            nginx.close();
            throw e;
        }
    }

    private static Process launch(Path directory, InetSocketAddress address) throws IOException {
        Files.writeString(directory.resolve("steps.lua"), resource("steps.lua"));
        String configuration = resource("nginx.conf")
                .replace("@user@", "root".equals(System.getProperty("user.name")) ? "user root;" : "")
                .replace("@modules@", MODULES.toString())
                .replace("@directory@", directory.toString())
                .replace("@port@", String.valueOf(address.getPort()));
        Files.writeString(directory.resolve("nginx.conf"), configuration);
        return new ProcessBuilder(List.of(
                        "nginx",
                        "-p",
                        directory.toString(),
                        "-c",
                        directory.resolve("nginx.conf").toString()))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("output").toFile())
                .start();
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(Nginx.class.getResourceAsStream(name), name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private boolean isListening() {
        if (!process.isAlive()) fail("nginx has ended: " + output());
        try (var _ = new Socket(address.getAddress(), address.getPort())) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /** What it has said, for failures. */
    String output() {
        var all = new StringBuilder();
        for (String name : List.of("output", "error.log")) {
            try {
                all.append(Files.readString(directory.resolve(name)));
            } catch (IOException _) {
                all.append(name).append(" cannot be read\n");
            }
        }
        return all.toString();
    }

    InetSocketAddress address() {
        return address;
    }

    /** Has the scene done by a request's handler: a request of its own, or, downstream, the one that the far side sends. */
    void perform(Scene scene, Control control) throws IOException {
        String query = "id=" + scene.id() + "&control=" + control.port();
        if (scene.script().downstream()) {
            scene.request(address, query);
            scene.join();
            return;
        }
        scene.accept();
        try (var socket = new Socket(address.getAddress(), address.getPort())) {
            socket.getOutputStream()
                    .write(("GET /run?" + query + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
            scene.join();
        }
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS))
                process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new AssertionError("interrupted", e);
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }
}

package io.penstock.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.penstock.http.HttpServer;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The program as a service: on sockets that were opened for it, and telling how it is. */
@EnabledOnOs(OS.LINUX)
class SocketActivationTest {
    private static final String MANAGER = "systemd.py";

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private HttpServer origin;
    private Datagrams manager;
    private @Nullable Process process;

    @TempDir
    Path directory;

    @BeforeEach
    void open() throws Exception {
        requirePython();
        origin = HttpServer.listen(
                loops, new InetSocketAddress("127.0.0.1", 0), exchange -> exchange.respond(200, "hello\n"));
        manager = Datagrams.open(loops, DatagramOptions.at(UnixDomainSocketAddress.of(directory.resolve("notify"))));
        manager.loop().spawn("manager", () -> {
            while (true) told.add(new String(manager.receive().data(), UTF_8));
        });
        Files.writeString(directory.resolve(MANAGER), """
                import os, socket, sys
                tcp = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
                unix = socket.socket(socket.AF_UNIX)
                unix.bind("http.sock")
                unix.listen()
                with open("ports", "w") as ports:
                    ports.write(" ".join(str(each.getsockname()[1]) for each in tcp))
                # out of the way of 3 to 5 first
                passed = [os.dup2(each.fileno(), 50 + i) for i, each in enumerate([*tcp, unix])]
                for i, each in enumerate(passed):
                    os.dup2(each, 3 + i)
                os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3", LISTEN_FDNAMES="http:http:local")
                os.closerange(6, 100)
                os.execv(sys.argv[1], sys.argv[1:])
                """);
    }

    @AfterEach
    void close() throws InterruptedException {
        if (process != null) process.destroyForcibly().waitFor();
        loops.close(Duration.ZERO);
    }

    private static void requirePython() throws InterruptedException {
        boolean there;
        try {
            there = new ProcessBuilder("python3", "--version").start().waitFor() == 0;
        } catch (IOException e) {
            there = false;
        }
        if (!there && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("python3 must be installed where CI=true");
        }
        assumeTrue(there, "python3 is not installed");
    }

    /** Run by what opens sockets and then becomes the program, as systemd does. */
    private Process started(String... addresses) throws IOException {
        var listeners = Stream.of(addresses).map("  - address: %s\n"::formatted).toList();
        Files.writeString(directory.resolve("p.yaml"), """
                listeners:
                %sloops: 1
                upstreams: { web: { servers: [ "127.0.0.1:%d" ] } }
                routes: [ { upstream: web } ]
                """.formatted(
                        String.join("", listeners), ((InetSocketAddress) origin.address()).getPort()));
        var builder = new ProcessBuilder(
                        "python3",
                        MANAGER,
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-opens=java.base/java.lang=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "io.penstock.server.Main",
                        "run",
                        "p.yaml")
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile());
        builder.environment().put("NOTIFY_SOCKET", directory.resolve("notify").toString());
        Process running = builder.start();
        process = running;
        return running;
    }

    private String err() throws IOException {
        return Files.readString(directory.resolve("err"));
    }

    private String next() throws Exception {
        String state = told.poll(30, TimeUnit.SECONDS);
        assertThat(state).as("it tells; it said %s", err()).isNotNull();
        return state;
    }

    private static String ask(SocketAddress address) throws IOException {
        try (var client = SocketChannel.open(address)) {
            client.write(ByteBuffer.wrap("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(UTF_8)));
            return new String(Channels.newInputStream(client).readAllBytes(), UTF_8);
        }
    }

    private List<SocketAddress> passed() throws IOException {
        var tcp = Stream.of(Files.readString(directory.resolve("ports")).split(" "))
                .map(port -> (SocketAddress) new InetSocketAddress("127.0.0.1", Integer.parseInt(port)));
        return Stream.concat(tcp, Stream.of(UnixDomainSocketAddress.of(directory.resolve("http.sock"))))
                .toList();
    }

    @Test
    void itServesOnWhatWasOpenedForItAndTellsWhenItDoesAndWhenNoMore() throws Exception {
        Process running = started("systemd:http", "systemd:local");
        assertThat(next()).isEqualTo("READY=1");
        for (SocketAddress each : passed()) {
            assertThat(ask(each)).as("%s", each).startsWith("HTTP/1.1 200 ").endsWith("hello\n");
        }

        new ProcessBuilder("kill", "-HUP", Long.toString(running.pid())).start().waitFor();
        assertThat(next()).startsWith("RELOADING=1\nMONOTONIC_USEC=");
        assertThat(next()).isEqualTo("READY=1");

        running.destroy();
        assertThat(next()).isEqualTo("STOPPING=1");
        assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(running.exitValue()).isZero();
        assertThat(directory.resolve("http.sock")).as("is its maker's").exists();
    }

    @Test
    void descriptorsAreServedByTheirNumberToo() throws Exception {
        Process running = started("fd:5");
        assertThat(next()).isEqualTo("READY=1");
        assertThat(ask(passed().getLast())).startsWith("HTTP/1.1 200 ");
        running.destroy();
        assertThat(running.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatNobodyHasOpenedIsReportedWhereItStands() throws Exception {
        Process unnamed = started("systemd:htp");
        assertThat(unnamed.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(unnamed.exitValue()).isEqualTo(3);
        assertThat(err()).startsWith("p.yaml:2:14: there is no socket systemd:htp, did you mean 'systemd:http'?\n");

        Files.delete(directory.resolve("http.sock"));
        Process closed = started("fd:77");
        assertThat(closed.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(closed.exitValue()).isEqualTo(4);
        assertThat(err()).contains("penstock: cannot listen on fd:77: adopt: descriptor 77 is not open (EBADF)");
        assertThat(told).isEmpty();
    }
}

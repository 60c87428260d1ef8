package io.penstock.examples.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.examples.Program;
import io.penstock.server.Main;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The real docker, the program as a reverse proxy, and the engine of the example. */
class ProxiedEngineTest {
    private static final String TLS = "certificate: %s-cert.pem, key: %s-key.pem, trust: ca.pem";

    @TempDir
    static Path directory;

    private static final List<Program> PROXIES = new ArrayList<>();
    private static ServedEngine engine;

    @BeforeAll
    static void open() throws Exception {
        Docker.require();
        engine = new ServedEngine(directory);
    }

    @AfterAll
    static void close() throws Exception {
        if (engine != null) engine.close(); // and with it what the proxies would wait for
        for (Program proxy : PROXIES) proxy.close();
    }

    /** Runs the program with the example's configuration, but for where it listens and whom it asks. */
    private static int proxy(String listener, String server) throws Exception {
        String example = Files.readString(Program.root().resolve("examples/docker/penstock.yaml"));
        String configuration = example.replace("  - address: 127.0.0.1:2376\n", listener)
                .replace("    servers: [ \"127.0.0.1:2375\" ]\n", server);
        assertThat(configuration).doesNotContain("127.0.0.1:2375\"", "address: 127.0.0.1:2376");
        Path file = Files.createTempFile(directory, "penstock", ".yaml");
        Files.writeString(file, configuration + "access-log: { path: off }\n");
        Program program = Program.start(Main.class.getName(), "run", file.toString());
        PROXIES.add(program);
        return program.port();
    }

    @TestFactory
    Stream<DynamicTest> overTcp() throws Exception {
        int port = proxy("  - address: 127.0.0.1:0\n", "    servers: [ \"127.0.0.1:%d\" ]\n".formatted(engine.port()));
        return Matrix.of(new Docker(List.of("-H", "tcp://127.0.0.1:" + port), directory, "proxied-tcp-"));
    }

    @TestFactory
    Stream<DynamicTest> overUnixSockets() throws Exception {
        Path socket = directory.resolve("penstock.sock");
        // the first listener is for whoever waits until it runs
        proxy(
                "  - address: 127.0.0.1:0\n  - address: unix:%s\n".formatted(socket),
                "    servers: [ \"unix:%s\" ]\n".formatted(engine.socket()));
        return Matrix.of(new Docker(List.of("-H", "unix://" + socket), directory, "proxied-unix-"));
    }

    @TestFactory
    Stream<DynamicTest> overTls() throws Exception {
        int port = proxy(
                "  - address: 127.0.0.1:0\n    tls: { client-certificates: required, "
                        + TLS.formatted("server", "server") + " }\n",
                "    servers: [ \"127.0.0.1:%d\" ]\n    tls: { %s }\n"
                        .formatted(engine.tlsPort(), TLS.formatted("client", "client")));
        return Matrix.of(new Docker(engine.authority().options(port), directory, "proxied-tls-"));
    }
}

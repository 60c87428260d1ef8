package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A PostgreSQL of the test's own: on a free port, its data in a directory of the test. It does not run as root, so root lends it a name. */
record PostgresServer(Process process, int port) implements AutoCloseable {
    private static final Path INSTALLED = Path.of("/usr/lib/postgresql");
    private static final String USER = "postgres";

    /** Skips the test where PostgreSQL is not installed, and fails it where {@code CI=true}. */
    static PostgresServer start(Path directory) throws Exception {
        Path programs = programs().orElse(null);
        if (programs == null) {
            if ("true".equals(System.getenv("CI"))) fail("postgresql must be installed where CI=true");
            Assumptions.abort("postgresql is not installed");
            throw new AssertionError();
        }
        Path data = Files.createDirectory(directory.resolve("data"));
        if (isRoot()) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
            Files.setOwner(
                    data, data.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(USER));
        }
        Path log = directory.resolve("log");
        Process initdb =
                run(log, programs.resolve("initdb"), "-D", data, "-A", "trust", "-U", USER, "--no-sync", "--no-locale");
        if (initdb.waitFor() != 0) return fail("initdb failed:\n" + Files.readString(log));
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Process process = run(
                log,
                programs.resolve("postgres"),
                "-D",
                data,
                "-p",
                port,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=off");
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            String said = Files.readString(log, UTF_8);
            if (!process.isAlive()) fail("postgres ended instead of accepting connections:\n" + said);
            return said.contains("ready to accept connections");
        });
        return new PostgresServer(process, port);
    }

    private static Optional<Path> programs() throws IOException {
        if (!Files.isDirectory(INSTALLED)) return Optional.empty();
        try (var versions = Files.list(INSTALLED)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(programs -> Files.isExecutable(programs.resolve("initdb")))
                    .max(Comparator.naturalOrder());
        }
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static Process run(Path log, Path program, Object... arguments) throws IOException {
        var command = new ArrayList<String>();
        if (isRoot()) command.addAll(List.of("setpriv", "--reuid=" + USER, "--regid=" + USER, "--clear-groups"));
        command.add(program.toString());
        for (Object each : arguments) command.add(each.toString());
        return new ProcessBuilder(command)
                .directory(Path.of("/").toFile()) // where anybody may be
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** Where the database is, for drivers that make sockets of their own. */
    String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=" + USER;
    }

    /** The same, over connections of our loops. */
    String urlOnLoops() {
        return url() + "&socketFactory=io.penstock.net.LoopSocketFactory";
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy(); // a "smart" shutdown would wait for clients that are gone in a moment
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    }
}

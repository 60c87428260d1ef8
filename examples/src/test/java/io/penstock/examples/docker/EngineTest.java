package io.penstock.examples.docker;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The real docker, and the engine of the example. */
class EngineTest {
    @TempDir
    static Path directory;

    private static ServedEngine engine;

    @BeforeAll
    static void open() throws Exception {
        Docker.require();
        engine = new ServedEngine(directory);
    }

    @AfterAll
    static void close() {
        if (engine != null) engine.close();
    }

    @TestFactory
    Stream<DynamicTest> overTcp() throws Exception {
        return Matrix.of(new Docker(List.of("-H", "tcp://127.0.0.1:" + engine.port()), directory, "tcp-"));
    }

    @TestFactory
    Stream<DynamicTest> overAUnixSocket() throws Exception {
        return Matrix.of(new Docker(List.of("-H", "unix://" + engine.socket()), directory, "unix-"));
    }

    @TestFactory
    Stream<DynamicTest> overTls() throws Exception {
        return Matrix.of(new Docker(engine.authority().options(engine.tlsPort()), directory, "tls-"));
    }
}

package io.penstock.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JdbcHandlerTest {
    @Test
    void itAnswersFromTheDatabase(@TempDir Path directory) throws Exception {
        try (var postgres = PostgresServer.start(directory);
                var program = Program.example(JdbcHandler.class, "0", postgres.urlOnLoops())) {
            for (int i = 0; i < 5; i++) {
                assertThat(Web.get(program.url("/world")).body()).isEqualTo("hello, world\n");
            }
        }
    }
}

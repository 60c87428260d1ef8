package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private static final String SMALLEST = """
            listeners:
              - address: 127.0.0.1:0
            upstreams:
              web: { servers: [ 127.0.0.1:9000 ] }
            routes:
              - upstream: web
            """;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    Path directory;

    private ExitCode penstock(String... arguments) {
        return new Main(
                        new PrintStream(out, true, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8))
                .execute(List.of(arguments));
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private String file(String text) throws IOException {
        return Files.writeString(directory.resolve("p.yaml"), text).toString();
    }

    @Test
    void helpGoesToStandardOutputOnEveryLevelAndSucceeds() {
        for (List<String> arguments : List.of(
                List.of("--help"),
                List.of("-h"),
                List.of("help"),
                List.of("help", "run"),
                List.of("run", "--help"),
                List.of("check", "-h"),
                List.of("version", "--help"),
                List.of("schema", "--help"))) {
            out.reset();
            assertThat(penstock(arguments.toArray(String[]::new)))
                    .as(arguments.toString())
                    .isEqualTo(ExitCode.OK);
            assertThat(out()).startsWith("Usage: penstock ");
        }
        assertThat(err()).isEmpty();
    }

    @Test
    void aCommandLineThatMakesNoSenseIsAnswered2() {
        assertThat(penstock()).isEqualTo(ExitCode.USAGE);
        assertThat(err()).startsWith("penstock: a command is missing\nUsage: penstock COMMAND");
        for (List<String> arguments : List.of(
                List.of("fly"),
                List.of("run", "--fly"),
                List.of("run", "a", "b"),
                List.of("run", "-c"),
                List.of("run", "-c", "a", "b"),
                List.of("check"),
                List.of("version", "x"),
                List.of("schema", "x"))) {
            err.reset();
            assertThat(penstock(arguments.toArray(String[]::new)))
                    .as(arguments.toString())
                    .isEqualTo(ExitCode.USAGE);
            assertThat(err()).startsWith("penstock: ").endsWith("Try: penstock --help\n");
        }
        assertThat(out()).isEmpty();
    }

    @Test
    void checkPrintsThatAllIsWell() throws Exception {
        String file = file(SMALLEST);
        for (List<String> arguments : List.of(
                List.of("check", file),
                List.of("check", "-c", file),
                List.of("check", "--config", file),
                List.of("check", "--config=" + file),
                List.of("check", "--", file))) {
            out.reset();
            assertThat(penstock(arguments.toArray(String[]::new))).isEqualTo(ExitCode.OK);
            assertThat(out()).isEqualTo(file + ": ok (1 listener, 1 route, 1 upstream, 0 plugins)\n");
        }
    }

    @Test
    void checkPrintsTheEffectiveConfiguration() throws Exception {
        assertThat(penstock("check", "--print", file(SMALLEST))).isEqualTo(ExitCode.OK);
        assertThat(out())
                .startsWith("listeners:\n  - address: \"127.0.0.1:0\"\n")
                .contains("    idle-timeout: 1m\n");
    }

    @Test
    void checkPrintsPathsThatMeanTheSameInAnyDirectory() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Path file = Path.of(file(SMALLEST + "plugins: plugins\n"));
        Path relative = Path.of("").toAbsolutePath().relativize(file.toAbsolutePath());
        assertThat(penstock("check", "--print", relative.toString())).isEqualTo(ExitCode.OK);
        assertThat(out()).contains("plugins: " + plugins.toAbsolutePath() + "\n");
    }

    @Test
    void checkPrintsEveryMistakeAndAnswers3() throws Exception {
        String file = file(SMALLEST.replace("upstream:", "upstrem:") + "loops: x\n");
        assertThat(penstock("check", file)).isEqualTo(ExitCode.INVALID);
        assertThat(err()).isEqualTo("""
                %1$s:6:5: unknown key 'upstrem', did you mean 'upstream'?
                     6 |   - upstrem: web
                       |     ^
                %1$s:7:8: expected a whole number, not 'x': 'x' is not a number
                     7 | loops: x
                       |        ^
                2 errors
                """.formatted(file));
        assertThat(out()).isEmpty();
    }

    @Test
    void checkCompilesPluginsAndShowsTheirMistakes() throws Exception {
        Path plugins = Files.createDirectory(directory.resolve("plugins"));
        Files.writeString(plugins.resolve("Broken.java"), "public class Broken { int x = y; }\n");
        assertThat(penstock("check", file(SMALLEST + "plugins: plugins\n"))).isEqualTo(ExitCode.INVALID);
        assertThat(err()).startsWith(plugins.resolve("Broken.java") + ":1: error: cannot find symbol\n");
    }

    @Test
    void verboseVersionNamesWhatDecidesHowItRuns() {
        assertThat(penstock("version", "--verbose")).isEqualTo(ExitCode.OK);
        assertThat(out())
                .startsWith("penstock ")
                .containsPattern("  java +25")
                .containsPattern("  netty +4\\.2\\.")
                .containsPattern("  transport +(epoll|nio)")
                .containsPattern("  scheduler +(loop|default)")
                .containsPattern("  tls +(JDK|BoringSSL)");
    }

    @Test
    void aRehearsalComesToItsEndByItself() {
        assertThat(penstock("rehearse")).isEqualTo(ExitCode.OK);
    }

    @Test
    void theSchemaIsPrinted() {
        assertThat(penstock("schema")).isEqualTo(ExitCode.OK);
        assertThat(out()).startsWith("{\n  \"$schema\": ").endsWith("}\n");
        out.reset();
        assertThat(penstock("schema", "--markdown")).isEqualTo(ExitCode.OK);
        assertThat(out()).startsWith("| key | value |");
    }
}

package io.penstock.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script at the root of the project, as a distribution has it, with JDKs that only print how they were called. */
class LauncherTest {
    private static final Path SCRIPT = Path.of("../penstock");

    @TempDir
    Path directory;

    private Path launcher;

    @BeforeEach
    void unpack() throws IOException {
        Path bin = Files.createDirectories(directory.resolve("a distribution/bin"));
        Files.createDirectories(bin.resolveSibling("lib"));
        launcher = Files.copy(SCRIPT, bin.resolve("penstock"));
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void aloneItPrintsHelpAndExitsWithTwo() throws Exception {
        Result result = launch(Map.of());

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.output()).contains("Usage: penstock COMMAND");
    }

    @Test
    void helpExitsWithZero() throws Exception {
        assertThat(launch(Map.of(), "--help").status()).isZero();
    }

    @Test
    void helpOnACommandIsTheProgramsOwn() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", jdk("25"));
        assertThat(launch(environment, "help", "run").arguments()).endsWith("io.penstock.server.Main", "run", "--help");
        assertThat(launch(environment, "help", "test").output()).contains("Usage: penstock COMMAND");
    }

    @Test
    void theProgramIsToldHowItWasCalledSoThatItCanSayHowToCallIt() throws Exception {
        assertThat(launch(Map.of("JAVA_HOME", jdk("25")), "run").arguments())
                .contains("-Dpenstock.command=" + launcher);
    }

    @Test
    void itPassesArgumentsAsTheyAreAndTheExitStatusBack() throws Exception {
        Result result = launch(Map.of("JAVA_HOME", jdk("25.0.1")), "run", "a file.yaml", "*");

        assertThat(result.arguments()).endsWith("io.penstock.server.Main", "run", "a file.yaml", "*");
        assertThat(result.status()).isEqualTo(42);
    }

    @Test
    void itOpensTheSchedulerAndRunsTheJarsBesideIt() throws Exception {
        Result result = launch(Map.of("JAVA_HOME", jdk("25")), "run");

        assertThat(result.arguments())
                .containsSequence("--add-opens", "java.base/java.lang=ALL-UNNAMED")
                .contains("--enable-native-access=ALL-UNNAMED")
                .containsSequence("-cp", launcher.toRealPath().getParent().getParent() + "/lib/*");
    }

    @Test
    void itIsFoundThroughSymbolicLinks() throws Exception {
        Path first = Files.createSymbolicLink(directory.resolve("first"), Path.of("a distribution/bin/penstock"));
        launcher = Files.createSymbolicLink(directory.resolve("second"), first);

        assertThat(launch(Map.of("JAVA_HOME", jdk("25")), "version").arguments())
                .contains(directory.toRealPath() + "/a distribution/lib/*");
    }

    @Test
    void theUsersOptionsComeLastAndMayChooseTheCollector() throws Exception {
        Result result =
                launch(Map.of("JAVA_HOME", jdk("26-ea"), "PENSTOCK_JAVA_OPTS", "-XX:+UseSerialGC -Dname=*"), "run");

        assertThat(result.arguments())
                .containsSequence("-XX:+UseSerialGC", "-Dname=*")
                .doesNotContain("-XX:+UseParallelGC");
    }

    @Test
    void theFirstRunRecordsARehearsalThatItAndLaterOnesUseUntilAJarChanges() throws Exception {
        Path home = launcher.toRealPath().getParent().getParent();
        Path jar = Files.writeString(home.resolve("lib/some.jar"), "one");
        Map<String, String> environment = Map.of("JAVA_HOME", recordingJdk("25.0.9"));

        Result first = launch(environment, "run");
        assertThat(first.output()).contains("preparing faster starts in the background");
        assertThat(first.arguments())
                .endsWith("io.penstock.server.Main", "run")
                .noneMatch(argument -> argument.contains("AOT"));
        await().until(() -> caches(home).size() == 1);
        Path cache = caches(home).getFirst();
        assertThat(cache.getFileName().toString()).startsWith("penstock-25.0.9-");
        assertThat(Files.readAllLines(cache)).endsWith("io.penstock.server.Main", "rehearse");

        Result second = launch(environment, "run");
        assertThat(second.output()).doesNotContain("preparing");
        assertThat(second.arguments()).contains("-XX:AOTCache=" + cache);

        Files.writeString(jar, "another");
        assertThat(launch(environment, "version").arguments())
                .as("a JVM would run the old classes")
                .noneMatch(argument -> argument.contains("AOT"));
        assertThat(launch(environment, "prepare").status()).isZero();
        assertThat(caches(home)).hasSize(1).doesNotContain(cache);
    }

    @Test
    void onlyOneOfSeveralStartsRecordsUnlessItDidNotComeToTheEnd() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", recordingJdk("25.0.9"));
        Path home = launcher.toRealPath().getParent().getParent();
        assertThat(launch(environment, "prepare").status()).isZero();
        Path cache = caches(home).getFirst();
        Files.delete(cache);

        Path claimed = Files.createFile(Path.of(cache + ".claimed"));
        assertThat(launch(environment, "run").output()).doesNotContain("preparing");

        Files.setLastModifiedTime(claimed, FileTime.from(Instant.now().minus(1, ChronoUnit.HOURS)));
        assertThat(launch(environment, "run").output()).contains("preparing faster starts in the background");
        await().until(() -> Files.exists(cache) && Files.notExists(claimed));
    }

    @Test
    void itRecordsWhereverItWasStarted() throws Exception {
        Path home = launcher.toRealPath().getParent().getParent();
        assertThat(launch(Map.of("JAVA_HOME", recordingJdk("25.0.9")), "prepare")
                        .status())
                .isZero();
        assertThat(Files.readAllLines(caches(home).getFirst()))
                .as("its working directory, which the JVM needs to the end")
                .startsWith(home.toString());
    }

    private static List<Path> caches(Path home) throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.filter(file -> file.toString().endsWith(".aot")).toList();
        }
    }

    /** As {@link #jdk}, but it writes what it is to record, and exits with 0. */
    private String recordingJdk(String version) throws IOException {
        String home = jdk(version);
        Files.writeString(Path.of(home, "bin/java"), """
                #!/bin/sh
                printf '%s\\n' "$@"
                for argument; do
                    case $argument in -XX:AOTCacheOutput=*) { pwd && printf '%s\\n' "$@"; } >"${argument#*=}" ;; esac
                done
                """);
        return home;
    }

    @Test
    void whereNothingCanBeRecordedItRunsAllTheSameAndTriesOnce() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", jdk("25"));
        Result prepared = launch(environment, "prepare");
        assertThat(prepared.status()).isEqualTo(1);
        assertThat(prepared.output()).contains("faster starts could not be prepared");

        Result run = launch(environment, "run");
        assertThat(run.output()).doesNotContain("preparing", "AOT");
        assertThat(run.status()).isEqualTo(42);
    }

    @Test
    void aJdkThatIsTooOldGivesWayToTheNextPlace() throws Exception {
        Path newer = Path.of(jdk("25.0.2"));
        Files.createSymbolicLink(directory.resolve("a distribution/runtime"), newer);

        assertThat(launch(Map.of("JAVA_HOME", jdk("17.0.15")), "run").status()).isEqualTo(42);
    }

    @Test
    void aRuntimeWithoutItsCompilerIsNoJdk() throws Exception {
        Path jre = Path.of(jdk("25"));
        Files.delete(jre.resolve("bin/javac"));
        Files.writeString(jre.resolve("bin/java"), "#!/bin/sh\nexit 13\n");

        assertThat(launch(Map.of("JAVA_HOME", jre.toString(), "PATH", "/usr/bin:/bin"), "version")
                        .status())
                .isNotEqualTo(13);
    }

    @Test
    void testsNeedACheckout() throws Exception {
        Result result = launch(Map.of("JAVA_HOME", jdk("25")), "test");

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.output()).contains("source checkout");
    }

    /** A JDK to all appearances; its {@code java} prints its arguments, one a line, and exits with 42. */
    private String jdk(String version) throws IOException {
        Path home = directory.resolve("jdk " + version);
        Path bin = Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        for (String program : List.of("java", "javac")) {
            Files.writeString(bin.resolve(program), "#!/bin/sh\nprintf '%s\\n' \"$@\"\nexit 42\n");
            assertThat(bin.resolve(program).toFile().setExecutable(true)).isTrue();
        }
        return home.toString();
    }

    private Result launch(Map<String, String> environment, String... arguments) throws Exception {
        var builder = new ProcessBuilder(Stream.concat(Stream.of(launcher.toString()), Arrays.stream(arguments))
                .toList());
        builder.environment().remove("JAVA_HOME");
        builder.environment().remove("PENSTOCK_JAVA_OPTS");
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), output);
    }

    private record Result(int status, String output) {
        List<String> arguments() {
            return output.lines().toList();
        }
    }
}

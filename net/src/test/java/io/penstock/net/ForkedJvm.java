package io.penstock.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of the test class path in a JVM of its own, and everything it printed. */
final class ForkedJvm {
    /** {@code java.lang} is open, as the launcher has it. */
    static final String OPEN = "--add-opens=java.base/java.lang=ALL-UNNAMED";

    private ForkedJvm() {}

    /** Runs the main method, with these options of the JVM, to its successful end. */
    static String run(Class<?> program, String... options) throws IOException, InterruptedException {
        return run(System.getProperty("java.class.path"), program, options);
    }

    static String run(String classPath, Class<?> program, String... options) throws IOException, InterruptedException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-XX:TieredStopAtLevel=1");
        command.add("-cp");
        command.add(classPath);
        command.add(program.getName());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        var output = Spawned.onPlatformThread(
                () -> new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        if (!process.waitFor(Spawned.LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the JVM does not end; it printed:\n" + output.value());
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("the JVM ended with " + process.exitValue() + ":\n" + output.value());
        }
        return output.value();
    }
}

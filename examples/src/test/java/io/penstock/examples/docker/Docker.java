package io.penstock.examples.docker;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The real {@code docker} command, told where its engine is.
 *
 * @param host its options for that
 * @param home a directory of its own, in which it finds and leaves nothing of the user's
 * @param prefix of the names of containers, as the engine has those of others, too
 */
record Docker(List<String> host, Path home, String prefix) {
    /** Skips the test where there is none, and fails it where {@code CI=true}. */
    static void require() throws Exception {
        try {
            new ProcessBuilder("docker", "--version")
                    .redirectErrorStream(true)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) fail("docker must be installed where CI=true", e);
            abort("docker is not installed");
        }
    }

    /** What a container of this test is called. */
    String name(String container) {
        return prefix + container;
    }

    /** The name of the container that commands are executed in. */
    String box() {
        return name("box");
    }

    /** Starts it, with its input open. */
    Running start(String... arguments) throws IOException {
        return start(command(arguments));
    }

    /** Runs it to its end, with an input that has ended. */
    Running run(String... arguments) throws IOException {
        return start(arguments).endInput();
    }

    /** Starts it on a terminal, where its output and error come together. */
    Running startOnTerminal(String... arguments) throws IOException {
        String quoted = command(arguments).stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" ", "exec ", ""));
        return start(List.of("script", "--quiet", "--return", "--flush", "--command", quoted, "/dev/null"));
    }

    private List<String> command(String... arguments) {
        var command = new ArrayList<>(List.of("docker"));
        command.addAll(host);
        command.addAll(List.of(arguments));
        return command;
    }

    private Running start(List<String> command) throws IOException {
        var builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().keySet().removeIf(variable -> variable.startsWith("DOCKER_"));
        builder.environment().put("DOCKER_CONFIG", home.toString());
        builder.environment().put("HOME", home.toString());
        return new Running(builder.start(), String.join(" ", command));
    }
}

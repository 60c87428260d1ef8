package io.penstock.examples.docker;

import java.io.File;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a job is to run.
 *
 * @param words the program and its arguments
 * @param environment {@code NAME=value} each, besides that of the engine
 * @param directory where
 * @param input whether it has one; without, its input has ended from the start
 * @param terminal whether it runs on one: output and error are one stream then, and what it reads is echoed
 */
record Command(List<String> words, List<String> environment, File directory, boolean input, boolean terminal) {
    /** As the body of a request has it, for a container or for a job besides. */
    static Command of(Json wanted, boolean input) {
        var words = new ArrayList<>(wanted.texts("Entrypoint"));
        words.addAll(wanted.texts("Cmd"));
        String directory = wanted.text("WorkingDir");
        return new Command(
                words, wanted.texts("Env"), new File(directory.isEmpty() ? "." : directory), input, wanted.flag("Tty"));
    }

    StreamFormat format() {
        return terminal ? StreamFormat.RAW : StreamFormat.MULTIPLEXED;
    }

    ProcessBuilder builder() {
        var builder = new ProcessBuilder(terminal ? onTerminal() : words)
                .directory(directory)
                .redirectErrorStream(terminal);
        if (!input) builder.redirectInput(Redirect.from(new File("/dev/null")));
        for (String variable : environment) {
            int equals = variable.indexOf('=');
            if (equals > 0) builder.environment().put(variable.substring(0, equals), variable.substring(equals + 1));
        }
        return builder;
    }

    /** What docker tells from other failures by its wording. */
    String notFound() {
        return "exec: \"" + words.getFirst() + "\": executable file not found in $PATH";
    }

    /** By {@code script} of util-linux, which opens one; its size cannot be changed. */
    private List<String> onTerminal() {
        String quoted = words.stream()
                .map(word -> "'" + word.replace("'", "'\\''") + "'")
                .collect(Collectors.joining(" ", "exec ", ""));
        return List.of("script", "--quiet", "--return", "--flush", "--command", quoted, "/dev/null");
    }
}

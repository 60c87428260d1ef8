package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An example running as a process of its own, as its reader would run it; closing it ends the process. */
final class Program implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile(":(\\d+)/?$");

    private final Process process;
    private final int port;

    private Program(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts a main class, or a source file, and waits until its first line tells the port it listens on. */
    static Program start(String main, String... arguments) throws IOException {
        List<String> command = java(main);
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(root().toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        var output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        String line = output.readLine();
        Matcher port = PORT.matcher(line == null ? "" : line);
        if (!port.find()) {
            process.destroyForcibly();
            throw new AssertionError(main + " did not say where it listens, but: " + line);
        }
        return new Program(process, Integer.parseInt(port.group(1)));
    }

    /** The command an example's reader would type, with the class path of this test in the place of the distribution's. */
    private static List<String> java(String main) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String line : Files.readAllLines(root().resolve("examples/java.args"))) {
            if (line.startsWith("-") && !line.startsWith("-cp ")) command.addAll(List.of(line.split(" ")));
        }
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main));
        return command;
    }

    /** The root of the checkout: tests run in the directory of their module. */
    static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    @Override
    public void close() throws Exception {
        process.destroy();
        if (!process.waitFor(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }
}

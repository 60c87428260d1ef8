package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A program running as a process of its own, as its reader would run it; closing it ends the process. */
public final class Program implements AutoCloseable {
    /** How the examples, and the server's log, tell where they listen. */
    private static final Pattern LISTENING = Pattern.compile(" on /?127\\.0\\.0\\.1:(\\d+)\\b");

    private final Process process;
    private final int port;

    private Program(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts an example from its source file, as its comment says. */
    static Program example(Class<?> example, String... arguments) throws IOException {
        return start("examples/src/main/java/" + example.getName().replace('.', '/') + ".java", arguments);
    }

    /** Starts an example as another program does that was told its command. */
    static Program exampleUnder(List<String> starter, Class<?> example) throws IOException {
        String source = "examples/src/main/java/" + example.getName().replace('.', '/') + ".java";
        var command = new ArrayList<>(starter);
        command.addAll(java(source));
        return started(new ProcessBuilder(command).directory(root().toFile()), source);
    }

    /** Runs an example to its end; its exit status, and what it said. */
    static String outcome(Class<?> example, String... arguments) throws Exception {
        String source = "examples/src/main/java/" + example.getName().replace('.', '/') + ".java";
        Process process = launch(source, arguments).redirectErrorStream(true).start();
        var late = new Timer(true);
        late.schedule(ending(process), Duration.ofSeconds(60).toMillis());
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        int status = process.waitFor();
        late.cancel();
        return status + ": " + said;
    }

    /** Starts a main class, or a source file, and waits until it says on which port it listens. */
    public static Program start(String main, String... arguments) throws IOException {
        return started(launch(main, arguments), main);
    }

    private static Program started(ProcessBuilder command, String main) throws IOException {
        Process process = command.redirectErrorStream(true).start();
        var output = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
        var seen = new StringBuilder();
        var late = new Timer(true);
        late.schedule(ending(process), Duration.ofSeconds(60).toMillis());
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            seen.append(line).append('\n');
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                late.cancel();
                Thread.ofPlatform().daemon().start(() -> discard(output));
                return new Program(process, Integer.parseInt(listening.group(1)));
            }
        }
        throw new AssertionError(main + " ended without saying where it listens:\n" + seen);
    }

    private static TimerTask ending(Process process) {
        return new TimerTask() {
            @Override
            public void run() {
                process.destroyForcibly();
            }
        };
    }

    /** Starts one that says nothing, and waits until it listens on the port. */
    static Program startOn(int port, String main, String... arguments) throws IOException {
        var program = new Program(launch(main, arguments).inheritIO().start(), port);
        await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        });
        return program;
    }

    private static ProcessBuilder launch(String main, String... arguments) throws IOException {
        List<String> command = java(main);
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).directory(root().toFile());
    }

    /** Reads on, so that the process never waits for a reader. */
    private static void discard(BufferedReader output) {
        try (output) {
            while (output.readLine() != null) {}
        } catch (IOException _) {
            // the process was ended while it was being read
        }
    }

    /** The command its reader would type, with the class path of this test in the place of the distribution's. */
    private static List<String> java(String main) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String line : Files.readAllLines(root().resolve("examples/java.args"))) {
            if (line.startsWith("-") && !line.startsWith("-cp ")) command.addAll(List.of(line.split(" ")));
        }
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-cp", classPath(), main));
        return command;
    }

    /** What this test and the distribution both have: the program and its libraries, but no annotations, examples or tests. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("jspecify") && !entry.contains("examples"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    /** The root of the checkout: tests run in the directory of their module. */
    public static Path root() {
        return Path.of("").toAbsolutePath().getParent();
    }

    /** Waits until it has ended by itself. */
    void awaitEnd() {
        await().atMost(Duration.ofSeconds(30)).until(() -> !process.isAlive());
    }

    public int port() {
        return port;
    }

    InetSocketAddress address() {
        return new InetSocketAddress("127.0.0.1", port);
    }

    String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(20, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    }
}

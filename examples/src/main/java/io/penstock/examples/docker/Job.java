package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A local process in the place of one in a container: its command, its input, the tape of its output, its exit status.
 *
 * <p>To wait for the pipe of a process takes a thread, and one of a loop would stop all its connections: so each has a platform thread.
 */
final class Job {
    /** How shells say that there is no such program. */
    private static final int NOT_FOUND = 127;

    private static final int KILLED = 137;

    private static final int PIPE = 64 * 1024;

    private final Command command;
    private final Tape tape = new Tape();
    private final CompletableFuture<OutputStream> input = new CompletableFuture<>();
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();
    private volatile Optional<Process> process = Optional.empty();

    Job(Command command) {
        this.command = command;
    }

    Command command() {
        return command;
    }

    Tape tape() {
        return tape;
    }

    /** Completed with its exit status when it has ended; its tape ends behind that. */
    CompletableFuture<Integer> exit() {
        return exit;
    }

    boolean isStarted() {
        return process.isPresent() || exit.isDone();
    }

    boolean isRunning() {
        return process.isPresent() && !exit.isDone();
    }

    /** Starts it; blocks, so not on a loop. False when there is no such program: it has ended then, and its tape says why. */
    boolean start() throws InterruptedException {
        Process started;
        try {
            started = command.builder().start();
        } catch (IOException _) {
            tape.write(new Chunk(Chunk.SYSTEM, command.notFound().getBytes(UTF_8)));
            end(NOT_FOUND);
            return false;
        }
        process = Optional.of(started);
        input.complete(started.getOutputStream());
        Thread errors = thread("stderr", () -> copy(started.getErrorStream(), Chunk.ERROR));
        thread("stdout", () -> {
            copy(started.getInputStream(), Chunk.OUTPUT);
            errors.join();
            end(started.waitFor());
        });
        return true;
    }

    /** Where its input is written to, as soon as it runs; blocks, so not on a loop. */
    OutputStream input() {
        return input.join();
    }

    /**
     * Sends it a signal, such as {@code TERM}; blocks, so not on a loop. When it ends, so does all that it
     * had started. False when it does not run.
     */
    boolean signal(String name) throws IOException {
        if (!isRunning()) return false;
        Process running = process.orElseThrow();
        List<ProcessHandle> started = running.descendants().toList();
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + running.pid()).start();
        running.onExit().thenRun(() -> started.forEach(ProcessHandle::destroyForcibly));
        return true;
    }

    /** Ends it with all that it has started, whether it runs, has run, or never will; looks at all processes, so not on a loop. */
    void kill() {
        process.ifPresentOrElse(Job::kill, () -> end(KILLED));
    }

    /** Itself first: a shell would go on behind what it has waited for. What it starts in the very moment is not found. */
    private static void kill(Process running) {
        List<ProcessHandle> started = running.descendants().toList();
        running.destroyForcibly();
        started.forEach(ProcessHandle::destroyForcibly);
    }

    private void copy(InputStream pipe, int channel) throws InterruptedException {
        byte[] buffer = new byte[PIPE];
        try (pipe) {
            for (int n = pipe.read(buffer); n >= 0; n = pipe.read(buffer)) {
                tape.write(new Chunk(channel, Arrays.copyOf(buffer, n)));
            }
        } catch (IOException _) {
            // nothing more will come of it
        }
    }

    private void end(int status) {
        input.complete(OutputStream.nullOutputStream()); // for a client who waits with something to say
        exit.complete(status);
        tape.end();
    }

    private interface Copying {
        void run() throws InterruptedException;
    }

    private static Thread thread(String name, Copying copying) {
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                copying.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // nobody does
            }
        });
    }
}

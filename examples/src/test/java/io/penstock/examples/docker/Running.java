package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A command that runs; text is bytes, one for each character. */
final class Running {
    private static final Duration PATIENCE = Duration.ofSeconds(25);

    private final Process process;
    private final String command;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream error = new ByteArrayOutputStream();
    private final Thread readingOutput;
    private final Thread readingError;

    Running(Process process, String command) {
        this.process = process;
        this.command = command;
        readingOutput = Thread.ofPlatform().daemon().start(() -> read(process.getInputStream(), output));
        readingError = Thread.ofPlatform().daemon().start(() -> read(process.getErrorStream(), error));
    }

    private static void read(InputStream from, ByteArrayOutputStream to) {
        try (from) {
            from.transferTo(to);
        } catch (IOException _) {
            // it was ended while it was being read
        }
    }

    /** Types text, and leaves the input open. */
    Running type(String text) throws IOException {
        process.getOutputStream().write(text.getBytes(ISO_8859_1));
        process.getOutputStream().flush();
        return this;
    }

    Running endInput() throws IOException {
        process.getOutputStream().close();
        return this;
    }

    /** Has this as its input, to the end, however long it takes to read it. */
    Running input(byte[] bytes) {
        Thread.ofPlatform().daemon().start(() -> {
            try (var to = process.getOutputStream()) {
                to.write(bytes);
            } catch (IOException _) {
                // it has ended without reading everything
            }
        });
        return this;
    }

    Running input(String text) {
        return input(text.getBytes(ISO_8859_1));
    }

    /** Waits until it has written so much that this is in it. */
    Running awaitOutput(String text) {
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(output.toString(ISO_8859_1)).as(command).contains(text));
        return this;
    }

    /** Sends it TERM. */
    void terminate() {
        process.destroy();
    }

    /** Kills it, as if its machine had gone. */
    void kill() {
        process.destroyForcibly();
    }

    /** Waits for its end, and compares all that it has written, and how it has ended. */
    void ends(int status, String expectedOutput, String expectedError) throws InterruptedException {
        Outcome outcome = end();
        assertThat(outcome).as(command).isEqualTo(new Outcome(status, expectedOutput, expectedError));
    }

    /** Waits for its end. */
    Outcome end() throws InterruptedException {
        boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!ended) process.destroyForcibly();
        readingOutput.join();
        readingError.join();
        assertThat(ended)
                .as("%s has ended; it has written '%s', '%s'", command, output, error)
                .isTrue();
        return new Outcome(process.exitValue(), output.toString(ISO_8859_1), error.toString(ISO_8859_1));
    }

    /** How a command has ended, and what it has written. */
    record Outcome(int status, String output, String error) {}
}

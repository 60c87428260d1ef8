package io.penstock.examples;

import static org.assertj.core.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** An MQTT broker of the test's own: on a free port, with nothing but a configuration in the directory. */
record MosquittoServer(Process process, int port, BlockingQueue<String> log) implements AutoCloseable {
    /** Skips the test where mosquitto is not installed, and fails it where {@code CI=true}. */
    static MosquittoServer start(Path directory) throws Exception {
        int port;
        try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path configuration = Files.writeString(directory.resolve("mosquitto.conf"), """
                listener %d 127.0.0.1
                allow_anonymous true
                persistence false
                """.formatted(port));
        Process process;
        try {
            process = new ProcessBuilder(program(), "-v", "-c", configuration.toString())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            if ("true".equals(System.getenv("CI"))) fail("mosquitto must be installed where CI=true", e);
            Assumptions.abort("mosquitto is not installed");
            throw e;
        }
        var broker = new MosquittoServer(process, port, new LinkedBlockingQueue<>());
        Thread.ofVirtual().start(broker::read);
        broker.awaitLog(" running");
        return broker;
    }

    private void read() {
        try (BufferedReader lines = process.inputReader()) {
            lines.lines().forEach(log::add);
        } catch (IOException | UncheckedIOException _) {
            // the broker was ended while it was being read
        }
    }

    /** Waits for a line of the broker's log, behind the one that was waited for last. */
    void awaitLog(String end) throws InterruptedException {
        for (String line = ""; line != null; line = log.poll(20, TimeUnit.SECONDS)) {
            if (line.endsWith(end)) return;
        }
        fail("mosquitto has not logged: " + end);
    }

    /** Debian installs it where the path of an ordinary user does not lead. */
    private static String program() {
        Path debian = Path.of("/usr/sbin/mosquitto");
        return Files.isExecutable(debian) ? debian.toString() : "mosquitto";
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
    }
}

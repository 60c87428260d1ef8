package io.penstock.server;

import io.penstock.proxy.Plugin;
import io.penstock.server.plugin.PluginException;
import io.penstock.server.plugin.PluginSources;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What every start does, done once: a configuration is read, a plugin compiled, requests and tunnels are proxied. The launcher lets the JVM
 * record it ({@code -XX:AOTCacheOutput}); later starts find its classes linked and its methods profiled, and take a third of the time.
 */
final class Rehearsal {
    private static final int REQUESTS = 300;
    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final String PLUGIN = """
            import io.penstock.proxy.*;

            public final class Rehearsed implements Plugin {
                public void start(PluginContext penstock) {
                    penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
                        if (transaction.request().path().equals("/")) transaction.respond(200, "hello\\n");
                    });
                }
            }
            """;

    private Rehearsal() {}

    static void run() throws StartException, PluginException, IOException {
        compile();
        proxy();
        RehearsedTunnels.run();
    }

    private static void proxy() throws StartException, IOException {
        Demo demo = Demo.start(0);
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), demo.port())) {
            client.setSoTimeout((int) PATIENCE.toMillis());
            DataInputStream answers = new DataInputStream(client.getInputStream());
            for (int i = 0; i < REQUESTS; i++) {
                ask(client, answers, "GET / HTTP/1.1\r\nHost: rehearsal\r\nAccept: */*\r\n\r\n");
                ask(client, answers, "GET /hello HTTP/1.1\r\nHost: rehearsal\r\n\r\n");
                ask(client, answers, "POST /echo HTTP/1.1\r\nHost: rehearsal\r\nContent-Length: 11\r\n\r\nup and down");
            }
        } finally {
            demo.stop(Duration.ofSeconds(1));
        }
    }

    private static void compile() throws PluginException, IOException {
        Path directory = Files.createTempDirectory("penstock");
        Path file = directory.resolve("Rehearsed.java");
        try {
            Files.writeString(file, PLUGIN);
            PluginSources.of(Plugin.class).compile(directory).getFirst().instantiate();
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    private static void ask(Socket client, DataInputStream answers, String request) throws IOException {
        client.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        int length = 0;
        for (String line = line(answers); !line.isEmpty(); line = line(answers)) {
            if (line.regionMatches(true, 0, "Content-Length: ", 0, 16)) {
                length = Integer.parseInt(line.substring(16));
            }
        }
        answers.skipNBytes(length);
    }

    private static String line(DataInputStream answers) throws IOException {
        StringBuilder line = new StringBuilder();
        for (char c = (char) answers.readUnsignedByte(); c != '\n'; c = (char) answers.readUnsignedByte()) {
            if (c != '\r') {
                line.append(c);
            }
        }
        return line.toString();
    }
}

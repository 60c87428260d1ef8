package io.penstock.testkit.cosocket;

import io.penstock.testkit.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * Where the machines ask for their script, report what came of each step, and wait for the far side.
 *
 * <p>Both wait over a connection: as they learn of it through their event loop, they have learnt of everything that arrived before.
 */
final class Control implements AutoCloseable {
    private final ServerSocket server;
    private final Map<Integer, Scene> scenes = new ConcurrentHashMap<>();

    private Control(ServerSocket server) {
        this.server = server;
    }

    static Control open() throws IOException {
        var control = new Control(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        Thread.ofPlatform().daemon().name("control").start(control::accept);
        return control;
    }

    int port() {
        return server.getLocalPort();
    }

    void add(Scene scene) {
        scenes.put(scene.id(), scene);
    }

    /** The scene that a request is for, by its query. */
    Scene scene(String query) {
        var id = Pattern.compile("id=(\\d+)").matcher(query);
        if (!id.find()) throw new IllegalArgumentException("no script is named by " + query);
        return Objects.requireNonNull(scenes.get(Integer.valueOf(id.group(1))), query);
    }

    void remove(Scene scene) {
        scenes.remove(scene.id());
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofPlatform().daemon().name("control of a step").start(() -> serve(socket));
            } catch (IOException _) {
                return; // it has been closed
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                var in = new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
                var out = new PrintWriter(socket.getOutputStream(), false, StandardCharsets.ISO_8859_1)) {
            socket.setSoTimeout(2 * (int) Await.LIMIT.toMillis());
            String[] words = String.valueOf(in.readLine()).split(" ", -1);
            Scene scene = Objects.requireNonNull(scenes.get(Integer.valueOf(words[1])), "an unknown script");
            switch (words[0]) {
                case "run" -> {
                    String handler = scene.nextHandler();
                    out.print(StepLines.of(scene));
                    out.flush();
                    report(scene, handler, in);
                }
                case "tell" -> scene.tell(words[2]);
                case "await" -> scene.await(words[2]);
                default -> throw new AssertionError("control does not understand " + words[0]);
            }
            out.print("ok\n");
        } catch (IOException | RuntimeException _) {
            // the machine will be missed
        }
    }

    private static void report(Scene scene, String handler, BufferedReader in) throws IOException {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (line.equals("end")) {
                scene.nearIsDone();
                return;
            }
            if (words[0].equals("broken")) {
                scene.nearIsBroken(new AssertionError(text("x" + words[1])));
                return;
            }
            scene.came(handler + words[0], outcome(words));
        }
        scene.nearIsBroken(new AssertionError("the peer has ended in the middle of the script"));
    }

    private static Outcome outcome(String[] words) {
        return switch (words[1]) {
            case "done" -> new Outcome.Done(text(words[2]));
            case "failed" -> new Outcome.Failed(text(words[2]), text(words[3]));
            case "misused" -> new Outcome.Misused(text("x" + words[2]));
            default -> new Outcome.Over();
        };
    }

    /** Hexadecimal digits behind an x. */
    private static String text(String word) {
        return new String(HexFormat.of().parseHex(word, 1, word.length()), StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}

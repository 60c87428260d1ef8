package io.penstock.bench.frames;

import java.io.BufferedReader;
import java.io.InputStreamReader;

/**
 * A client under measurement, a process of its own: {@code FrameClient FACE JOB PORT CONNECTIONS IN_FLIGHT}.
 *
 * <p>Says {@code ready}; then does a round for each number of seconds that it reads, and prints what came of it.
 */
public final class FrameClient {
    private FrameClient() {}

    public static void main(String... args) throws Exception {
        var far = new FarEnd(Integer.parseInt(args[2]));
        int connections = Integer.parseInt(args[3]);
        int inFlight = Integer.parseInt(args[4]);
        try (Face face = face(args[0], far)) {
            System.out.println("ready");
            var orders = new BufferedReader(new InputStreamReader(System.in));
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                var round = new Round(connections);
                long began = System.nanoTime();
                switch (args[1]) {
                    case "ask" -> face.ask(connections, inFlight, round);
                    case "receive" -> face.receive(connections, round);
                    case "connect" -> face.connect(connections, round);
                    default -> throw new IllegalArgumentException(args[1]);
                }
                round.last((long) (Double.parseDouble(order) * 1e9));
                System.out.println(round.report(System.nanoTime() - began));
            }
        }
    }

    private static Face face(String name, FarEnd far) {
        return switch (name) {
            case "netty" -> new NettyFace(far);
            case "client" -> new ClientFace(far);
            case "framed" -> new FramedFace(far);
            default -> throw new IllegalArgumentException(name);
        };
    }
}

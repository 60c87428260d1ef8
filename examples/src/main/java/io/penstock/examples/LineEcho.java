package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Timeouts;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A TCP server that sends every line back.
 *
 * <p>Shows: a listener, one virtual thread for each connection, receiving lines, a timeout, the end of a stream.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/LineEcho.java 7000
 * curl telnet://127.0.0.1:7000            and type lines
 * </pre>
 */
public final class LineEcho {
    private static final Timeouts PATIENCE = Timeouts.DEFAULT.withRead(Duration.ofMinutes(5));

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 1) {
            System.err.println("usage: LineEcho PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        try (var loops = Loops.open();
                var listener = Listener.open(loops, address, PATIENCE, LineEcho::echo)) {
            System.out.println("echoing lines on " + listener.address());
            listener.join();
        }
    }

    /** Serves one client. Returning closes the connection in order; a failure of the connection ends it by itself. */
    private static void echo(Connection client) throws ConnectionException {
        while (client.peek(1).hasRemaining()) { // false once the client has ended its side
            client.send(client.receiveLine() + "\n");
        }
    }

    private LineEcho() {}
}

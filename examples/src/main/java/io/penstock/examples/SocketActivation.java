package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Systemd;
import java.net.InetSocketAddress;

/**
 * A TCP server that greets, on a socket that systemd has opened for it; clients who come while it is not running yet, or is restarted,
 * are served when it runs.
 *
 * <p>Shows: a listener under socket activation, telling systemd when it is ready.
 *
 * <pre>
 * systemd-socket-activate --listen=7000 --fdname=greetings java @examples/java.args \
 *     examples/src/main/java/io/penstock/examples/SocketActivation.java
 * curl telnet://127.0.0.1:7000
 * </pre>
 *
 * <p>Run by hand, without systemd, it listens by itself.
 */
public final class SocketActivation {
    private static final String SOCKET = "greetings";

    public static void main(String... arguments) throws Exception {
        try (var loops = Loops.open();
                var listener = listen(loops)) {
            System.out.println("greeting on " + listener.address());
            Systemd.notify("READY=1");
            listener.join();
        }
    }

    private static Listener listen(Loops loops) throws ConnectionException {
        var inherited = Systemd.socket(SOCKET);
        return inherited.isPresent()
                ? Listener.adopt(loops, inherited.get(), SocketActivation::greet)
                : Listener.open(loops, new InetSocketAddress("127.0.0.1", 7000), SocketActivation::greet);
    }

    private static void greet(Connection client) throws ConnectionException {
        client.send("hello " + client.remoteAddress() + "\n");
    }

    private SocketActivation() {}
}

package io.penstock.examples;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Detached;
import io.penstock.net.HandOver;
import io.penstock.net.Listener;
import io.penstock.net.Loops;
import io.penstock.net.Scope;
import io.penstock.net.Timeouts;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A TCP server that numbers each client's lines. Started a second time, it takes the listener and all clients over from the first one, which
 * exits: no client notices, and none is numbered wrong.
 *
 * <p>Shows: detaching, handing over a listener and live connections with their state, adopting them.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/MovingServer.java /tmp/moving 7000
 * curl telnet://127.0.0.1:7000            and type lines; then start the same once more, and type on
 * </pre>
 */
public final class MovingServer {
    /** How soon an idle client's thread sees that it is to leave. */
    private static final Timeouts GLANCES = Timeouts.DEFAULT.withRead(Duration.ofMillis(100));

    private record Leaving(Detached detached, int lines) {}

    private final Loops loops;
    private final BlockingQueue<Leaving> leaving = new LinkedBlockingQueue<>();
    private final Set<Long> clients = new ConcurrentSkipListSet<>();
    private volatile boolean moving;

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: MovingServer UNIX-PATH PORT");
            System.exit(2);
        }
        try (var loops = Loops.open()) {
            new MovingServer(loops).run(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
        }
    }

    private MovingServer(Loops loops) {
        this.loops = loops;
    }

    private void run(Path path, int port) throws Exception {
        Listener listener = Files.exists(path)
                ? takeOver(path)
                : Listener.open(loops, new InetSocketAddress("127.0.0.1", port), client -> number(client, 0));
        BlockingQueue<Connection> successor = new LinkedBlockingQueue<>();
        try (var door = Listener.open(
                loops, UnixDomainSocketAddress.of(path), next -> successor.add(next.transfer(Scope.PROCESS)))) {
            System.out.println("numbering lines on " + listener.address());
            Connection next = successor.take();
            door.close();
            moveTo(next, listener);
        }
    }

    /** Numbers the lines of one client until it ends, or the server moves. */
    private void number(Connection client, int before) throws ConnectionException {
        clients.add(client.id());
        client.timeouts(GLANCES);
        int lines = before;
        try {
            for (var line = nextLine(client); line.isPresent(); line = nextLine(client)) {
                client.send(++lines + " " + line.get() + "\n");
            }
            leaving.add(new Leaving(client.detach(), lines));
        } finally {
            clients.remove(client.id());
        }
    }

    /** Waits for the client, and now and then looks whether the server moves: then there is none. What has come of it is not lost. */
    private Optional<String> nextLine(Connection client) throws ConnectionException {
        while (!moving) {
            try {
                return Optional.of(client.receiveLine());
            } catch (ConnectionException e) {
                if (e.reason() != Reason.TIMEOUT) throw e;
                client.unread(ByteBuffer.wrap(e.partial()));
            }
        }
        return Optional.empty();
    }

    private void moveTo(Connection next, Listener listener) throws Exception {
        try (var handOver = HandOver.over(next)) {
            handOver.send(Detached.of(listener.detach()), new byte[0]);
            moving = true;
            while (listener.connections() > 0 || !clients.isEmpty() || !leaving.isEmpty()) {
                Leaving client = leaving.poll(100, TimeUnit.MILLISECONDS);
                if (client != null) handOver.send(client.detached, number(client.lines));
            }
        }
    }

    private Listener takeOver(Path path) throws ConnectionException {
        try (var handOver = HandOver.over(Connector.of(loops).connect(UnixDomainSocketAddress.of(path)))) {
            var first = handOver.receive();
            if (first == null) throw new IllegalStateException("the first one has nothing to hand over");
            Listener listener = Listener.adopt(loops, first.detached().descriptor(), client -> number(client, 0));
            for (var each = handOver.receive(); each != null; each = handOver.receive()) {
                int lines = ByteBuffer.wrap(each.state()).getInt();
                try (var detached = each.detached()) {
                    Connection client = Connection.adopt(detached);
                    clients.add(client.id());
                    client.loop().spawn("client", () -> {
                        try (client) {
                            number(client, lines);
                        }
                    });
                } catch (ConnectionException e) {
                    System.err.println("a client was lost on the way: " + e.getMessage());
                }
            }
            return listener;
        }
    }

    private static byte[] number(int lines) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(lines).array();
    }
}

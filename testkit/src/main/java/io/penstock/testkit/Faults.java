package io.penstock.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A relay between clients and a server that misbehaves as it is told: it stalls, delays, cuts, ends and resets.
 *
 * <p>{@snippet :
 * try (var faults = Faults.before(origin)) {
 *     faults.toClient().resetAfter(1000);
 *     // dial faults.address() in the place of the origin
 * }
 * }
 *
 * <p>Made of the JDK's blocking sockets and of threads of its own, so that it shares neither code nor threads with what it tests.
 * Owned by the test, which closes it; any thread.
 */
public final class Faults implements AutoCloseable {
    private static final int BUFFER = 16 * 1024;

    private final SocketAddress server;
    private final ServerSocketChannel listener;
    private final SocketAddress address;
    private final Lane toServer = new Lane();
    private final Lane toClient = new Lane();
    private final Set<Wire> wires = ConcurrentHashMap.newKeySet();

    private Faults(SocketAddress server, ServerSocketChannel listener) throws IOException {
        this.server = server;
        this.listener = listener;
        this.address = listener.getLocalAddress();
    }

    /** Listens on an address of the same family, and relays to the server, TCP or UNIX. */
    public static Faults before(SocketAddress server) throws IOException {
        Family family = server instanceof UnixDomainSocketAddress ? Family.UNIX : Family.TCP;
        var faults =
                new Faults(server, ServerSocketChannel.open(family.protocol()).bind(family.unused()));
        thread("faults of " + faults.address, faults::accept);
        return faults;
    }

    /** Where clients connect to. */
    public SocketAddress address() {
        return address;
    }

    /** What happens to the bytes of clients. */
    public Lane toServer() {
        return toServer;
    }

    /** What happens to the bytes of the server. */
    public Lane toClient() {
        return toClient;
    }

    /** How many connections are relayed at the moment. */
    public int connections() {
        return wires.size();
    }

    /** Resets both sides of every connection there is. */
    public void reset() {
        wires.forEach(Wire::reset);
    }

    private static Thread thread(String name, Runnable work) {
        return Thread.ofPlatform().daemon().name(name).start(work);
    }

    private void accept() {
        while (listener.isOpen()) {
            try {
                relay(listener.accept());
            } catch (IOException _) {
                // closed, which ends the loop, or a client that has gone already
            }
        }
    }

    private void relay(SocketChannel client) throws IOException {
        SocketChannel origin;
        try {
            origin = SocketChannel.open(server);
        } catch (IOException e) {
            client.close();
            return;
        }
        var wire = new Wire(client, origin);
        wires.add(wire);
        wire.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
        Family.forget(address);
        reset();
    }

    /** One relayed connection: two pumps over two sockets. */
    private final class Wire {
        private final SocketChannel client;
        private final SocketChannel origin;
        private int running = 2;

        Wire(SocketChannel client, SocketChannel origin) throws IOException {
            this.client = client;
            this.origin = origin;
            if (server instanceof InetSocketAddress) {
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
                origin.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
        }

        void start() {
            thread("to server", () -> pump(client, origin, toServer));
            thread("to client", () -> pump(origin, client, toClient));
        }

        private void pump(SocketChannel from, SocketChannel to, Lane lane) {
            try {
                move(from, to, lane);
                to.shutdownOutput();
                ended();
            } catch (IOException | InterruptedException e) {
                reset();
            }
        }

        /** Moves bytes until the stream ends or is to be ended. */
        private void move(SocketChannel from, SocketChannel to, Lane lane) throws IOException, InterruptedException {
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
            for (long moved = 0; from.read(buffer.clear()) >= 0; ) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    lane.hold();
                    Lane.Rules rules = lane.rules();
                    int count = (int) Math.min(Math.min(buffer.remaining(), rules.piece()), rules.limit() - moved);
                    if (count > 0) {
                        ByteBuffer piece = buffer.slice(buffer.position(), count);
                        while (piece.hasRemaining()) to.write(piece);
                        buffer.position(buffer.position() + count);
                        moved += count;
                        lane.pass(count);
                    }
                    if (moved < rules.limit()) continue;
                    if (rules.stop() == Lane.Stop.RESET) throw new IOException("reset as told");
                    return;
                }
            }
        }

        private synchronized void ended() throws IOException {
            if (--running > 0) return;
            client.close();
            origin.close();
            wires.remove(this);
        }

        void reset() {
            wires.remove(this);
            reset(client);
            reset(origin);
        }

        private void reset(SocketChannel channel) {
            try (channel) {
                if (server instanceof InetSocketAddress) channel.setOption(StandardSocketOptions.SO_LINGER, 0);
            } catch (IOException _) {
                // closed already
            }
        }
    }
}

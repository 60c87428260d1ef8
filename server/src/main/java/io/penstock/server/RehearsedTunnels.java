package io.penstock.server;

import io.penstock.http.Exchange;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.server.config.ConfigException;
import io.penstock.server.config.ConfigFile;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Tunnels through the proxy, for little and for much, ended by either side and in either way. While a tunnel is open it does the same over
 * and over, and the JVM compiles it for nothing else: without a rehearsal each of the first hundred ends would have it compiled again.
 */
final class RehearsedTunnels {
    private static final int ROUNDS = 50;
    private static final int LITTLE = 100;
    private static final int MUCH = 512 * 1024;

    /** Once, there and back: as many pieces as it takes for the JVM to think their way worth its trouble. */
    private static final int STREAM = 1 << 28;

    private static final int PIECE = 64 * 1024;

    private enum Ending {
        CLIENT,
        CLIENT_RESETS,
        ORIGIN
    }

    private final InetSocketAddress proxy;

    private RehearsedTunnels(InetSocketAddress proxy) {
        this.proxy = proxy;
    }

    static void run() throws StartException, IOException {
        Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
        Penstock penstock = null;
        try (HttpServer origin = HttpServer.listen(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), RehearsedTunnels::sendBack)) {
            penstock = Penstock.start(
                    ConfigFile.parse("rehearsal", """
                    listeners: [ { address: "127.0.0.1:0" } ]
                    upstreams: { origin: { servers: [ "127.0.0.1:%d" ] } }
                    routes: [ { upstream: origin, upgrades: [ rehearsal ] } ]
                    """.formatted(((InetSocketAddress) origin.address()).getPort())),
                    List.of());
            var tunnels = new RehearsedTunnels(
                    (InetSocketAddress) penstock.addresses().getFirst());
            tunnels.pass(STREAM, Ending.CLIENT);
            for (int i = 0; i < ROUNDS; i++) {
                for (Ending ending : Ending.values()) {
                    tunnels.pass(LITTLE, ending);
                    tunnels.pass(MUCH, ending);
                }
            }
        } catch (ConfigException | ConnectionException e) {
            throw new IOException("tunnels: " + e.getMessage(), e);
        } finally {
            if (penstock != null) penstock.stop(Duration.ofSeconds(1));
            loops.close(Duration.ofSeconds(1));
        }
    }

    /** The origin. */
    private static void sendBack(Exchange exchange) {
        String[] path = exchange.request().path().split("/");
        int left = Integer.parseInt(path[2]);
        try (Connection tunnel = exchange.upgrade("rehearsal", Headers.of())) {
            while (left > 0 || !path[1].equals(Ending.ORIGIN.name())) {
                byte[] piece = tunnel.receiveAny(PIECE);
                tunnel.send(piece);
                left -= piece.length;
            }
        } catch (ConnectionException e) {
            // the client has ended it
        }
    }

    private void pass(int size, Ending ending) throws IOException {
        try (Socket client = new Socket(proxy.getAddress(), proxy.getPort())) {
            client.setSoTimeout((int) Rehearsal.PATIENCE.toMillis());
            var in = new DataInputStream(client.getInputStream());
            OutputStream out = client.getOutputStream();
            out.write(("GET /" + ending + "/" + size + " HTTP/1.1\r\nHost: rehearsal\r\n"
                            + "Connection: Upgrade\r\nUpgrade: rehearsal\r\n\r\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            var head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) head.append((char) in.readUnsignedByte());
            Thread.startVirtualThread(() -> write(out, size));
            var piece = new byte[PIECE];
            for (int left = size; left > 0; left -= PIECE) in.readFully(piece, 0, Math.min(left, PIECE));
            switch (ending) {
                case CLIENT -> client.shutdownOutput();
                case CLIENT_RESETS -> client.setSoLinger(true, 0);
                case ORIGIN -> {}
            }
            if (ending != Ending.CLIENT_RESETS) in.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static void write(OutputStream out, int size) {
        try {
            var piece = new byte[PIECE];
            for (int left = size; left > 0; left -= PIECE) out.write(piece, 0, Math.min(left, PIECE));
        } catch (IOException e) {
            // whoever reads what comes back misses it
        }
    }
}

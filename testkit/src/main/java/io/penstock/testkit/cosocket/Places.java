package io.penstock.testkit.cosocket;

import io.penstock.testkit.cosocket.Step.Target;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The addresses of a scene. None of them is ever used by another one. */
record Places(
        Path directory,
        ServerSocketChannel origin,
        ServerSocketChannel unix,
        SocketChannel refused,
        ServerSocketChannel full,
        List<SocketChannel> waiting,
        DatagramSocket udp)
        implements AutoCloseable {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    static Places open() throws IOException {
        Path directory = Files.createTempDirectory("cosocket");
        ServerSocketChannel unix = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        unix.bind(UnixDomainSocketAddress.of(directory.resolve("origin")));
        return new Places(
                directory,
                ServerSocketChannel.open().bind(ANY_PORT),
                unix,
                SocketChannel.open().bind(ANY_PORT), // taken, but nobody listens
                ServerSocketChannel.open().bind(ANY_PORT, 1),
                new ArrayList<>(),
                new DatagramSocket(ANY_PORT));
    }

    SocketAddress address(Target target) throws IOException {
        return switch (target) {
            case ORIGIN -> origin.getLocalAddress();
            case ORIGIN_BY_NAME -> InetSocketAddress.createUnresolved("localhost", port(origin.getLocalAddress()));
            case UNIX -> unix.getLocalAddress();
            case REFUSED -> refused.getLocalAddress();
            case BLACK_HOLE -> blackHole();
            case UDP -> udp.getLocalSocketAddress();
            case NO_FILE -> UnixDomainSocketAddress.of(directory.resolve("nobody"));
        };
    }

    static int port(SocketAddress address) {
        return ((InetSocketAddress) address).getPort();
    }

    /** A backlog of one holds two. */
    private SocketAddress blackHole() throws IOException {
        while (waiting.size() < 2) waiting.add(SocketChannel.open(full.getLocalAddress()));
        return full.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        origin.close();
        unix.close();
        refused.close();
        full.close();
        udp.close();
        for (SocketChannel each : waiting) each.close();
        Files.deleteIfExists(directory.resolve("origin"));
        Files.deleteIfExists(directory);
    }
}

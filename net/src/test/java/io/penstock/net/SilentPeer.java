package io.penstock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** An address that does not answer: a server that accepts nothing, and whose queue is full, so that Linux ignores whoever comes. */
public final class SilentPeer implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    private final List<SocketChannel> filling = new ArrayList<>();

    public SilentPeer() throws IOException {
        for (int i = 0; i < 4; i++) {
            SocketChannel one = SocketChannel.open();
            one.configureBlocking(false);
            one.connect(new InetSocketAddress(server.getInetAddress(), server.getLocalPort()));
            filling.add(one);
        }
    }

    public SocketAddress address() {
        return server.getLocalSocketAddress();
    }

    @Override
    public void close() throws IOException {
        for (SocketChannel each : filling) each.close();
        server.close();
    }
}

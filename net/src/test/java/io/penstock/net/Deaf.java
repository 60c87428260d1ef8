package io.penstock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A server that accepts nobody and whose queue is full, so that the kernel leaves further attempts without an answer. */
final class Deaf implements AutoCloseable {
    private final ServerSocket server;
    private final List<Socket> queued = new ArrayList<>();

    Deaf() throws IOException {
        this(InetAddress.getLoopbackAddress());
    }

    Deaf(InetAddress address) throws IOException {
        server = new ServerSocket(0, 1, address);
        for (int i = 0; i < 16; i++) {
            var socket = new Socket();
            queued.add(socket);
            try {
                socket.connect(server.getLocalSocketAddress(), 50);
            } catch (IOException e) {
                return; // now it is full
            }
        }
        throw new IOException("the queue of a listener never fills here");
    }

    InetSocketAddress address() {
        return (InetSocketAddress) server.getLocalSocketAddress();
    }

    int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        for (Socket each : queued) each.close();
        server.close();
    }
}

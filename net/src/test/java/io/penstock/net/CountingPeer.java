package io.penstock.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.HashSet;
import java.util.Set;

/**
 * A peer that sends everything back and counts how many connections it ever had at once.
 *
 * <p>Before it counts a new connection it looks which of the others have ended. The operating system tells it of an end before it tells
 * it of a connection that was dialled afterwards, so the count is never too high.
 */
final class CountingPeer implements AutoCloseable {
    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final Selector selector = Selector.open();
    private final Set<SocketChannel> open = new HashSet<>();
    private final ByteBuffer buffer = ByteBuffer.allocate(1024);
    private final Thread thread;
    private volatile int most;
    private volatile int accepted;

    CountingPeer() throws IOException {
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        thread = Thread.ofPlatform().daemon().name("counting-peer").start(this::serve);
    }

    SocketAddress address() throws IOException {
        return server.getLocalAddress();
    }

    int most() {
        return most;
    }

    int accepted() {
        return accepted;
    }

    private void serve() {
        try {
            while (selector.isOpen()) {
                selector.select();
                for (SelectionKey key : Set.copyOf(selector.selectedKeys())) {
                    if (key.isValid() && key.isAcceptable()) accept();
                    else if (key.isValid()) echo((SocketChannel) key.channel());
                }
                selector.selectedKeys().clear();
            }
        } catch (IOException | ClosedSelectorException e) {
            // it has been closed
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = server.accept();
        if (channel == null) return;
        for (SocketChannel each : Set.copyOf(open)) echo(each);
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_READ);
        open.add(channel);
        accepted++;
        most = Math.max(most, open.size());
    }

    private void echo(SocketChannel channel) throws IOException {
        if (!channel.isOpen()) return;
        int read;
        try {
            read = channel.read(buffer.clear());
            buffer.flip();
            while (buffer.hasRemaining()) channel.write(buffer);
        } catch (IOException e) {
            read = -1; // a reset
        }
        if (read < 0) {
            open.remove(channel);
            channel.close();
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        selector.close();
        server.close();
        thread.join(); // which alone may touch them until then
        for (SocketChannel each : open) each.close();
    }
}

package io.penstock.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A far end of the JDK's own sockets, TCP or UNIX. A selector for each direction bounds its waits. */
final class SocketPeer implements Peer {
    /** The JDK copies the whole remainder of a heap buffer for each write, so it is given a little at a time. */
    private static final int SLICE = 64 * 1024;

    private final SocketChannel channel;
    private final boolean tcp;
    private final Selector readable = Selector.open();
    private final Selector writable = Selector.open();

    SocketPeer(SocketChannel channel) throws IOException {
        this.channel = channel;
        tcp = channel.getLocalAddress() instanceof InetSocketAddress;
        if (tcp) {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, KERNEL_BUFFER);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, KERNEL_BUFFER);
        }
        channel.configureBlocking(false);
        channel.register(readable, SelectionKey.OP_READ);
        channel.register(writable, SelectionKey.OP_WRITE);
    }

    @Override
    public void send(byte[] bytes) throws IOException {
        for (int sent = 0; sent < bytes.length; ) {
            int count = channel.write(ByteBuffer.wrap(bytes, sent, Math.min(SLICE, bytes.length - sent)));
            if (count == 0)
                await(writable, "the connection takes more than " + sent + " of " + bytes.length + " bytes");
            sent += count;
        }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        while (true) {
            int count = channel.read(into);
            if (count != 0 || !into.hasRemaining()) return count;
            await(readable, "the connection sends something or ends");
        }
    }

    private static void await(Selector selector, String what) throws IOException {
        if (selector.select(Await.LIMIT.toMillis()) == 0) {
            throw new AssertionError("the peer waited " + Await.LIMIT.toSeconds() + " s in vain until " + what);
        }
        selector.selectedKeys().clear();
    }

    @Override
    public void halfClose() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void reset() throws IOException {
        if (tcp && channel.isOpen()) channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        close();
    }

    @Override
    public void close() throws IOException {
        // selectors first: a channel that is still registered is closed only half
        readable.close();
        writable.close();
        channel.close();
    }
}

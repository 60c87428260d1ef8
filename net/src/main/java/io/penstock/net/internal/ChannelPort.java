package io.penstock.net.internal;

import io.penstock.net.AbstractUnixAddress;
import io.penstock.net.Datagram;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A UDP socket of the JDK, for the transport NIO: one message at a time, no UNIX sockets, and nothing known of what was dropped. */
final class ChannelPort implements DatagramPort {
    /** More than UDP can carry, so the operating system never truncates, which the JDK would not tell. */
    private static final int LARGEST = 1 << 16;

    private final DatagramChannel channel;
    private final boolean ipv4;
    private final ByteBuffer buffer = ByteBuffer.allocate(LARGEST);
    private @Nullable SocketAddress peer;

    private ChannelPort(DatagramChannel channel, boolean ipv4) throws IOException {
        this.channel = channel;
        this.ipv4 = ipv4;
        channel.configureBlocking(false);
    }

    static ChannelPort open(@Nullable SocketAddress local, @Nullable SocketAddress peer) throws IOException {
        SocketAddress decisive = local != null ? local : peer;
        return switch (decisive) {
            case UnixDomainSocketAddress _, AbstractUnixAddress _ ->
                throw new UnsupportedOperationException(
                        "UNIX datagrams need the transport epoll or io_uring; these loops run on nio");
            case InetSocketAddress inet
            when inet.getAddress() instanceof Inet4Address ->
                new ChannelPort(DatagramChannel.open(StandardProtocolFamily.INET), true);
            case InetSocketAddress inet
            when inet.getAddress() instanceof Inet6Address ->
                new ChannelPort(DatagramChannel.open(StandardProtocolFamily.INET6), false);
            case null, default -> new ChannelPort(DatagramChannel.open(), false);
        };
    }

    @Override
    public void bind(@Nullable SocketAddress local) throws IOException {
        channel.bind(local);
    }

    @Override
    public void connect(SocketAddress to) throws IOException {
        channel.connect(to);
        peer = to;
    }

    @Override
    public List<Datagram> receive(int count, int max) throws IOException {
        var datagrams = new ArrayList<Datagram>();
        while (datagrams.size() < count) {
            SocketAddress from;
            try {
                from = channel.receive(buffer.clear());
            } catch (IOException e) {
                if (datagrams.isEmpty()) throw e;
                break;
            }
            if (from == null) break;
            int size = buffer.flip().remaining();
            byte[] bytes = new byte[Math.min(size, max)];
            buffer.get(bytes);
            datagrams.add(new Datagram(bytes, from, size));
        }
        return datagrams;
    }

    @Override
    public int send(List<Datagram> datagrams, int from) throws IOException {
        Datagram next = datagrams.get(from);
        ByteBuffer data = ByteBuffer.wrap(next.data());
        SocketAddress to = next.peer() != null ? next.peer() : peer;
        boolean empty = !data.hasRemaining();
        int sent = peer != null || to == null ? channel.write(data) : channel.send(data, to);
        return sent > 0 || empty ? 1 : 0;
    }

    /** Of a connected socket, the JDK sends nothing to others, and drops what is empty. */
    @Override
    public void requireSendable(Datagram datagram) {
        SocketAddress to = datagram.peer();
        if (to != null) SocketName.require(to, ipv4 ? Kernel.AF_INET : Kernel.AF_INET6);
        if (peer != null && (datagram.data().length == 0 || (to != null && !to.equals(peer)))) {
            throw new UnsupportedOperationException(
                    "on the transport nio, a connected socket sends to its peer only, and nothing that is empty");
        }
    }

    @Override
    public SocketAddress localAddress() {
        try {
            SocketAddress local = channel.getLocalAddress();
            return local == null ? Unnamed.SOCKET : local;
        } catch (IOException e) {
            return Unnamed.SOCKET; // closed
        }
    }

    @Override
    public @Nullable SocketAddress peer() {
        return peer;
    }

    @Override
    public <T> void option(SocketOption<T> name, T value) throws IOException {
        if (!channel.supportedOptions().contains(name)) throw DatagramOption.unsupported(name);
        channel.setOption(name, value);
    }

    @Override
    public void join(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws IOException {
        if (source == null) {
            channel.join(group, on);
        } else {
            channel.join(group, on, source);
        }
    }

    /** Joining again gives the membership that there is. */
    @Override
    public void leave(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws IOException {
        (source == null ? channel.join(group, on) : channel.join(group, on, source)).drop();
    }

    @Override
    public long dropped() {
        return 0;
    }

    @Override
    public boolean tellsOfRoom() {
        return true;
    }

    @Override
    public PortWatch watch(PortWatch.Signals signals) {
        return new NioWatch(channel, signals);
    }

    @Override
    public void removeFile() {}

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** The selector has to look once more before the JDK closes the descriptor. */
    @Override
    public boolean isGone() {
        return !channel.isRegistered();
    }
}

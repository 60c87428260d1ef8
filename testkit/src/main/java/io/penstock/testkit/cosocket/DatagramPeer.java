package io.penstock.testkit.cosocket;

import io.penstock.testkit.Peer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A far side that speaks in datagrams: it answers to whom it has heard last. */
final class DatagramPeer implements Peer {
    private final DatagramSocket socket;
    private volatile @Nullable SocketAddress heard;

    DatagramPeer(DatagramSocket socket) {
        this.socket = socket;
    }

    @Override
    public void send(byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length, Objects.requireNonNull(heard, "nobody has been heard")));
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
        var packet = new DatagramPacket(new byte[65_535], 65_535);
        socket.receive(packet);
        heard = packet.getSocketAddress();
        into.put(packet.getData(), 0, Math.min(packet.getLength(), into.remaining()));
        return packet.getLength();
    }

    @Override
    public void halfClose() {
        throw new UnsupportedOperationException("datagrams have no end");
    }

    @Override
    public void reset() {
        close();
    }

    @Override
    public void close() {
        socket.close();
    }
}

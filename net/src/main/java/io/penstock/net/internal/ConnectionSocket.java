package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A connection, or one that is yet to be dialled, as a {@link Socket}. The JDK's class does what is the same for all sockets. */
public final class ConnectionSocket extends Socket {
    private static final InetSocketAddress SOMEWHERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final SocketOverConnection stream;

    private ConnectionSocket(SocketOverConnection stream) throws SocketException {
        super(stream);
        this.stream = stream;
    }

    static Socket over(StreamConnection connection) {
        try {
            var socket = new ConnectionSocket(SocketOverConnection.of(connection));
            socket.connect(SOMEWHERE); // it is, and this lets the JDK's class know
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A socket that is not connected yet.
     *
     * @param connector asked for when it is connected, on the thread that does it
     * @param fixed where it is connected to whatever its user says; null for where the user says
     */
    public static Socket unconnected(Supplier<Connector> connector, @Nullable SocketAddress fixed)
            throws SocketException {
        return new ConnectionSocket(SocketOverConnection.unconnected(connector, fixed));
    }

    /** A connector for the loops that carry the calling thread, or else for those of this process that were opened first. */
    public static Connector connectorHere() {
        NettyLoop here = NettyLoop.ofCurrentThread();
        return Connector.of(here != null ? here.owner() : NettyLoops.anyOpen());
    }

    @Override
    public @Nullable SocketAddress getRemoteSocketAddress() {
        Connection connection = stream.connection();
        return connection == null ? null : connection.remoteAddress();
    }

    @Override
    public @Nullable SocketAddress getLocalSocketAddress() {
        Connection connection = stream.connection();
        return connection == null ? super.getLocalSocketAddress() : connection.localAddress();
    }

    @Override
    public String toString() {
        Connection connection = stream.connection();
        return connection == null ? "socket, not connected" : "socket of " + connection;
    }
}

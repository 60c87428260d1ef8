package io.penstock.net;

import io.penstock.net.internal.ConnectionSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.function.Supplier;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Sockets for libraries that know nothing of loops: connections of the loop that the connecting thread is on, so that an unmodified driver
 * parks where it waits, and its sockets are served by the loop that serves the handler.
 *
 * <p>{@snippet :
 * String url = "jdbc:postgresql://127.0.0.1/shop?socketFactory=io.penstock.net.LoopSocketFactory";
 * }
 *
 * <p>A thread without a loop, such as one of the library's own, gets connections of the loops of this process that were opened first. A
 * socket belongs to {@link Scope#PROCESS}: the library that asked for it closes it. As with the JDK's sockets, a read waits for ever
 * until {@link Socket#setSoTimeout} says otherwise; connecting and writing do not, as with {@link Connector#of(Loops)}.
 *
 * <p>A name is resolved by the loops' resolver if the library leaves that to the socket, and holds up the loop if it does it itself. Any
 * thread.
 */
public final class LoopSocketFactory extends SocketFactory {
    private final Supplier<Connector> connector;
    private final @Nullable SocketAddress fixed;

    /** For libraries that are given the name of a class. */
    public LoopSocketFactory() {
        this((String) null);
    }

    /**
     * For libraries that are given the name of a class and an argument.
     *
     * @param unixPath the path of a UNIX socket to connect to, whatever address is asked for; null or empty for that address
     */
    public LoopSocketFactory(@Nullable String unixPath) {
        this.connector = ConnectionSocket::connectorHere;
        this.fixed = unixPath == null || unixPath.isEmpty() ? null : UnixDomainSocketAddress.of(unixPath);
    }

    LoopSocketFactory(Connector connector) {
        this.connector = () -> connector;
        this.fixed = null;
    }

    @Override
    public Socket createSocket() throws IOException {
        return ConnectionSocket.unconnected(connector, fixed);
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        return connected(InetSocketAddress.createUnresolved(host, port), null);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        return connected(InetSocketAddress.createUnresolved(host, port), new InetSocketAddress(localHost, localPort));
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        return connected(new InetSocketAddress(host, port), null);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
        return connected(new InetSocketAddress(host, port), new InetSocketAddress(localHost, localPort));
    }

    private Socket connected(InetSocketAddress to, @Nullable InetSocketAddress from) throws IOException {
        Socket socket = createSocket();
        if (from != null) socket.bind(from);
        socket.connect(to);
        return socket;
    }
}

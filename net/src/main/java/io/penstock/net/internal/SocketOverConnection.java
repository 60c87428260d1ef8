package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketImpl;
import java.net.SocketOption;
import java.net.SocketOptions;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link java.net.Socket} asks of its implementation, answered by a connection: whoever reads or writes parks as with any
 * connection, and what goes wrong gets the names that users of sockets know.
 */
final class SocketOverConnection extends SocketImpl {
    private static final Set<SocketOption<?>> OPTIONS = Set.of(
            StandardSocketOptions.TCP_NODELAY,
            StandardSocketOptions.SO_KEEPALIVE,
            StandardSocketOptions.SO_RCVBUF,
            StandardSocketOptions.SO_SNDBUF,
            StandardSocketOptions.SO_LINGER,
            StandardSocketOptions.SO_REUSEADDR,
            StandardSocketOptions.IP_TOS);

    private final @Nullable Supplier<Connector> connector;
    private final @Nullable SocketAddress fixed;
    private volatile @Nullable Connection connection;
    private @Nullable InetSocketAddress local;

    /** What was asked for so far: to be set when it is connected, and the answer where a UNIX socket has no such option. */
    private final Map<SocketOption<?>, Object> asked = new LinkedHashMap<>();

    /** Of a read, in milliseconds; 0 for none. */
    private int timeout;

    private volatile boolean inputShut;
    private volatile boolean closed;

    private SocketOverConnection(
            @Nullable Supplier<Connector> connector, @Nullable SocketAddress fixed, @Nullable Connection connection) {
        this.connector = connector;
        this.fixed = fixed;
        this.connection = connection;
    }

    static SocketOverConnection of(Connection connection) {
        var socket = new SocketOverConnection(null, null, connection);
        socket.timeout = (int) Math.min(connection.timeouts().read().toMillis(), Integer.MAX_VALUE);
        return socket;
    }

    static SocketOverConnection unconnected(Supplier<Connector> connector, @Nullable SocketAddress fixed) {
        return new SocketOverConnection(connector, fixed, null);
    }

    @Nullable
    Connection connection() {
        return connection;
    }

    private Connection connected() throws SocketException {
        Connection made = connection;
        if (made == null) throw new SocketException("Socket is not connected");
        return made;
    }

    // ---- its life

    @Override
    protected void create(boolean stream) {
        // there is nothing before the connection
    }

    @Override
    protected void bind(InetAddress host, int port) {
        local = new InetSocketAddress(host, port);
    }

    @Override
    protected void connect(SocketAddress address, int millis) throws IOException {
        if (connection != null) return; // it has been made a socket as it was
        Endpoint endpoint = Endpoint.of(fixed != null ? fixed : address);
        InetSocketAddress from = local;
        if (from != null && fixed == null) endpoint = endpoint.withLocal(from);
        Connection made;
        try {
            made = dial(Objects.requireNonNull(connector).get(), endpoint, millis);
        } catch (ConnectionException e) {
            throw SocketFailures.of(e);
        }
        made.transfer(Scope.PROCESS); // a library that asked for a socket keeps it as long as it likes, and closes it
        connection = made;
        limitReads();
        for (var each : asked.entrySet()) set(made, each.getKey(), each.getValue());
    }

    private static Connection dial(Connector connector, Endpoint endpoint, int millis) throws ConnectionException {
        return millis > 0 && connector instanceof NettyConnector ours
                ? ours.connect(endpoint, Duration.ofMillis(millis))
                : connector.connect(endpoint);
    }

    @Override
    protected void connect(String host, int port) throws IOException {
        connect(InetSocketAddress.createUnresolved(host, port), 0);
    }

    @Override
    protected void connect(InetAddress address, int port) throws IOException {
        connect(new InetSocketAddress(address, port), 0);
    }

    @Override
    protected void listen(int backlog) throws SocketException {
        throw new SocketException("this socket is no listener");
    }

    @Override
    protected void accept(SocketImpl socket) throws SocketException {
        throw new SocketException("this socket is no listener");
    }

    @Override
    protected void shutdownInput() throws IOException {
        inputShut = true;
        try {
            connected().shutdownInput();
        } catch (ConnectionException e) {
            throw SocketFailures.of(e);
        }
    }

    @Override
    protected void shutdownOutput() throws IOException {
        try {
            connected().shutdownOutput();
        } catch (ConnectionException e) {
            throw SocketFailures.of(e);
        }
    }

    /** As sockets do it: without a word about what could not be delivered. */
    @Override
    protected void close() {
        closed = true;
        Connection open = connection;
        if (open == null) return;
        try {
            open.close();
        } catch (ConnectionException e) {
            // closed all the same
        }
    }

    @Override
    protected void sendUrgentData(int data) throws SocketException {
        throw new SocketException("Urgent data not supported");
    }

    // ---- its streams

    @Override
    protected int available() throws IOException {
        Connection open = connected();
        return isShut() ? 0 : open.buffered();
    }

    /** Whether readers find an end where the connection says that it was closed on this side. */
    private boolean isShut() {
        return inputShut && !closed;
    }

    @Override
    protected InputStream getInputStream() throws IOException {
        return new Reading(connected());
    }

    @Override
    protected OutputStream getOutputStream() throws IOException {
        return new Writing(connected());
    }

    /** Its {@code close} is that of the stream that the JDK puts around it. */
    private final class Reading extends InputAsStream {
        Reading(Connection from) {
            super(from);
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                return super.read(into, offset, length);
            } catch (ConnectionException e) {
                if (e.reason() == Reason.CLOSED && isShut()) return -1;
                throw SocketFailures.of(e);
            }
        }

        @Override
        public int available() {
            return isShut() ? 0 : super.available();
        }
    }

    private static final class Writing extends OutputStream {
        private final Connection connection;

        Writing(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                connection.send(bytes, offset, length);
            } catch (ConnectionException e) {
                throw SocketFailures.of(e);
            }
        }
    }

    // ---- its addresses

    @Override
    protected @Nullable InetAddress getInetAddress() {
        return connection == null ? null : internet(connection.remoteAddress()).getAddress();
    }

    @Override
    protected int getPort() {
        return connection == null ? 0 : internet(connection.remoteAddress()).getPort();
    }

    @Override
    protected int getLocalPort() {
        if (connection != null) return internet(connection.localAddress()).getPort();
        return local == null ? 0 : local.getPort();
    }

    private InetAddress localAddress() {
        if (connection != null) return internet(connection.localAddress()).getAddress();
        return local == null ? new InetSocketAddress(0).getAddress() : local.getAddress();
    }

    /** A UNIX socket is on this machine: that is the best that can be said to whoever wants an address of the internet. */
    private static InetSocketAddress internet(SocketAddress address) {
        return address instanceof InetSocketAddress known
                ? known
                : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    // ---- its options

    @Override
    public void setOption(int number, Object value) throws SocketException {
        if (number == SocketOptions.SO_TIMEOUT) {
            timeout = (Integer) value;
            limitReads();
        } else if (number == SocketOptions.SO_OOBINLINE) {
            if (value == Boolean.TRUE) throw new SocketException("Urgent data not supported");
        } else {
            ask(named(number), value == Boolean.FALSE && number == SocketOptions.SO_LINGER ? -1 : value);
        }
    }

    private void ask(SocketOption<?> name, Object value) throws SocketException {
        asked.put(name, value);
        Connection open = connection;
        if (open != null) set(open, name, value);
    }

    private void limitReads() {
        Connection open = connection;
        if (open != null) open.timeouts(open.timeouts().withRead(Duration.ofMillis(timeout)));
    }

    @SuppressWarnings("unchecked") // the value was made for the option
    private static <T> void set(Connection open, SocketOption<T> name, Object value) throws SocketException {
        try {
            open.option(name, (T) value);
        } catch (UnsupportedOperationException e) {
            // of TCP, and this is not
        } catch (ConnectionException e) {
            throw (SocketException) new SocketException(e.getMessage()).initCause(e);
        }
    }

    @Override
    public Object getOption(int number) throws SocketException {
        return switch (number) {
            case SocketOptions.SO_TIMEOUT -> timeout;
            case SocketOptions.SO_OOBINLINE -> false;
            case SocketOptions.SO_BINDADDR -> localAddress();
            default -> get(named(number));
        };
    }

    private Object get(SocketOption<?> name) throws SocketException {
        Connection open = connection;
        try {
            if (open != null) return open.option(name);
        } catch (UnsupportedOperationException e) {
            // what was asked for is as good as any
        } catch (ConnectionException e) {
            throw (SocketException) new SocketException(e.getMessage()).initCause(e);
        }
        Object unset = name.type() == Boolean.class ? (Object) false : name == StandardSocketOptions.SO_LINGER ? -1 : 0;
        return asked.getOrDefault(name, name.name().endsWith("BUF") ? (Object) InputHalf.HIGH_MARK : unset);
    }

    private static SocketOption<?> named(int number) throws SocketException {
        return switch (number) {
            case SocketOptions.TCP_NODELAY -> StandardSocketOptions.TCP_NODELAY;
            case SocketOptions.SO_KEEPALIVE -> StandardSocketOptions.SO_KEEPALIVE;
            case SocketOptions.SO_RCVBUF -> StandardSocketOptions.SO_RCVBUF;
            case SocketOptions.SO_SNDBUF -> StandardSocketOptions.SO_SNDBUF;
            case SocketOptions.SO_LINGER -> StandardSocketOptions.SO_LINGER;
            case SocketOptions.SO_REUSEADDR -> StandardSocketOptions.SO_REUSEADDR;
            case SocketOptions.IP_TOS -> StandardSocketOptions.IP_TOS;
            default -> throw new SocketException("this socket has no option " + number);
        };
    }

    @Override
    protected <T> void setOption(SocketOption<T> name, T value) throws IOException {
        requireKnown(name);
        ask(name, Objects.requireNonNull((Object) value));
    }

    @Override
    @SuppressWarnings("unchecked") // as it was set
    protected <T> T getOption(SocketOption<T> name) throws IOException {
        requireKnown(name);
        return (T) get(name);
    }

    private static void requireKnown(SocketOption<?> name) {
        if (!OPTIONS.contains(name)) throw new UnsupportedOperationException("'" + name + "' not supported");
    }

    @Override
    protected Set<SocketOption<?>> supportedOptions() {
        return OPTIONS;
    }
}

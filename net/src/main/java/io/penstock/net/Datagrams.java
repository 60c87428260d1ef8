package io.penstock.net;

import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A datagram socket, UDP or UNIX: whole messages to and from anybody, or one peer.
 *
 * <p>{@snippet :
 * try (var loops = Loops.open();
 *         var socket = Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress("127.0.0.1", 7000)))) {
 *     while (true) {
 *         Datagram question = socket.receive();
 *         socket.send(question.data(), question.peer());
 *     }
 * }
 * }
 *
 * <p>Owned by the {@link Scope} that opened it; any thread may use it, one to receive and one to send at a time. Nothing is read ahead: what nobody
 * receives waits in the kernel's buffer, and what does not fit there is dropped and {@linkplain Counts#dropped counted}. A waiting thread
 * that is interrupted closes the socket, as it does a {@link Connection}.
 *
 * <p>Answers to OpenResty's {@code ngx.socket.udp}, which is connected only, and not duplex. UNIX datagrams need Linux and the epoll or
 * io_uring transport.
 */
public interface Datagrams extends AutoCloseable {
    /**
     * What has happened so far, as of the call.
     *
     * @param received datagrams received
     * @param sent datagrams that the operating system took
     * @param truncated of those received, how many were longer than what was asked for
     * @param dropped how many came while the kernel's buffer was full; 0 on the transport {@code nio}, which cannot tell
     * @param opened when the socket was opened
     */
    record Counts(long received, long sent, long truncated, long dropped, Instant opened) {}

    /**
     * Opens a socket that receives from and sends to anybody.
     *
     * @throws ConnectionException {@code ADDRESS} when it cannot be bound
     * @throws UnsupportedOperationException when this transport has no such socket or option
     */
    static Datagrams open(Loops loops, DatagramOptions options) throws ConnectionException {
        return io.penstock.net.internal.SocketDatagrams.open(loops, null, options);
    }

    /** As {@link #connect(Loops, SocketAddress, DatagramOptions)}, with the usual options. */
    static Datagrams connect(Loops loops, SocketAddress peer) throws ConnectionException {
        return connect(loops, peer, DatagramOptions.DEFAULT);
    }

    /**
     * Opens a socket to one peer: datagrams of others do not reach it, and when the peer's host says that nobody listens there, the next
     * operation fails with {@code REFUSED}. Nothing is sent by this. A name is resolved first.
     *
     * @throws ConnectionException also {@code UNRESOLVED}, {@code UNREACHABLE}, or {@code REFUSED} when there is no such UNIX socket
     */
    static Datagrams connect(Loops loops, SocketAddress peer, DatagramOptions options) throws ConnectionException {
        return io.penstock.net.internal.SocketDatagrams.open(loops, peer, options);
    }

    /** As {@link #adopt(Loops, int, DatagramOptions)}, with the usual options. */
    static Datagrams adopt(Loops loops, int descriptor) throws ConnectionException {
        return adopt(loops, descriptor, DatagramOptions.DEFAULT);
    }

    /**
     * Receives and sends on a socket, UDP or UNIX, connected or not, that was opened elsewhere, and owns it from then on as a
     * {@linkplain Connection#adopt(int, AdoptOptions) connection} does. The file of a UNIX socket is left to whoever made it.
     *
     * @throws ConnectionException {@code INVALID_DESCRIPTOR}, {@code NOT_A_SOCKET}, {@code NOT_DATAGRAMS}, {@code ALREADY_ADOPTED}; the
     *     descriptor is as it was, and still the caller's
     * @throws IllegalArgumentException when the options have a local address or options of the socket, which has both already
     * @throws UnsupportedOperationException when the loops run on neither epoll nor io_uring
     */
    static Datagrams adopt(Loops loops, int descriptor, DatagramOptions options) throws ConnectionException {
        return io.penstock.net.internal.SocketDatagrams.adopt(loops, descriptor, options);
    }

    /** Receives the next datagram, at most {@link DatagramOptions#largest} bytes of it. */
    Datagram receive() throws ConnectionException;

    /**
     * Receives the next datagram.
     *
     * @param max how many bytes of it are kept; with 0 it is read and dropped
     * @throws ConnectionException {@code TIMEOUT}, after which one that comes late is the next to be received; {@code REFUSED} of a
     *     connected socket, which stays open; {@code BUSY_READING}; {@code CLOSED}
     * @throws IllegalArgumentException when {@code max} is negative, or more than {@link DatagramOptions#largest}
     */
    Datagram receive(int max) throws ConnectionException;

    /**
     * Waits for a datagram and receives what is there, with as few system calls as the operating system offers.
     *
     * @param count how many at most
     * @return one or more, in the order of their arrival
     */
    List<Datagram> receiveMany(int count) throws ConnectionException;

    /** Sends to the connected peer; see {@link #send(byte[], SocketAddress)}. */
    int send(byte[] data) throws ConnectionException;

    /** Sends a text as UTF-8 to the connected peer; see {@link #send(byte[], SocketAddress)}. */
    default int send(String text) throws ConnectionException {
        return send(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends a text as UTF-8; see {@link #send(byte[], SocketAddress)}. */
    default int send(String text, SocketAddress to) throws ConnectionException {
        return send(text.getBytes(StandardCharsets.UTF_8), to);
    }

    /**
     * Sends one datagram, whole or not at all. Waits while the socket has no room for it, at most the write timeout; a timeout leaves the
     * socket usable.
     *
     * @return how many bytes were sent, which is all of them
     * @throws ConnectionException {@code TOO_LONG} when it cannot travel whole; {@code REFUSED} when an earlier one was answered so, or
     *     there is no such UNIX socket; {@code BUSY_WRITING}; {@code CLOSED}
     */
    int send(byte[] data, SocketAddress to) throws ConnectionException;

    /** Sends what remains in the buffer to the connected peer, and consumes it when it was sent. */
    int send(ByteBuffer data) throws ConnectionException;

    /** Sends what remains in the buffer, and consumes it when it was sent. */
    int send(ByteBuffer data, SocketAddress to) throws ConnectionException;

    /**
     * Sends datagrams in order, with as few system calls as the operating system offers, until all are sent or one fails.
     *
     * @return how many were sent. When that is fewer than given, the next one failed: sending it again tells why
     * @throws ConnectionException when the first one failed
     */
    int sendMany(List<Datagram> datagrams) throws ConnectionException;

    /** A number unique among connections and sockets of this process, for logs. */
    long id();

    /** Where it is bound, with the real port. */
    SocketAddress localAddress();

    /** The peer it is connected to; null when it is not. */
    @Nullable
    SocketAddress peer();

    /** The loop that watches this socket. */
    Loop loop();

    Counts counts();

    boolean isOpen();

    Timeouts timeouts();

    /** Sets how long operations that start from now on may wait; {@code connect} is of no meaning here. */
    void timeouts(Timeouts timeouts);

    /** Sets one limit over everything that follows; lift it with {@link Deadline#close()}. Setting a new one replaces it. */
    Deadline deadline(Duration total);

    /**
     * Sets a socket option: those of {@link java.net.StandardSocketOptions} that datagrams have, and {@link DatagramOptions#TTL}.
     *
     * @throws UnsupportedOperationException when this kind of socket has no such option
     */
    <T> void option(SocketOption<T> name, T value) throws ConnectionException;

    /** Receives what is sent to a multicast group, on an interface. */
    default void join(InetAddress group, NetworkInterface on) throws ConnectionException {
        join(group, on, null);
    }

    /**
     * Receives what is sent to a multicast group, on an interface, by one source. Closing the socket leaves all groups.
     *
     * @param source null for all sources
     * @throws ConnectionException {@code ADDRESS} when this is not possible, or was done before
     */
    void join(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws ConnectionException;

    /** Ends what {@link #join(InetAddress, NetworkInterface, InetAddress)} with the same arguments began. */
    void leave(InetAddress group, NetworkInterface on, @Nullable InetAddress source) throws ConnectionException;

    /** Who answers for this socket: when that scope ends, it is closed, unless it is closed before. */
    Scope scope();

    /**
     * Moves the socket to another scope, so that it outlives the one it was opened in. Any thread.
     *
     * @return this socket
     * @throws IllegalStateException when that scope has ended; nothing is changed
     */
    Datagrams transfer(Scope to);

    /**
     * Gives the descriptor to the caller and ends this object; threads that wait get {@code CLOSED}. Datagrams that nobody has received stay in
     * the kernel's buffer.
     *
     * @return a datagram socket; it does not block, is not inherited by programs that this one starts, and its file, if it is a UNIX
     *     socket, stays
     * @throws ConnectionException {@code CLOSED} when it has been closed or detached before
     * @throws UnsupportedOperationException on the transport {@code nio}
     */
    int detach() throws ConnectionException;

    /** Ends the socket: waiting threads get {@code CLOSED}, the port is free again, the file of a UNIX socket is removed. Idempotent. */
    @Override
    void close();
}

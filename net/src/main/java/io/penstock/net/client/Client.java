package io.penstock.net.client;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.TlsClient;
import io.penstock.net.TlsSession;
import io.penstock.net.internal.NettyConnector;
import io.penstock.net.internal.SpinLock;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A client that tells a handler what happens, instead of having a thread wait for it: the callback face of a {@link Connection}.
 *
 * <p>{@snippet :
 * Client client = Client.of(loops, new ClientHandler() {
 *     @Override
 *     public void onConnect(Client client) {
 *         client.send("PING\r\n");
 *     }
 *
 *     @Override
 *     public void onReceive(Client client, ByteBuffer packet) {
 *         client.close();
 *     }
 *
 *     @Override
 *     public void onError(Client client, ConnectionException failure) {
 *         log.warn("nobody there", failure);
 *     }
 *
 *     @Override
 *     public void onClose(Client client, ClientEnd end) {
 *         log.info("closed: {}", end.cause());
 *     }
 * });
 * client.connect(Endpoint.of("redis.example", 6379));
 * }
 *
 * <p>It is a thin face: a {@link Connector} or a {@link io.penstock.net.Pool} opens the connection, with all that an {@link Endpoint} may ask
 * for, within one connect timeout, and a virtual thread tells the handler, in order. So nothing is told inside a call that causes it, and
 * every {@code connect} ends in exactly one {@link ClientHandler#onError} or {@link ClientHandler#onClose}.
 *
 * <p>All methods may be called from any thread and never wait, but for {@link #sendFile}, which opens the file, and for {@link #startTls} and
 * {@link #takeOver}, which are the handler's.
 *
 * <p>Answers to {@code Swoole\Async\Client}.
 */
public final class Client {
    private final Connector connector;

    /** The handler is told here, and a pool looks here first. */
    private final Loop loop;

    private final ClientOptions options;
    private final ClientHandler handler;

    private final SpinLock lock = new SpinLock();

    /** The current use, or the last one. */
    private volatile @Nullable Session session;

    /** A thread tells the handler, and goes on with the next use when this one has ended. */
    private boolean running;

    private Client(Loops loops, ClientOptions options, ClientHandler handler) {
        this.connector = Connector.of(loops, options.connector());
        this.loop = home(loops);
        this.options = options;
        this.handler = Objects.requireNonNull(handler, "a client needs a handler");
    }

    /** A client as {@link #of(Loops, ClientOptions, ClientHandler)} makes it, with {@link ClientOptions#DEFAULT}. */
    public static Client of(Loops loops, ClientHandler handler) {
        return of(loops, ClientOptions.DEFAULT, handler);
    }

    /** A client of the caller's loop, or the next of these, that is not connected, and holds nothing until it is. */
    public static Client of(Loops loops, ClientOptions options, ClientHandler handler) {
        return new Client(loops, options, handler);
    }

    // ---- its life

    /**
     * Begins to connect, and returns. {@link ClientHandler#onConnect} or {@link ClientHandler#onError} is told of it.
     *
     * @throws IllegalStateException when it is connected, or connecting
     */
    public void connect(Endpoint endpoint) {
        DatagramOptions datagrams = options.datagrams();
        if (datagrams == null) {
            open(new StreamSession(this, endpoint));
            return;
        }
        if (!endpoint.equals(Endpoint.of(endpoint.address()).withTag(endpoint.tag()))) {
            throw new IllegalArgumentException(
                    "datagrams go without proxies and TLS, and from where their options say");
        }
        open(new DatagramSession(this, datagrams, endpoint.address()));
    }

    /** As {@link #connect(Endpoint)}, to a host, a name or an address. */
    public void connect(String host, int port) {
        connect(Endpoint.of(host, port));
    }

    /** As {@link #connect(Endpoint)}, to an address, such as that of a UNIX socket. */
    public void connect(SocketAddress address) {
        connect(Endpoint.of(address));
    }

    /**
     * Begins to open a datagram socket without a peer, which receives from anybody and sends to whom each {@link #sendTo} names.
     *
     * @throws IllegalStateException when it is open or being opened, or not {@linkplain ClientOptions#datagrams() for datagrams}
     */
    public void open() {
        DatagramOptions datagrams = options.datagrams();
        if (datagrams == null) throw new IllegalStateException("a client for streams needs a peer: connect it");
        open(new DatagramSession(this, datagrams, null));
    }

    private void open(Session next) {
        if (begin(next)) return;
        throw new IllegalStateException(
                "the client is connected or connecting: connect it again from onError or onClose, or behind them");
    }

    /** False when the last use has not ended. */
    private boolean begin(Session next) {
        boolean first;
        lock.lock();
        try {
            Session last = session;
            if (last != null && !last.hasEnded()) return false;
            session = next;
            first = !running;
            running = true;
        } finally {
            lock.unlock();
        }
        if (first) loop.spawn("client", this::live);
        return true;
    }

    private static Loop home(Loops loops) {
        Loop current = Loop.current();
        return current != null && loops.all().contains(current) ? current : loops.next();
    }

    private void live() {
        for (Session each = session; each != null; each = next(each)) each.live();
    }

    /** The use that was asked for while the last one ended; null when there is none, and the thread is not needed any more. */
    private @Nullable Session next(Session last) {
        lock.lock();
        try {
            running = session != last;
            return running ? session : null;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it is connected, and neither side has begun to close it. */
    public boolean isOpen() {
        Session current = session;
        return current != null && current.isOpen();
    }

    /**
     * Closes the client: no packet is told any more, and what waits to be sent is dropped. When something is, the peer sees a reset, so that it
     * cannot take what it has got for the whole. Legal at any time: dialling is given up, and {@link ClientHandler#onError} says so. A handler
     * that is being told something is waited for, and so is, within the write timeout, a peer that does not take what the connection has taken
     * over; {@link #abort()} does not wait for them to end the connection.
     *
     * <p>With a {@linkplain ClientOptions#pool() pool}, a connection goes back to it, which keeps it if nothing is unread, and nothing was
     * {@linkplain ClientHandler#onIdle expected in vain}.
     *
     * @return false when it was closed before; nothing is told then
     */
    public boolean close() {
        return close(Session::close);
    }

    /** As {@link #close()}, once everything is sent that was accepted; nothing more is accepted, and no packet is told any more. */
    public boolean closeAfterFlush() {
        return close(Session::closeAfterFlush);
    }

    /** As {@link #close()}, but whatever is under way: the peer sees a reset at once, and no pool gets the connection. */
    public boolean abort() {
        return close(Session::abort);
    }

    /** A client that was never used is so now, for its end to be told. */
    private boolean close(Predicate<Session> how) {
        while (true) {
            Session current = session;
            if (current != null) return how.test(current);
            Session none = new StreamSession(this, null);
            none.close();
            if (begin(none)) return true;
        }
    }

    // ---- sending

    /** As {@link #send(byte[], int, int)}, all of the array. */
    public boolean send(byte[] bytes) {
        return send(bytes, 0, bytes.length);
    }

    /**
     * Accepts bytes for sending, all of them or none, and returns at once; the array may be reused then. Sends of several threads are not mixed.
     *
     * @return false when there is no room for them; {@link ClientHandler#onBufferEmpty} is told when it is worth trying again
     * @throws IllegalStateException when the client is not open, is being closed or secured, or its output was shut down
     * @throws IllegalArgumentException when they are more than {@link ClientOptions#limit()}
     */
    public boolean send(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        return used().send(bytes, offset, length);
    }

    /** Accepts a text, as UTF-8; see {@link #send(byte[], int, int)}. */
    public boolean send(CharSequence text) {
        return send(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Accepts what remains in the buffer, and consumes it if it does; see {@link #send(byte[], int, int)}. */
    public boolean send(ByteBuffer bytes) {
        int length = bytes.remaining();
        boolean accepted;
        if (bytes.hasArray()) {
            accepted = send(bytes.array(), bytes.arrayOffset() + bytes.position(), length);
        } else {
            var copy = new byte[length];
            bytes.get(bytes.position(), copy);
            accepted = send(copy);
        }
        if (accepted) bytes.position(bytes.limit());
        return accepted;
    }

    /**
     * Accepts a datagram for sending to whom it names; see {@link #send(byte[], int, int)}. What keeps it from being sent is told as
     * {@link ClientHandler#onDatagramFailed}.
     *
     * @param to a name is resolved before it is sent, which holds up those behind it
     * @throws IllegalArgumentException when the socket cannot send to such an address
     */
    public boolean sendTo(byte[] datagram, SocketAddress to) {
        if (used() instanceof DatagramSession datagrams) return datagrams.send(datagram, to);
        throw new IllegalStateException("a client for streams sends to its peer only");
    }

    /**
     * Accepts what remains in several buffers, such as a head and its body, as one send: all of it or nothing, and nothing gets between them; see
     * {@link #send(byte[], int, int)}.
     */
    public boolean send(ByteBuffer... buffers) {
        int length = 0;
        for (ByteBuffer each : buffers) length = Math.addExact(length, each.remaining());
        ByteBuffer all = ByteBuffer.allocate(length);
        for (ByteBuffer each : buffers) all.put(each.duplicate());
        if (!send(all.array())) return false;
        for (ByteBuffer each : buffers) each.position(each.limit());
        return true;
    }

    /** As {@link #sendFile(Path, long, long)}, all of the file. */
    public boolean sendFile(Path file) throws IOException {
        return stream().sendFile(Piece.File.open(file));
    }

    /**
     * Accepts a part of a file for sending, behind what was accepted before, and without copying it through this process where the
     * connection allows that. The file is opened in this call, which parks until a worker has done it on a thread of a loop, and blocks the
     * loop on its own; until it is sent it counts as 64 KiB.
     *
     * @return false when there is no room for it
     * @throws IOException when it cannot be opened
     * @throws IllegalArgumentException when it has no such part
     * @throws IllegalStateException as {@link #send(byte[], int, int)} does
     */
    public boolean sendFile(Path file, long offset, long length) throws IOException {
        return stream().sendFile(Piece.File.open(file).part(offset, length));
    }

    /** How many bytes were accepted and wait to be sent; not those that the connection has taken over, 64 KiB at most. */
    public long queued() {
        return used().queue.queued();
    }

    /**
     * Ends the writing half behind what was accepted: the peer receives all of it and then the end of the stream, and may go on sending.
     *
     * @return false when it was done before
     * @throws IllegalStateException when the client is not open, or is being secured
     */
    public boolean shutdownOutput() {
        return stream().shutdownOutput();
    }

    // ---- receiving

    /**
     * Tells no packets until {@link #resume()}, also none that has come already; the peer is held up as soon as the buffers are full. A
     * reset is told at once, the end of the stream afterwards. Idempotent.
     */
    public void pause() {
        used().pause();
    }

    /** Ends a {@link #pause()}. Idempotent. */
    public void resume() {
        used().resume();
    }

    // ---- for the handler

    /**
     * Secures the stream from here on, and waits until that is done: everything accepted leaves in clear before, everything received and not yet
     * told is taken for the peer's part of the handshake. Verifies the peer and its name, unless the options say otherwise. No send
     * is accepted meanwhile.
     *
     * <p>{@snippet :
     * public void onReceive(Client client, ByteBuffer line) throws ConnectionException {
     *     if (isGoAhead(line)) {
     *         client.startTls(TlsClient.DEFAULT, "mail.example");
     *         client.send("EHLO me.example\r\n");
     *     }
     * }
     * }
     *
     * @param host whose certificate the peer must have, and what is asked for (SNI); the options may overrule it
     * @throws ConnectionException when it fails; then the client is closed, for this cause
     * @throws IllegalStateException when this is not the handler's thread, or the client is being closed
     */
    public void startTls(TlsClient options, String host) throws ConnectionException {
        stream().startTls(options, host);
    }

    /**
     * Hands the connection out, when all is sent that was accepted, for a {@link io.penstock.net.Relay} or for straight-line code: its next
     * byte is the one behind the packet that was told last. The client has ended then, which is told as {@link ClientEnd.Cause#TAKEN_OVER}, and
     * the packet of this call is not to be looked at any more.
     *
     * <p>{@snippet :
     * public void onReceive(Client client, ByteBuffer answer) throws ConnectionException {
     *     Relay.between(client.takeOver(), other);
     * }
     * }
     *
     * @return the connection, which is the caller's
     * @throws ConnectionException when it was lost meanwhile
     * @throws IllegalStateException when this is not the handler's thread, or the client is being closed
     */
    public Connection takeOver() throws ConnectionException {
        return stream().takeOver();
    }

    // ---- what it is

    /** How often the connection has been taken out of its pool; 0 for one that was dialled for this use. */
    public int reusedTimes() {
        return stream().connection().stats().reused();
    }

    /** The address of this end, of the last use too. */
    public SocketAddress localAddress() {
        return used().localAddress();
    }

    /** The peer's address, of the last use too. */
    public SocketAddress remoteAddress() {
        return used().remoteAddress();
    }

    /** What was agreed on in the TLS handshake, with the peer's certificates; empty where there was none. */
    public Optional<TlsSession> tls() {
        return stream().connection().tls();
    }

    @Override
    public String toString() {
        Session current = session;
        return current == null ? "client" : current.toString();
    }

    Session used() {
        Session current = session;
        if (current == null) throw new IllegalStateException("the client is not connected: connect it first");
        return current;
    }

    private StreamSession stream() {
        if (used() instanceof StreamSession stream) return stream;
        throw new IllegalStateException("a client for datagrams cannot do this");
    }

    // ---- for its uses

    ClientHandler handler() {
        return handler;
    }

    ClientOptions options() {
        return options;
    }

    Loops loops() {
        return connector.loops();
    }

    SocketAddress resolved(SocketAddress address) throws ConnectionException {
        return ((NettyConnector) connector).resolved(address);
    }

    Connection dial(Endpoint endpoint) throws ConnectionException {
        Pool pool = options.pool();
        return pool == null ? connector.connect(endpoint) : pool.connect(endpoint);
    }
}

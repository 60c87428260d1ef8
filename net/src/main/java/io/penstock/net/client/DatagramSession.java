package io.penstock.net.client;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Datagram;
import io.penstock.net.DatagramOptions;
import io.penstock.net.Datagrams;
import io.penstock.net.Loop;
import io.penstock.net.internal.SocketDatagrams;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A client's use of a datagram socket, UDP or UNIX. */
final class DatagramSession extends Session {
    private static final int MANY = 16;

    private final DatagramOptions how;

    /** Null for anybody. */
    private final @Nullable SocketAddress peer;

    private volatile @Nullable SocketDatagrams socket;

    /** What has come and was not told yet. */
    private final ArrayDeque<Datagram> arrived = new ArrayDeque<>();

    /** Why a datagram was not sent, which is to be told. */
    private final AtomicReference<@Nullable ConnectionException> unsent = new AtomicReference<>();

    DatagramSession(Client client, DatagramOptions how, @Nullable SocketAddress peer) {
        super(client);
        this.how = how;
        this.peer = peer;
    }

    private SocketDatagrams socket() {
        SocketDatagrams open = socket;
        if (open == null) throw new IllegalStateException(this + " has not been open");
        return open;
    }

    @Override
    @Nullable
    SocketAddress target() {
        return peer;
    }

    // ---- the client's thread

    @Override
    void dial() throws ConnectionException {
        SocketAddress to = peer == null ? null : client.resolved(peer);
        Datagrams opened =
                to == null ? Datagrams.open(client.loops(), how) : Datagrams.connect(client.loops(), to, how);
        socket = (SocketDatagrams) opened;
        socket().watch(this::readable);
    }

    @Override
    void receive() throws Exception {
        while (!hasWord()) {
            if (arrived.isEmpty() && !poll()) return;
            Datagram next = arrived.poll();
            if (next == null) continue;
            handler.onDatagram(client, next);
            heard();
        }
    }

    /** False when nothing has come. */
    private boolean poll() throws Exception {
        try {
            return arrived.addAll(socket().poll(MANY));
        } catch (ConnectionException e) {
            if (socket().isOpen()) {
                handler.onDatagramFailed(client, e);
                return true;
            }
            failed(e);
            return false;
        }
    }

    @Override
    void tellFailures() throws Exception {
        ConnectionException failure = unsent.getAndSet(null);
        if (failure != null) handler.onDatagramFailed(client, failure);
    }

    @Override
    void dropInput() {}

    @Override
    boolean watch() {
        return true;
    }

    @Override
    void requireAlive() throws ConnectionException {
        if (!socket().isOpen()) throw ConnectionException.of(Reason.CLOSED, Phase.READ, peer);
    }

    @Override
    ClientEnd leave(ClientEnd end) {
        socket().close();
        return end;
    }

    @Override
    void breakOff() {
        SocketDatagrams broken = socket;
        if (broken != null) broken.close();
    }

    @Override
    Loop loop() {
        return socket().loop();
    }

    @Override
    SocketAddress localAddress() {
        return socket().localAddress();
    }

    @Override
    SocketAddress remoteAddress() {
        SocketAddress known = socket().peer();
        if (known == null)
            throw new IllegalStateException("the client has no peer: each datagram says who has sent it");
        return known;
    }

    // ---- sending

    @Override
    boolean send(byte[] bytes, int from, int count) {
        if (peer == null) throw new IllegalStateException("the client has no peer: say to whom the datagram goes");
        return send(Datagram.of(Arrays.copyOfRange(bytes, from, from + count), null));
    }

    boolean send(byte[] bytes, SocketAddress to) {
        return send(Datagram.of(bytes.clone(), to));
    }

    private boolean send(Datagram datagram) {
        boolean named = datagram.peer() instanceof InetSocketAddress to && to.isUnresolved();
        if (!named) socket().requireSendable(datagram);
        return queue.send(new Piece.Message(datagram));
    }

    @Override
    public int offer(byte[] bytes, int from, int count) {
        return 0;
    }

    /** One datagram that does not get through is not the end. */
    @Override
    public void send(Piece piece) throws ConnectionException {
        Datagram datagram = ((Piece.Message) piece).datagram();
        try {
            if (datagram.peer() == null) {
                socket().send(datagram.data());
            } else {
                socket().send(datagram.data(), client.resolved(datagram.peer()));
            }
        } catch (ConnectionException e) {
            notSent(e);
        } catch (IllegalArgumentException
                | UnsupportedOperationException e) { // the name has turned out to be another kind of address
            notSent(ConnectionException.of(Reason.FAILED, Phase.WRITE, datagram.peer(), "it cannot be sent: " + e, e));
        }
    }

    private void notSent(ConnectionException failure) throws ConnectionException {
        // behind a peer that has stalled once, a flush would take as long for each that waits
        boolean stalled = failure.reason() == Reason.TIMEOUT && !isOpen();
        if (stalled || !socket().isOpen()) throw failure;
        unsent.compareAndSet(null, failure);
        tell();
    }

    @Override
    public void spawn(Runnable work) {
        loop().spawn("client sends", work::run);
    }
}

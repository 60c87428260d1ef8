package io.penstock.net.client;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Endpoint;
import io.penstock.net.Framed;
import io.penstock.net.Loop;
import io.penstock.net.TlsClient;
import io.penstock.net.client.ClientEnd.Cause;
import io.penstock.net.event.Action;
import io.penstock.net.internal.Packets;
import io.penstock.net.internal.StreamConnection;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A client's use of a connection: TCP or UNIX, with TLS or without. */
final class StreamSession extends Session {
    /** Null for a client that is closed before it was ever connected. */
    private final @Nullable Endpoint endpoint;

    private volatile @Nullable StreamConnection connection;
    private @Nullable Packets packets;
    private final Framed.Handler<HandlerException> telling = this::tell;
    private final Runnable readable = this::readable;
    private Action watchingEnd = () -> false;

    /** The connection is gone, be it known yet or not what has come of it. */
    private volatile boolean gone;

    StreamSession(Client client, @Nullable Endpoint endpoint) {
        super(client);
        this.endpoint = endpoint;
    }

    StreamConnection connection() {
        StreamConnection open = connection;
        if (open == null) throw new IllegalStateException(this + " has not been open");
        return open;
    }

    // ---- the client's thread

    @Override
    @Nullable
    SocketAddress target() {
        return endpoint == null ? null : endpoint.address();
    }

    @Override
    void dial() throws ConnectionException {
        var dialled = (StreamConnection) client.dial(Objects.requireNonNull(endpoint));
        dialled.timeouts(options.connector().timeouts());
        connection = dialled;
        packets = dialled.packets(options.framing());
        watchingEnd = dialled.whenClosed(() -> {
            gone = true;
            tell();
        });
    }

    @Override
    void receive() throws Exception {
        Packets from = Objects.requireNonNull(packets);
        boolean ended = connection().inputEnd().isPresent();
        boolean more;
        try {
            more = from.receive(telling, ended);
        } catch (ConnectionException e) {
            failed(e);
            return;
        }
        if (!more) peerEnded();
    }

    /** Returns whether the next packet may follow. */
    private boolean tell(ByteBuffer packet) throws HandlerException {
        try {
            handler.onReceive(client, packet);
        } catch (Throwable e) {
            throw new HandlerException(e);
        }
        heard();
        return !hasWord();
    }

    @Override
    void dropInput() {
        if (options.pool() == null) connection().shutdownInput();
    }

    @Override
    boolean watch() {
        if (connection().whenReadable(readable)) return true;
        heard();
        return false;
    }

    /** One of which both halves have ended in order is gone, but was not lost. */
    @Override
    void requireAlive() throws ConnectionException {
        if (gone && !(isOutputOver() && connection().inputEnd().equals(Optional.of(Reason.EOF)))) {
            connection().requireOutput();
        }
    }

    @Override
    ClientEnd leave(ClientEnd how) {
        watchingEnd.cancel();
        StreamConnection left = connection();
        try {
            switch (how.cause()) {
                case TAKEN_OVER -> {}
                case CLOSED, PEER_ENDED -> {
                    if (isAborted() || how.unsent() > 0 || how.failure() != null) {
                        left.abort(); // a stream that is cut off must not look like a whole one
                    } else if (how.cause() == Cause.CLOSED && options.pool() != null && !wasSilent()) {
                        left.release();
                    } else if (isClosing()) {
                        left.closeGently();
                    } else {
                        left.close();
                    }
                }
                default -> left.abort();
            }
            return how;
        } catch (ConnectionException e) {
            return how.instead(e);
        }
    }

    @Override
    Loop loop() {
        return connection().loop();
    }

    @Override
    void breakOff() {
        StreamConnection broken = connection;
        if (broken != null) broken.abort();
    }

    void startTls(TlsClient tls, String host) throws ConnectionException {
        requireHandler("startTls");
        requireOpen("secured");
        Objects.requireNonNull(packets).leave();
        queue.refuse("it is in a TLS handshake");
        try {
            if (!awaitSent() || !secures(true)) throw closed(Phase.TLS);
            connection().startTls(tls, host);
            reopen();
        } catch (RuntimeException e) { // it was not begun
            reopen();
            throw e;
        } catch (ConnectionException e) {
            failed(e);
            throw e;
        } finally {
            secures(false);
        }
    }

    Connection takeOver() throws ConnectionException {
        requireHandler("takeOver");
        requireOpen("taken over");
        Objects.requireNonNull(packets).leave();
        queue.refuse("its connection was taken over");
        if (!awaitSent() || !end(ClientEnd.of(Cause.TAKEN_OVER))) {
            throw closed(Phase.CONNECT);
        }
        return connection();
    }

    private ConnectionException closed(Phase phase) {
        return ConnectionException.of(Reason.CLOSED, phase, target());
    }

    private void requireOpen(String what) {
        String obstacle = isOpen() ? queue.refusal() : "it is being closed";
        if (obstacle != null) throw new IllegalStateException(this + " cannot be " + what + ": " + obstacle);
    }

    @Override
    SocketAddress localAddress() {
        return connection().localAddress();
    }

    @Override
    SocketAddress remoteAddress() {
        return connection().remoteAddress();
    }

    // ---- sending

    @Override
    boolean send(byte[] bytes, int from, int count) {
        return queue.send(bytes, from, count);
    }

    boolean sendFile(Piece.File file) {
        boolean accepted = false;
        try {
            accepted = queue.send(file);
            return accepted;
        } finally {
            if (!accepted) file.close();
        }
    }

    boolean shutdownOutput() {
        if (!isOpen())
            throw new IllegalStateException("the output of " + this + " cannot be shut down: it is not open");
        return queue.shutdown();
    }

    @Override
    public int offer(byte[] bytes, int from, int count) {
        return connection().offer(bytes, from, count);
    }

    @Override
    public void send(Piece piece) throws ConnectionException {
        switch (piece) {
            case Piece.Bytes bytes -> connection().send(bytes.bytes(), 0, (int) bytes.size());
            case Piece.File file -> {
                try {
                    connection().send(file.file(), file.offset(), file.size());
                } finally {
                    file.close();
                }
            }
            case Piece.End _ -> {
                outputEnds(); // before the connection may be gone for it
                connection().shutdownOutput();
            }
            case Piece.Message _ -> throw new AssertionError("a stream has no datagrams");
        }
    }

    @Override
    public void spawn(Runnable work) {
        connection().loop().spawn("client sends", work::run);
    }
}

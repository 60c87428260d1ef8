package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.CloseCode;
import io.penstock.http.websocket.Message;
import io.penstock.http.websocket.MessageInput;
import io.penstock.http.websocket.WebSocket;
import io.penstock.http.websocket.WebSocketOptions;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Deadline;
import io.penstock.net.Input;
import io.penstock.net.internal.StreamConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A WebSocket over the connection that its handshake was on. */
final class StreamWebSocket implements WebSocket {
    private final StreamConnection connection;
    private final WebSocketOptions options;
    private final Agreement agreement;
    private final boolean client;
    private final Sending sending;
    private final Receiving receiving;
    private final AtomicReference<@Nullable Thread> reader = new AtomicReference<>();

    /** The peer has closed, or nothing more can be received. */
    private final CountDownLatch ended = new CountDownLatch(1);

    // the reader's
    private @Nullable StreamedMessage streamed;
    private boolean dropping;
    private @Nullable ConnectionException failure;

    private StreamWebSocket(
            StreamConnection connection, WebSocketOptions options, Agreement agreement, boolean client) {
        this.connection = connection;
        this.options = options;
        this.agreement = agreement;
        this.client = client;
        Deflate deflate = agreement.deflate();
        this.sending =
                new Sending(connection, client ? new Mask() : null, deflate == null ? null : deflate.deflation(client));
        var frames = new FrameReader(connection, !client, deflate != null, new KeepAlive(sending));
        this.receiving = new Receiving(
                frames,
                sending,
                deflate == null ? null : deflate.peerKeeps(client),
                connection.remoteAddress(),
                options.messageLimit());
    }

    /** One on a connection behind the handshake; what has come with that is received first. */
    static WebSocket on(Connection connection, WebSocketOptions options, Agreement agreement, boolean client) {
        StreamConnection stream = StreamConnection.of(connection);
        stream.timeouts(stream.timeouts().withRead(options.keepAlive()));
        return new StreamWebSocket(stream, options, agreement, client);
    }

    @Override
    public Optional<String> protocol() {
        return Optional.ofNullable(agreement.protocol());
    }

    @Override
    public Connection connection() {
        return connection;
    }

    // ---- receiving

    @Override
    public Message receive() throws ConnectionException {
        return asReader(() -> {
            forget();
            Message message = receiving.whole();
            if (message instanceof Message.Close) ended();
            return message;
        });
    }

    @Override
    public Optional<MessageInput> receiveStream() throws ConnectionException {
        return asReader(() -> {
            forget();
            byte[] before = receiving.resumed();
            if (before == null && !receiving.begin()) {
                ended();
                return Optional.empty();
            }
            var opened = new StreamedMessage(this, receiving.isText(), connection.remoteAddress());
            if (before != null) opened.unread(ByteBuffer.wrap(before));
            streamed = opened;
            return Optional.of(opened);
        });
    }

    /** A piece of the message that is received as a stream; null at its end. */
    byte @Nullable [] piece(StreamedMessage of, byte[] room) throws ConnectionException {
        int count = asReader(() -> {
            if (of != streamed) throw of.over();
            int read = receiving.read(room, 0, room.length);
            if (read < 0) streamed = null;
            return read;
        });
        return count < 0 ? null : Arrays.copyOf(room, count);
    }

    /** Something that one thread at a time may do. */
    private interface Reading<T> {
        T read() throws ConnectionException, Violation;
    }

    private <T> T asReader(Reading<T> reading) throws ConnectionException {
        begin();
        try {
            return reading.read();
        } catch (Violation e) {
            throw failed(e);
        } catch (ConnectionException e) {
            throw failed(e);
        } finally {
            reader.set(null);
        }
    }

    private void begin() throws ConnectionException {
        if (!reader.compareAndSet(null, Thread.currentThread())) {
            throw ConnectionException.of(
                    Reason.BUSY_READING,
                    Phase.READ,
                    connection.remoteAddress(),
                    "another thread is receiving on this WebSocket",
                    null);
        }
        ConnectionException before = failure;
        if (before != null) {
            reader.set(null);
            throw before;
        }
    }

    /** A message that was received as a stream is over when the next one is asked for, even if the rest of it takes its time to come. */
    private void forget() throws ConnectionException, Violation {
        if (streamed != null) dropping = true;
        streamed = null;
        if (dropping) receiving.skip();
        dropping = false;
    }

    /** The peer has broken a rule: it is told which, has a moment to read that, and nothing more is received from it. */
    private ConnectionException failed(Violation violation) {
        ConnectionException told = ConnectionException.of(
                violation.code() == CloseCode.TOO_BIG ? Reason.TOO_LONG : Reason.MALFORMED,
                Phase.READ,
                connection.remoteAddress(),
                violation.reason(),
                null);
        failure = told;
        try (var limit = connection.deadlineWithin(options.closeTimeout())) {
            sending.close(Sending.closePayload(violation.code(), violation.reason()));
            connection.shutdownOutput();
            awaitEnd(limit);
            connection.close();
        } catch (ConnectionException _) {
            connection.abort();
        }
        ended();
        return told;
    }

    private ConnectionException failed(ConnectionException e) {
        if (e.reason() != Reason.TIMEOUT) ended();
        return e;
    }

    private void ended() {
        ended.countDown();
        receiving.release();
    }

    // ---- sending

    @Override
    public void send(String text) throws ConnectionException {
        sending.message(Opcode.TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void send(byte[] bytes) throws ConnectionException {
        sending.message(Opcode.BINARY, bytes);
    }

    @Override
    public long send(Input bytes) throws ConnectionException {
        return sending.stream(bytes);
    }

    @Override
    public void ping(byte[] payload) throws ConnectionException {
        if (payload.length > Sending.CONTROL_LIMIT) {
            throw new IllegalArgumentException("a ping has at most 125 bytes, not " + payload.length);
        }
        sending.ping(payload.clone());
    }

    // ---- closing

    @Override
    public void close(int code, String reason) {
        byte[] payload = Sending.closePayload(code, reason);
        if (!Sending.isCloseCode(code)) throw new IllegalArgumentException("no close may have the code " + code);
        if (payload.length - 2 < reason.getBytes(StandardCharsets.UTF_8).length) {
            throw new IllegalArgumentException("the reason of a close has at most 123 bytes: " + reason);
        }
        try (var limit = connection.deadlineWithin(options.closeTimeout())) {
            sending.close(payload);
            awaitPeer(limit);
            connection.close();
        } catch (ConnectionException _) {
            connection.abort(); // it is gone, or has had its time
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            connection.abort();
        }
        sending.release();
    }

    /** Waits until the peer has closed as well; of a client, until the server has ended the connection. */
    private void awaitPeer(Deadline limit) throws ConnectionException, InterruptedException {
        if (!reader.compareAndSet(null, Thread.currentThread())) {
            ended.await(options.closeTimeout().toNanos(), TimeUnit.NANOSECONDS);
            return;
        }
        try {
            streamed = null; // whoever has it must not take what was there of it for the whole
            if (failure == null && receiving.awaitClose(limit) && client) awaitEnd(limit);
            ended();
        } finally {
            reader.set(null);
        }
    }

    /** Drops what comes until the peer has ended the connection. One that sends without a pause is never waited for. */
    private void awaitEnd(Deadline limit) throws ConnectionException {
        var dropped = ByteBuffer.allocate(4096);
        while (limit.remaining().isPositive() && connection.read(dropped.clear()) >= 0) {
            // nobody wants it
        }
    }

    @Override
    public String toString() {
        return "WebSocket on " + connection;
    }
}

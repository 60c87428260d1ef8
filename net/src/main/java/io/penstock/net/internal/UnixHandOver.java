package io.penstock.net.internal;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Detached;
import io.penstock.net.HandOver;
import io.penstock.net.Timeouts;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Each side begins with a greeting, because until the other side has left its loop, that would read the bytes and lose what comes with them.
 * Then a message is the lengths of two parts, with the descriptor; the state; and the bytes that are unread. The answer is one byte.
 */
public final class UnixHandOver implements HandOver {
    private static final byte[] GREETING = "PNSTKFD1".getBytes(US_ASCII);
    private static final byte[] TAKEN = {'+'};
    private static final int LENGTHS = 2 * Integer.BYTES;
    private static final int MOST_UNREAD = 64 << 20;

    private final RightsSocket socket;
    private final Timeouts timeouts;
    private final SocketAddress peer;
    private final ByteBuffer early;
    private final AtomicBoolean busy = new AtomicBoolean();

    /** Whether a part of a message has come, so that a timeout leaves us in the middle of it. Of whoever is at it. */
    private boolean isBegun;

    private UnixHandOver(Detached from, Connection connection) {
        this.socket = new RightsSocket(from.descriptor());
        this.timeouts = connection.timeouts();
        this.peer = connection.remoteAddress();
        this.early = from.unread();
    }

    public static HandOver over(Connection connection) throws ConnectionException {
        boolean unix = StreamConnection.of(connection).stream().link() instanceof SocketLink link && link.isUnix();
        if (!unix)
            throw new IllegalArgumentException("descriptors travel over UNIX sockets only, not over " + connection);
        SocketAddress named = connection.remoteAddress();
        var handOver = new UnixHandOver(connection.detach(), connection);
        try {
            handOver.greet(named);
        } catch (ConnectionException e) {
            handOver.close();
            throw e;
        }
        return handOver;
    }

    private void greet(SocketAddress named) throws ConnectionException {
        byte[] theirs = new byte[GREETING.length];
        use(Phase.CONNECT, () -> {
            write(GREETING, RightsSocket.NO_DESCRIPTOR);
            int known = Math.min(early.remaining(), theirs.length);
            early.get(theirs, 0, known);
            read(theirs, known);
            return null;
        });
        if (!Arrays.equals(theirs, GREETING) || early.hasRemaining()) {
            throw ConnectionException.of(
                    Reason.MALFORMED,
                    Phase.CONNECT,
                    named,
                    "the other side does not hand over: call HandOver.over there too",
                    null);
        }
    }

    @Override
    public void send(Detached detached, byte[] state) throws ConnectionException {
        if (state.length > LONGEST_STATE) {
            throw new IllegalArgumentException("a state has at most " + LONGEST_STATE + " bytes, not " + state.length);
        }
        ByteBuffer unread = detached.unread();
        var rest = ByteBuffer.allocate(state.length + unread.remaining()).put(state);
        byte[] lengths = ByteBuffer.allocate(LENGTHS)
                .putInt(state.length)
                .putInt(unread.remaining())
                .array();
        rest.put(unread);
        use(Phase.WRITE, () -> {
            write(lengths, detached.descriptor());
            write(rest.array(), RightsSocket.NO_DESCRIPTOR);
            byte[] answer = new byte[TAKEN.length];
            read(answer, 0);
            if (!Arrays.equals(answer, TAKEN)) {
                throw new IOException("the other side sent something instead of taking this: one side sends at a time");
            }
            return null;
        });
        detached.close();
    }

    @Override
    public @Nullable Received receive() throws ConnectionException {
        return use(Phase.READ, this::take);
    }

    private @Nullable Received take() throws IOException, InterruptedException, ConnectionException {
        byte[] lengths = new byte[LENGTHS];
        isBegun = false;
        int first = readSome(lengths, 0, true);
        if (first == 0) return null;
        isBegun = true;
        int descriptor = socket.takeReceived();
        try {
            read(lengths, first);
            var parts = ByteBuffer.wrap(lengths);
            int stateLength = parts.getInt();
            int unreadLength = parts.getInt();
            boolean sane = stateLength >= 0
                    && stateLength <= LONGEST_STATE
                    && unreadLength >= 0
                    && unreadLength <= MOST_UNREAD;
            if (descriptor == RightsSocket.NO_DESCRIPTOR || !sane)
                throw new IOException("a message without a descriptor, or none at all");
            byte[] state = new byte[stateLength];
            byte[] unread = new byte[unreadLength];
            read(state, 0);
            read(unread, 0);
            write(TAKEN, RightsSocket.NO_DESCRIPTOR);
            return new Received(new Detached(descriptor, ByteBuffer.wrap(unread)), state);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (descriptor != RightsSocket.NO_DESCRIPTOR) Departure.close(descriptor);
            throw e;
        }
    }

    // ---- bytes

    private void write(byte[] bytes, int descriptor) throws IOException, InterruptedException {
        for (int sent = 0; sent < bytes.length; ) {
            int count =
                    socket.send(bytes, sent, bytes.length - sent, sent == 0 ? descriptor : RightsSocket.NO_DESCRIPTOR);
            if (count == RightsSocket.LATER) {
                await(RightsSocket.WRITABLE, timeouts.write(), "the other side took nothing within ");
            } else {
                sent += count;
            }
        }
    }

    /** Up to the end of the array. */
    private void read(byte[] into, int from) throws IOException, InterruptedException {
        for (int got = from; got < into.length; ) {
            int count = readSome(into, got, false);
            if (count == 0) throw new EOFException("the other side ended in the middle of a message");
            got += count;
        }
    }

    private int readSome(byte[] into, int from, boolean carrying) throws IOException, InterruptedException {
        while (true) {
            int count = socket.receive(into, from, into.length - from, carrying);
            if (count != RightsSocket.LATER) return count;
            await(RightsSocket.READABLE, timeouts.read(), "nothing came within ");
        }
    }

    private void await(short event, Duration limit, String inactive) throws IOException, InterruptedException {
        int millis = limit.isZero() ? -1 : (int) Math.min(Integer.MAX_VALUE, Math.max(1, limit.toMillis()));
        // a thread of its own, for those of the loops are few, and a successor may be waited for all day
        var polling = new FutureTask<>(() -> socket.await(event, millis));
        Thread.ofPlatform().daemon().name("penstock-hand-over").start(polling);
        boolean ready;
        try {
            ready = polling.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
        if (!ready) throw ConnectionException.of(Reason.TIMEOUT, Phase.READ, peer, inactive + limit, null);
    }

    /** Something that takes the socket for itself. */
    private interface Use<T extends @Nullable Object> {
        T run() throws IOException, InterruptedException;
    }

    private <T extends @Nullable Object> T use(Phase phase, Use<T> use) throws ConnectionException {
        if (!busy.compareAndSet(false, true)) {
            throw ConnectionException.of(phase == Phase.READ ? Reason.BUSY_READING : Reason.BUSY_WRITING, phase, peer);
        }
        try {
            return use.run();
        } catch (ConnectionException e) {
            if (phase != Phase.READ || isBegun) close();
            throw e;
        } catch (InterruptedException e) {
            close();
            Thread.currentThread().interrupt();
            throw ConnectionException.of(Reason.INTERRUPTED, phase, peer);
        } catch (IOException e) {
            Reason reason = socket.isClosed() ? Reason.CLOSED : reasonOf(e);
            close();
            throw ConnectionException.of(reason, phase, peer, String.valueOf(e.getMessage()), e);
        } finally {
            busy.set(false);
        }
    }

    private static Reason reasonOf(IOException failure) {
        return switch (failure) {
            case Errno errno -> errno.reason();
            case EOFException _ -> Reason.EOF;
            default -> Reason.MALFORMED;
        };
    }

    @Override
    public void close() {
        socket.close();
    }
}

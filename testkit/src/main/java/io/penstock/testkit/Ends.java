package io.penstock.testkit;

import io.penstock.net.Connection;
import io.penstock.net.Stats;
import io.penstock.net.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The two ends of one stream: the connection under test, and the far end that the test drives.
 *
 * <p>Owned by the test, which closes it. Its connection is used through {@link #call} and {@link #act}, which run on virtual
 * threads of the connection's loop; its peer directly.
 */
public final class Ends implements AutoCloseable {
    /** An operation with a result. */
    @FunctionalInterface
    public interface Operation<T> {
        T on(Connection connection) throws Exception;
    }

    /** An operation without one. */
    @FunctionalInterface
    public interface Act {
        void on(Connection connection) throws Exception;
    }

    /** One thread, so that what is due at nearly the same time is done one after the other. */
    private static final ScheduledExecutorService CLOCK = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().daemon().name("test clock").unstarted(task));

    private final Connection connection;
    private final Peer peer;
    private final Runnable afterwards;
    private final Stats before;

    /**
     * Of a connection that has a past, such as one that was taken over, only what comes from now on is counted.
     *
     * @param afterwards what there is to do once both ends are gone
     */
    public Ends(Connection connection, Peer peer, Runnable afterwards) {
        this.connection = connection;
        this.peer = peer;
        this.afterwards = afterwards;
        this.before = connection.stats();
        connection.timeouts(Timeouts.of(Await.LIMIT, Await.LIMIT, Await.LIMIT));
    }

    public Connection connection() {
        return connection;
    }

    public Peer peer() {
        return peer;
    }

    /** How many bytes the connection has received since the test has it. */
    public long received() {
        return connection.stats().received() - before.received();
    }

    /** How many bytes of the connection the operating system, or the peer, has taken since the test has it. */
    public long sent() {
        return connection.stats().sent() - before.sent();
    }

    /** Starts an operation on a virtual thread of the connection's loop. */
    public <T> Call<T> call(Operation<T> operation) {
        return callFrom(Caller.LOOP, operation);
    }

    /** Starts an operation on the given kind of thread. */
    public <T> Call<T> callFrom(Caller caller, Operation<T> operation) {
        return Call.start(task -> caller.start(connection.loop(), task), () -> operation.on(connection));
    }

    /** As {@link #call}, for an operation without a result. */
    public Call<Boolean> act(Act act) {
        return call(on -> {
            act.on(on);
            return true;
        });
    }

    /**
     * Lets the peer send the bytes in pieces, each of which arrives by itself as far as that can be arranged: the next one
     * waits a little for the connection to have received the one before.
     */
    public void feed(byte[] bytes, Cut cut) throws IOException {
        long arrived = connection.stats().received();
        List<byte[]> pieces = cut.pieces(bytes);
        for (byte[] piece : pieces) {
            peer.send(piece);
            arrived += piece.length;
            long expected = arrived;
            if (pieces.size() > 1) {
                Await.within(Duration.ofMillis(10), () -> connection.stats().received() >= expected);
            }
        }
    }

    /** As {@link #feed(byte[], Cut)}, with text in UTF-8. */
    public void feed(String text, Cut cut) throws IOException {
        feed(Payload.bytes(text), cut);
    }

    /** Lets the peer send the text after the delay. */
    public void feedAfter(Duration delay, String text) {
        after(delay, () -> peer.send(Payload.bytes(text)));
    }

    /** Lets the peer send one byte at a time, with a pause before each. */
    public void trickle(String text, Duration pause) {
        for (int i = 0; i < text.length(); i++) {
            feedAfter(pause.multipliedBy(i + 1L), text.substring(i, i + 1));
        }
    }

    /** Runs the action after the delay; its failure is ignored, since the connection may be gone by then. */
    static void after(Duration delay, PeerAct act) {
        Runnable quietly = () -> {
            try {
                act.run();
            } catch (IOException _) {
                // the test has ended the connection: nobody is left to be told
            }
        };
        var _ = CLOCK.schedule(quietly, delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Something a peer does. */
    @FunctionalInterface
    interface PeerAct {
        void run() throws IOException;
    }

    /** Ends both ends at once. */
    @Override
    public void close() throws IOException {
        connection.abort();
        peer.reset();
        afterwards.run();
    }
}

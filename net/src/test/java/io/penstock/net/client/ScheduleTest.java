package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.ConnectorOptions;
import io.penstock.net.Endpoint;
import io.penstock.net.Framing;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.client.ClientEnd.Cause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Random schedules against a model of what may be told when: connects that succeed, and fail in each way; bursts, pauses, ends, resets and
 * closes by either side, from outside and in every event. {@code -Dpenstock.client.schedules=100000} for a long run, {@code .seed} to see
 * one of them again.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScheduleTest {
    private static final int SCHEDULES = Integer.getInteger("penstock.client.schedules", 2_000);
    private static final long SEED = Long.getLong("penstock.client.seed", System.nanoTime());
    private static final int AT_ONCE = 16;
    private static final int THINGS = 6;

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));

    /** Also what is told behind the end, when nobody waits for the client any more. */
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

    private final AtomicInteger uses = new AtomicInteger();
    private final AtomicInteger lastEvents = new AtomicInteger();
    private Listener listener;
    private SocketAddress nobody;

    /** A name tells what becomes of it. */
    private final Resolver resolver = host -> {
        if (host.startsWith("unknown")) throw ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, null);
        return List.of(InetAddress.getLoopbackAddress());
    };

    @BeforeAll
    void open() throws IOException {
        SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        listener = Listener.open(loops, any, this::serve);
        Listener gone = Listener.open(loops, any, Connection::close);
        nobody = gone.address();
        gone.close();
    }

    @AfterAll
    void close() {
        listener.close();
        assertThat(loops.close(Duration.ofSeconds(10))).as("nothing is left").isTrue();
        assertThat(failures).isEmpty();
        assertThat(lastEvents).as("last events").hasValue(uses.get());
    }

    /** The peer does as the first packet says: each of its bytes is something to do. */
    private void serve(Connection connection) throws Exception {
        try (connection) {
            int length = connection.receive(1)[0];
            for (byte what : connection.receive(length)) {
                switch (what % THINGS) {
                    case 0 -> connection.send(new byte[] {3, 1, 2});
                    case 1 -> connection.send(new byte[] {2, 1, 2, 2, 3});
                    case 2 -> connection.shutdownOutput();
                    case 3 -> connection.abort();
                    case 4 -> connection.send(new byte[] {0});
                    default -> connection.receiveAny(1 << 20);
                }
            }
            connection.receiveAll(64 << 20);
        }
    }

    /** What may be told next, and what has been. */
    private enum State {
        CONNECTING,
        OPEN,
        PEER_ENDED,
        OVER
    }

    /** One client, what it does, and what it may be told. */
    private final class Run implements ClientHandler {
        private final long seed;
        private final Random random;
        private final Client client;
        private final CompletableFuture<Void> over = new CompletableFuture<>();
        private final AtomicInteger inside = new AtomicInteger();
        private final List<String> events = new ArrayList<>();
        private State state = State.CONNECTING;
        private boolean full;

        /** Somebody has closed it, this use of it or one before. */
        private volatile boolean closed;

        /** The handler itself has closed it: nothing but the last event may follow. */
        private boolean closedInside;

        private int use = 1;

        Run(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
            this.client = Client.of(
                    loops,
                    ClientOptions.DEFAULT
                            .withFraming(Framing.of(bytes -> bytes.get(0) == 0 ? -1 : bytes.get(0)))
                            .withMarks(1024, 8192)
                            .withLimit(1 << 20)
                            .withIdle(random.nextInt(4) == 0 ? Duration.ofMillis(1) : Duration.ZERO)
                            .withConnector(ConnectorOptions.DEFAULT
                                    .withResolver(resolver)
                                    .withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofSeconds(20)))),
                    this);
        }

        void begin() {
            connect();
            if (random.nextInt(8) == 0) end(); // from outside, whatever it is at
        }

        private void connect() {
            uses.incrementAndGet();
            int port = ((InetSocketAddress) listener.address()).getPort();
            client.connect(
                    switch (random.nextInt(8)) {
                        case 0 -> Endpoint.of("unknown.example", port);
                        case 1 -> Endpoint.of(nobody);
                        case 2 -> Endpoint.of("known.example", port).withTls(TlsClient.DEFAULT);
                        case 3 -> Endpoint.of("known.example", port);
                        default -> Endpoint.of(listener.address());
                    });
        }

        private void end() {
            closed = true;
            switch (random.nextInt(3)) {
                case 0 -> client.close();
                case 1 -> client.closeAfterFlush();
                default -> client.abort();
            }
        }

        /** In any event of an open client. */
        private void act() {
            switch (random.nextInt(16)) {
                case 0 -> {
                    end();
                    closedInside = true;
                    assertThat(client.isOpen()).isFalse();
                }
                case 1 -> {
                    client.pause();
                    later(client::resume);
                }
                case 2, 3, 4 -> client.send(new byte[random.nextInt(100_000)]);
                case 5 -> client.shutdownOutput();
                case 6 -> throw new Thrown();
                case 7 -> later(this::end);
                case 8 -> assertThatThrownBy(() -> client.connect(nobody)).isInstanceOf(IllegalStateException.class);
                default -> {}
            }
        }

        private void later(Runnable what) {
            loops.next().schedule(Duration.ofMillis(random.nextInt(3)), what::run);
        }

        /** Checks that this may be told now, and does something. */
        private void told(String event, State next, State... may) {
            try {
                assertThat(inside.incrementAndGet()).as("events at a time").isEqualTo(1);
                events.add(event);
                assertThat(may).as("states for " + event).contains(state);
                assertThat(closedInside).as(event + " behind a close").isFalse();
                state = next;
                if (event.equals("full")) assertThat(full = !full).isTrue();
                if (event.equals("empty")) assertThat(full = !full).isFalse();
                act();
            } catch (IllegalStateException e) {
                // sent what was not accepted any more: it may be closed by another thread at any time
            } catch (AssertionError e) {
                fail(e);
            } finally {
                inside.decrementAndGet();
            }
        }

        @Override
        public void onConnect(Client it) {
            loops.next().schedule(Duration.ofMillis(1 + random.nextInt(10)), this::end); // in the end
            told("connect", State.OPEN, State.CONNECTING);
            var things = new byte[2 + random.nextInt(4)];
            for (int i = 1; i < things.length; i++) things[i] = (byte) random.nextInt(THINGS);
            things[0] = (byte) (things.length - 1);
            try {
                client.send(things);
            } catch (IllegalStateException e) {
                // as above
            }
        }

        @Override
        public void onReceive(Client it, ByteBuffer packet) {
            if (packet.get(0) != packet.remaining()) fail(new AssertionError("no packet"));
            told("receive", State.OPEN, State.OPEN);
        }

        @Override
        public void onEnd(Client it) throws Exception {
            told("end", State.PEER_ENDED, State.OPEN);
            if (random.nextBoolean()) ClientHandler.super.onEnd(it);
        }

        @Override
        public void onBufferFull(Client it) {
            told("full", state, State.OPEN, State.PEER_ENDED);
        }

        @Override
        public void onBufferEmpty(Client it) {
            told("empty", state, State.OPEN, State.PEER_ENDED);
        }

        @Override
        public void onIdle(Client it) {
            told("idle", State.OPEN, State.OPEN);
        }

        @Override
        public void onError(Client it, ConnectionException failure) {
            last("error " + failure.reason(), closed || failure.reason() != Reason.CLOSED, State.CONNECTING);
        }

        @Override
        public void onClose(Client it, ClientEnd end) {
            last("close " + end.cause(), closed || end.cause() != Cause.CLOSED, State.OPEN, State.PEER_ENDED);
        }

        private void last(String event, boolean plausible, State... may) {
            lastEvents.incrementAndGet();
            try {
                assertThat(inside.incrementAndGet()).as("events at a time").isEqualTo(1);
                events.add(event);
                assertThat(may).as("states for " + event).contains(state);
                assertThat(plausible).as(event + " of what nobody has closed").isTrue();
                assertThat(client.isOpen()).isFalse();
                assertThat(client.close()).isFalse();
                full = false;
                closedInside = false;
                if (use++ < 3 && random.nextBoolean()) {
                    state = State.CONNECTING;
                    connect();
                } else {
                    state = State.OVER;
                    over.complete(null);
                }
            } catch (Throwable e) {
                fail(e);
            } finally {
                inside.decrementAndGet();
            }
        }

        private void fail(Throwable e) {
            failures.add(new AssertionError("seed " + seed + " behind " + events, e));
            over.completeExceptionally(e);
        }

        void await() {
            try {
                over.get(20, TimeUnit.SECONDS);
            } catch (Exception e) {
                throw new AssertionError("seed " + seed + ": " + state + " behind " + events, e);
            }
        }
    }

    /** What a handler throws. */
    private static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Thrown() {
            super("of the handler", null, false, false);
        }
    }

    @Test
    void exactlyOneLastEventInEachUseAndNothingOutOfTurn() {
        var running = new ArrayDeque<Run>();
        for (int i = 0; i < SCHEDULES; i++) {
            var run = new Run(SEED + i);
            running.add(run);
            run.begin();
            if (running.size() == AT_ONCE) running.remove().await();
        }
        running.forEach(Run::await);
    }
}

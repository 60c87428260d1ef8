package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import io.penstock.net.Released;
import io.penstock.net.internal.StreamConnection;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Ten thousand random schedules of cuts, stalls, timeouts, cancelled waits and returns to a pool: not one byte is lost, doubled or moved.
 *
 * <p>A schedule is its seed; a failure names it. {@code -Dpenstock.seed=} repeats it as the first one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(120)
final class ConservationTest {
    private static final int OVER_PAIRS = 9_000;
    private static final int OVER_TCP = 300;
    private static final int POOLED = 700;

    /** Neighbouring seeds of {@link Random} begin alike. */
    private static final long SCATTERED = 0x9e3779b97f4a7c15L;

    private static final int AT_ONCE = 40;

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));

    ConservationTest() {
        leaks.watch(loops);
    }

    @AfterAll
    void endLoops() {
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    /** One schedule, begun by its thread. */
    private interface Schedule {
        void run(long seed) throws Exception;
    }

    /** Runs so many schedules, some at once, each on a virtual thread of a loop. */
    private void runAll(int count, TestReporter reporter, Schedule schedule) {
        reporter.publishEntry("seeds", Payload.SEED + " and the " + count + " behind it");
        var next = new AtomicInteger();
        var lanes = new ArrayList<Call<Integer>>();
        for (int lane = 0; lane < AT_ONCE; lane++) {
            lanes.add(Call.start(task -> loops.next().spawn("schedules", task::run), () -> {
                int run = 0;
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    long seed = Payload.SEED + i;
                    try {
                        schedule.run(seed * SCATTERED);
                    } catch (Throwable e) {
                        next.set(count);
                        throw new AssertionError("with -Dpenstock.seed=" + seed + ": " + e.getMessage(), e);
                    }
                    run++;
                }
                return run;
            }));
        }
        Await.until(
                Duration.ofSeconds(90),
                "all schedules have run",
                () -> lanes.stream().allMatch(Call::isDone));
        assertThat(lanes.stream().mapToInt(Call::value).sum()).isEqualTo(count);
    }

    @Test
    void everyByteArrivesOnceOverAPair(TestReporter reporter) {
        runAll(OVER_PAIRS, reporter, seed -> {
            var pair = Connection.pair(loops.next(), loops.next());
            exchange(pair.first(), pair.second(), seed);
        });
    }

    @Test
    void everyByteArrivesOnceOverTcp(TestReporter reporter) throws Exception {
        var connector = Connector.of(loops);
        try (var server = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), peer -> {
            long seed = Long.parseLong(peer.receiveLine());
            send(peer, seed, () -> {});
            peer.receiveAll(); // until the other end has seen all
        })) {
            runAll(OVER_TCP, reporter, seed -> {
                try (Connection c = connector.connect(server.address())) {
                    c.send(seed + "\n");
                    read(c, seed);
                }
            });
        }
    }

    /** Replies are received in part, waits given up, and what is not as good as new must not come back: its next user would know. */
    @Test
    void everyReplyIsThatOfItsRequestOverAPool(TestReporter reporter) throws Exception {
        try (var server = Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), peer -> {
                    while (peer.peek(1).hasRemaining()) {
                        long seed = Long.parseLong(peer.receiveLine());
                        for (byte[] piece : new Cut.AtRandom(seed).pieces(reply(seed))) {
                            pause(new Random(seed));
                            peer.send(piece);
                        }
                    }
                });
                var pool = Pool.of(Connector.of(loops))) {
            runAll(POOLED, reporter, seed -> {
                var random = new Random(seed);
                Connection c = pool.connect(server.address());
                c.send(seed + "\n");
                byte[] reply = reply(seed);
                int got = random.nextBoolean() ? readPatiently(c, reply) : readAnyhow(c, reply, random);
                // a reply that nobody waits for and that has not come yet is nothing a pool could know of
                if (got < reply.length) Await.until("the rest has come", () -> c.buffered() > 0);
                if (c.release(KeepAlive.DEFAULT) == Released.KEPT)
                    assertThat(got).isEqualTo(reply.length);
            });
            assertThat(pool.stats().reused()).isGreaterThan(POOLED / 10);
            assertThat(pool.stats().refused()).isGreaterThan(POOLED / 10);
        }
    }

    /** As good as new is what nobody has given up on. */
    private static int readPatiently(Connection c, byte[] reply) throws ConnectionException {
        assertThat(c.receive(reply.length)).isEqualTo(reply);
        return reply.length;
    }

    private static int readAnyhow(Connection c, byte[] reply, Random random) throws ConnectionException {
        int calls = random.nextInt(4) == 0 ? random.nextInt(20) : 10_000;
        return new Reading(c, reply, random).untilAll(calls);
    }

    private static byte[] reply(long seed) {
        var random = new Random(seed + 7);
        return ConservationContract.lines(random, random.nextInt(300));
    }

    private static void exchange(Connection from, Connection to, long seed) throws Exception {
        var sending = Call.start(
                task -> from.loop().spawn("sender", task::run),
                () -> send(from, seed, ((StreamConnection) to)::cancelReceive));
        read(to, seed);
        sending.value();
        from.close();
        to.close();
    }

    private static byte[] stream(long seed) {
        var random = new Random(seed);
        return ConservationContract.lines(random, random.nextInt(random.nextInt(20) == 0 ? 200_000 : 800));
    }

    private static void read(Connection c, long seed) throws ConnectionException {
        byte[] sent = stream(seed);
        assertThat(new Reading(c, sent, new Random(seed + 1)).toTheEnd()).isEqualTo(sent.length);
    }

    /** Sends by methods drawn at random, with pauses, and ends the output. */
    private static boolean send(Connection c, long seed, Runnable cancelTheReader) throws Exception {
        var random = new Random(seed + 2);
        List<byte[]> pieces = new Cut.AtRandom(seed).pieces(stream(seed));
        for (byte[] piece : pieces) {
            switch (random.nextInt(6)) {
                case 0 -> c.send(Payload.text(piece));
                case 1 -> c.outputStream().write(piece);
                case 2 -> {
                    try (var _ = c.cork()) {
                        int half = piece.length / 2;
                        c.send(piece, 0, half);
                        pause(random);
                        c.send(piece, half, piece.length - half);
                    }
                }
                case 3 -> {
                    c.send(ByteBuffer.allocateDirect(piece.length).put(piece).flip());
                    c.flush();
                }
                default -> c.send(piece);
            }
            pause(random);
            if (random.nextInt(5) == 0) cancelTheReader.run();
        }
        c.shutdownOutput();
        return true;
    }

    /** A stall now and then, shorter or longer than a reader waits. */
    private static void pause(Random random) {
        if (random.nextInt(4) == 0) Await.stays(Duration.ofNanos(random.nextInt(2_000_000)), () -> true);
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * One relay between two peers, each of which sends and receives as its seed has it, until something that the seed has drawn ends it; and
 * what must have become of every byte, and been told, then.
 */
final class RelaySchedule {
    /** What makes a relay of two connections. */
    interface Maker {
        Relay between(Connection first, Connection second, RelayOptions options);
    }

    /** What ends it. */
    private enum Event {
        BOTH_END,
        ONE_ENDS_BOTH,
        RESET,
        RESET_BEHIND_ITS_END,
        ABORT,
        CLOSE,
        IDLE,
        LINGER,
        LIFETIME;

        /**
         * Half of all relays end by themselves; and of those that wait for a limit there are few.
         *
         * @param resets whether a reset of a peer can be told from its end
         */
        static Event of(Random random, boolean resets) {
            Event drawn = draw(random);
            return resets || drawn != RESET && drawn != RESET_BEHIND_ITS_END ? drawn : BOTH_END;
        }

        private static Event draw(Random random) {
            return switch (random.nextInt(20)) {
                case 0, 1 -> ONE_ENDS_BOTH;
                case 2, 3 -> RESET;
                case 4 -> RESET_BEHIND_ITS_END;
                case 5, 6 -> ABORT;
                case 7 -> CLOSE;
                case 8 -> values()[IDLE.ordinal() + random.nextInt(3)];
                default -> BOTH_END;
            };
        }

        RelayOptions options() {
            Duration limit = Duration.ofMillis(3);
            return switch (this) {
                case ONE_ENDS_BOTH -> RelayOptions.DEFAULT.withCloseOnEof(true);
                case IDLE -> RelayOptions.DEFAULT.withIdle(limit);
                case LINGER -> RelayOptions.DEFAULT.withLinger(limit);
                case LIFETIME -> RelayOptions.DEFAULT.withLifetime(limit);
                default -> RelayOptions.DEFAULT;
            };
        }

        List<Cause> causes() {
            return switch (this) {
                case BOTH_END -> List.of(Cause.COMPLETE);
                case ONE_ENDS_BOTH -> List.of(Cause.ONE_ENDED);
                case RESET -> List.of(Cause.RESET);
                case RESET_BEHIND_ITS_END -> List.of(Cause.RESET, Cause.COMPLETE);
                case ABORT, CLOSE -> List.of(Cause.ABORTED);
                case IDLE -> List.of(Cause.IDLE);
                case LINGER -> List.of(Cause.LINGER);
                case LIFETIME -> List.of(Cause.LIFETIME);
            };
        }
    }

    /** What a sender has come to: whether its stream has ended in order. */
    private record Sent(long bytes, boolean whole) {}

    /** What a reader has come to. */
    private record Got(long bytes, Reason end) {}

    /** So many reads may be followed by a stall, and no more: there may be hundreds of thousands. */
    private static final int STALLS = 100;

    /** And so many may be of a byte or two: more than a million take a busy machine longer than a test may. */
    private static final int SMALL_READS = 1000;

    private final long seed;
    private final Event event;

    /** Whether a peer on the left is reset where it is aborted; a UNIX socket shows the end. */
    private final boolean resets;

    /** The ends that the test drives, and those that are relayed. */
    private final Connection.Pair left;

    private final Connection.Pair right;
    private final Relay relay;

    /** The longest stream. */
    private final int most;

    private final List<RelayEnd> told = new CopyOnWriteArrayList<>();

    private RelaySchedule(
            long seed, boolean resets, int most, Connection.Pair left, Connection.Pair right, Maker maker) {
        this.seed = seed;
        this.event = Event.of(new Random(seed), resets);
        this.resets = resets;
        this.most = most;
        this.left = left;
        this.right = right;
        this.relay = maker.between(left.second(), right.second(), event.options());
    }

    /** Runs one over sockets alone, whose other ends are on the same loop and may be spliced; now and then much goes through them. */
    static void runOverSockets(long seed, Transport transport, Loops loops, Maker maker) throws Exception {
        Connection.Pair left = transport.open(loops);
        Connection.Pair right = Transport.TCP.open(loops);
        try {
            new RelaySchedule(seed, transport != Transport.UNIX, 3_000_000, left, right, maker).run(loops);
        } finally {
            left.first().abort();
            right.first().abort();
        }
    }

    /** Runs one on the calling virtual thread of a loop. */
    static void run(long seed, Transport transport, Loops loops, Maker maker) throws Exception {
        Connection.Pair left = transport.open(loops);
        Loop first = loops.all().getFirst();
        Connection.Pair right =
                Connection.pair(first, seed % 2 == 0 ? first : loops.all().getLast());
        try {
            new RelaySchedule(seed, transport != Transport.UNIX, 300_000, left, right, maker).run(loops);
        } finally {
            left.first().abort();
            right.first().abort();
        }
    }

    private void run(Loops loops) throws Exception {
        relay.whenEnded(told::add);
        var sending = Call.start(task -> loops.next().spawn("left", task::run), () -> send(left.first(), 1, true));
        var answering = Call.start(task -> loops.next().spawn("right", task::run), () -> send(right.first(), 2, false));
        var reading = Call.start(task -> loops.next().spawn("reader", task::run), () -> receive(left.first(), 2));
        Got there = receive(right.first(), 1);
        Got back = reading.value();
        RelayEnd end = relay.join();
        Sent sent = sending.value();
        Sent answered = answering.value();

        assertThat(end.cause()).as("%s", event).isIn(event.causes());
        expect(there, sent, end.there(), end.cause());
        if (looksAsItIs(end)) expect(back, answered, end.back(), end.cause());
        Await.until("the end is told", () -> !told.isEmpty());
        assertThat(told).containsExactly(end);
    }

    /** Whether the end is seen for what it is on the left. */
    private boolean looksAsItIs(RelayEnd end) {
        return event != Event.CLOSE && (resets || end.cause() != Cause.ABORTED);
    }

    private void expect(Got got, Sent sent, long relayed, Cause cause) {
        assertThat(got.bytes()).isLessThanOrEqualTo(relayed);
        assertThat(relayed).isLessThanOrEqualTo(sent.bytes());
        switch (cause) {
            case COMPLETE -> {
                if (event == Event.BOTH_END)
                    assertThat(got).as("%s", event).isEqualTo(new Got(sent.bytes(), Reason.EOF));
            }
            case ONE_ENDED, IDLE, LINGER, LIFETIME ->
                assertThat(got).as("%s", event).isEqualTo(new Got(relayed, Reason.EOF));
            default -> {
                // what looks whole is whole
                if (got.end() == Reason.EOF) assertThat(sent).as("%s", event).isEqualTo(new Sent(got.bytes(), true));
            }
        }
    }

    /** Sends at random; the one that is to, does what ends the relay, half way or behind it. */
    private Sent send(Connection peer, int key, boolean ends) throws Exception {
        var mine = new Random(seed + key);
        int size = mine.nextInt(mine.nextInt(40) == 0 ? most : 900);
        int half = ends ? mine.nextInt(size + 1) : 0;
        try {
            send(peer, key, 0, half, mine);
            if (ends && happens(peer)) return new Sent(half, false);
            send(peer, key, half, size, mine);
            peer.shutdownOutput();
            if (ends && event == Event.RESET_BEHIND_ITS_END) peer.abort();
            return new Sent(size, true);
        } catch (ConnectionException e) {
            assertThat(event).as("%s", e).isNotEqualTo(Event.BOTH_END);
            return new Sent(size, false); // or less
        }
    }

    private static void send(Connection peer, int key, int from, int to, Random mine) throws ConnectionException {
        for (int at = from; at < to; ) {
            int count = Math.min(to - at, 1 + mine.nextInt(mine.nextInt(3) == 0 ? 70_000 : 60));
            var piece = new byte[count];
            for (int i = 0; i < count; i++) piece[i] = at(key, at + i);
            peer.send(piece);
            at += count;
            if (mine.nextInt(5) == 0) peer.flush();
            pause(mine);
        }
    }

    /** Whether that was the end, half way. */
    private boolean happens(Connection peer) throws Exception {
        switch (event) {
            case RESET -> peer.abort();
            case ABORT -> relay.abort();
            case CLOSE -> left.second().close();
            case IDLE, LINGER, LIFETIME -> relay.join();
            default -> {
                return false;
            }
        }
        return true;
    }

    private Got receive(Connection peer, int key) throws Exception {
        var mine = new Random(seed + 10 + key);
        ByteBuffer into = ByteBuffer.allocate(1 + mine.nextInt(mine.nextBoolean() ? 40 : 70_000));
        long got = 0;
        try {
            for (int reads = 0; peer.read(into.clear()) >= 0; reads++) {
                into.flip();
                for (; into.hasRemaining(); got++) {
                    byte next = into.get();
                    if (next != at(key, got)) throw new AssertionError("byte " + got + " is " + next);
                }
                if (reads < STALLS) pause(mine);
                if (reads == SMALL_READS) into = ByteBuffer.allocate(70_000);
            }
            return new Got(got, Reason.EOF);
        } catch (ConnectionException e) {
            return new Got(got, e.reason());
        }
    }

    private static byte at(int key, long position) {
        return (byte) (key * 101 + position * 31 + (position >>> 8) * 7 + (position >>> 16));
    }

    /** A stall now and then. */
    private static void pause(Random random) {
        if (random.nextInt(12) == 0) Await.stays(Duration.ofNanos(random.nextInt(1_000_000)), () -> true);
    }
}

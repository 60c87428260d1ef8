package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Timeouts;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Whoever cancels races with what is cancelled: either it answers true and nothing is told, or false and it is told exactly once; and no
 * connection is left behind.
 *
 * <p>A thread starts, another one cancels each after a random while, itself or by a thread of a loop or by the handler, and loops complete
 * each after a random while; some continuations are busy with something else at that moment. What was told is counted when the next batch is
 * over, behind an event that closes the row, so that one too many is seen. Most connections are one end of an in-memory pair, as what matters here happens behind the
 * dialling; some are dialled through loopback.
 */
@Timeout(120)
class CancelRacesTest {
    private static final int RACES = Integer.getInteger("penstock.races", 1_000_000);
    private static final int DIALLED = 2_000;
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(10);
    private static final List<InetAddress> FOUND = List.of(InetAddress.getLoopbackAddress());
    private static final Endpoint SOMEWHERE = Endpoint.of("somewhere.test", 1);

    private final long seed = Long.getLong("penstock.seed", System.nanoTime());
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withStallThreshold(Duration.ZERO));

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    /** What can be started: the subject of the test, or its twin. */
    private interface Start {
        Action start(Continuation told, SplittableRandom random);
    }

    /**
     * How fast it goes.
     *
     * @param batch how many are under way at once
     * @param patience the most nanoseconds that the one who cancels waits
     * @param rarely how many are cancelled for each time that it waits
     */
    private record Pace(int batch, int patience, int rarely) {
        static final Pace FAST = new Pace(2_000, 100_000, 64);
        static final Pace DIALLING = new Pace(16, 500_000, 1);
    }

    /** What was seen of some races. */
    private record Outcome(int both, int neither, int twice, int left, int prevented) {
        Outcome plus(Outcome other) {
            return new Outcome(
                    both + other.both,
                    neither + other.neither,
                    twice + other.twice,
                    left + other.left,
                    prevented + other.prevented);
        }
    }

    private static final class Race {
        private final AtomicInteger told = new AtomicInteger();
        private final int work;
        private volatile boolean decided;
        private volatile boolean prevented;
        private volatile boolean late;
        private volatile boolean again;
        private volatile boolean goesOn;
        private volatile boolean closed;

        final Continuation continuation = Continuation.of((_, event) -> {
            switch (event) {
                case Noise _ -> spin(20);
                case Cancel(var action) -> cancel(action);
                case Closing _ -> closed = true;
                case NetEvent.Connected(var connection) -> {
                    count();
                    connection.abort();
                }
                case NetEvent.Accepted(var connection) -> {
                    count();
                    connection.abort();
                }
                default -> count();
            }
        });

        Race(int work) {
            this.work = work;
        }

        private void count() {
            if (prevented) late = true;
            told.incrementAndGet();
            spin(work);
        }

        void cancel(Action action) {
            goesOn = action instanceof Acceptor;
            prevented = action.cancel();
            again = action.cancel();
            decided = true;
        }

        /** What goes on may have told before. */
        boolean both() {
            return prevented && (goesOn ? late : told.get() > 0);
        }

        boolean isOver() {
            return decided && (prevented || told.get() > 0);
        }
    }

    /** Something else that a continuation is told. */
    private record Noise() implements Event {}

    private record Cancel(Action action) implements Event {}

    private record Closing() implements Event {}

    private static void spin(int times) {
        for (int i = 0; i < times; i++) Thread.onSpinWait();
    }

    // ---- the subjects

    private final Resolver resolver = _ -> {
        complete();
        if (ThreadLocalRandom.current().nextInt(4) == 0) {
            throw ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, null);
        }
        return FOUND;
    };

    private final Connector connector = new Connector() {
        @Override
        public Connection connect(Endpoint endpoint) throws ConnectionException {
            complete();
            if (ThreadLocalRandom.current().nextInt(4) == 0) {
                throw ConnectionException.of(Reason.REFUSED, Phase.CONNECT, endpoint.address());
            }
            return paired();
        }

        @Override
        public Loops loops() {
            return loops;
        }

        @Override
        public Timeouts timeouts() {
            return Timeouts.DEFAULT;
        }
    };

    /** One end of a pair, whose other end ends with it and not before. */
    private static Connection paired() {
        Loop loop = Objects.requireNonNull(Loop.current());
        return Connection.pair(loop, loop).first();
    }

    /** The work itself: none, some computing, or a wait. */
    private static void complete() {
        var random = ThreadLocalRandom.current();
        switch (random.nextInt(64)) {
            case 0 -> LockSupport.parkNanos(random.nextInt(50_000));
            case 1, 2, 3, 4, 5, 6, 7, 8 -> Thread.yield();
            case 9, 10, 11, 12, 13, 14, 15, 16 -> spin(random.nextInt(200));
            default -> {}
        }
    }

    private Start processor() {
        Processor net = Processor.of(connector, resolver);
        return (told, random) -> switch (random.nextInt(8)) {
            case 0 -> net.connect(SOMEWHERE, told);
            case 1 -> accept(told);
            case 2, 3, 4 -> net.lookup("somewhere.test", told);
            case 5 -> net.immediately(told);
            default -> net.after(Duration.ofNanos(random.nextInt(100_000)), told);
        };
    }

    /** An acceptor with one client, and no socket. */
    private Acceptor accept(Continuation told) {
        var acceptor = new ListenerAcceptor(SOMEWHERE.address(), told, told.home(loops.next()));
        loops.next().spawn("accept", () -> {
            complete();
            acceptor.accepted(paired());
        });
        return acceptor;
    }

    /** As one might write it: looks whether it was cancelled, tells, and then makes a note of it; and has nothing to close. */
    private Start twin() {
        final class Careless implements Action {
            private volatile boolean told;
            private volatile boolean cancelled;

            @Override
            public boolean cancel() {
                if (told || cancelled) return false;
                cancelled = true;
                return true;
            }
        }
        return (told, _) -> {
            var action = new Careless();
            Loop home = loops.next();
            home.spawn("careless", () -> {
                complete();
                Connection connection = paired();
                if (action.cancelled) return;
                told.tell(new NetEvent.Connected(connection), home);
                action.told = true;
            });
            return action;
        };
    }

    // ---- the race

    private Outcome run(Start subject, int races, Pace pace) throws Exception {
        var random = new SplittableRandom(seed);
        Outcome total = new Outcome(0, 0, 0, 0, 0);
        Race[] last = {};
        for (int done = 0; done < races; done += pace.batch) {
            Race[] these = batch(subject, random, pace);
            total = total.plus(outcome(last));
            last = these;
        }
        int left = left();
        return total.plus(outcome(last)).plus(new Outcome(0, 0, 0, left, 0));
    }

    private Race[] batch(Start subject, SplittableRandom random, Pace pace) throws InterruptedException {
        var races = new Race[pace.batch];
        for (int i = 0; i < pace.batch; i++) races[i] = new Race(random.nextInt(20));
        var started = new AtomicReferenceArray<Action>(pace.batch);
        SplittableRandom cancels = random.split();
        Thread canceller = Thread.ofPlatform().start(() -> cancelEach(races, started, cancels, pace));
        for (int i = 0; i < pace.batch; i++) {
            Continuation told = races[i].continuation;
            if (random.nextInt(4) == 0) told.tell(new Noise(), loops.next());
            started.set(i, subject.start(told, random));
        }
        canceller.join();
        awaitEach(races, Race::isOver);
        return races;
    }

    private void cancelEach(Race[] races, AtomicReferenceArray<Action> started, SplittableRandom random, Pace pace) {
        for (int i = 0; i < races.length; i++) {
            while (started.get(i) == null) Thread.onSpinWait();
            Action action = started.get(i);
            if (random.nextInt(pace.rarely) == 0) {
                LockSupport.parkNanos(random.nextInt(pace.patience));
            } else if (random.nextInt(8) == 0) {
                spin(random.nextInt(500));
            }
            Race race = races[i];
            switch (random.nextInt(8)) {
                case 0 -> race.continuation.tell(new Cancel(action), loops.next());
                case 1 -> loops.next().spawn("canceller", () -> race.cancel(action));
                default -> race.cancel(action);
            }
        }
    }

    private static void awaitEach(Race[] races, Predicate<Race> condition) {
        long end = System.nanoTime() + LIMIT;
        for (Race race : races) while (!condition.test(race) && System.nanoTime() - end < 0) Thread.onSpinWait();
    }

    private Outcome outcome(Race[] races) {
        for (Race race : races) race.continuation.tell(new Closing(), loops.next());
        awaitEach(races, race -> race.closed);
        int both = 0;
        int neither = 0;
        int twice = 0;
        int prevented = 0;
        for (Race race : races) {
            if (race.prevented) prevented++;
            if (race.both()) both++;
            if (!race.isOver() || !race.closed) neither++;
            if (race.told.get() > 1 || race.again) twice++;
        }
        return new Outcome(both, neither, twice, 0, prevented);
    }

    /** The connections that nobody has closed. */
    private int left() {
        long end = System.nanoTime() + LIMIT / 10;
        int open = 1;
        while (open > 0 && System.nanoTime() - end < 0) {
            open = loops.all().stream().mapToInt(Loop::connections).sum();
            Thread.onSpinWait();
        }
        return open;
    }

    private void assertKept(Outcome outcome, int races) {
        assertThat(outcome)
                .as("seed %d; to repeat: -Dpenstock.seed=%d -Dpenstock.races=%d", seed, seed, RACES)
                .isEqualTo(new Outcome(0, 0, 0, 0, outcome.prevented()));
        assertThat(outcome.prevented()).as("races won by the cancel").isBetween(races / 100, races * 99 / 100);
    }

    @Test
    void eitherACancelIsTrueOrTheEventIsToldAndNeverBoth() throws Exception {
        Outcome outcome = run(processor(), RACES, Pace.FAST);
        System.out.printf("%d races, seed %d: %s%n", RACES, seed, outcome);
        assertKept(outcome, RACES);
    }

    @Test
    void soItIsWithConnectionsThatAreReallyDialled() throws Exception {
        try (var listener =
                Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), Connection::abort)) {
            Processor net = Processor.of(loops);
            assertKept(run((told, _) -> net.connect(listener.address(), told), DIALLED, Pace.DIALLING), DIALLED);
        }
    }

    @Test
    void aTwinThatLooksBeforeItTellsIsFoundOut() throws Exception {
        Outcome outcome = run(twin(), Math.min(RACES, 100_000), Pace.FAST);
        assertThat(outcome.both()).as("told although the cancel was true").isPositive();
        assertThat(outcome.left()).as("connections that nobody closed").isPositive();
    }
}

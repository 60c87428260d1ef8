package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Pool.PoolStats;
import io.penstock.net.internal.NettyLoop;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Keeping connections for their next user: only such as are as good as new. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class PoolTest {
    private static final PoolOptions OPTIONS =
            PoolOptions.DEFAULT.withIdle(2).withLimit(4).withBacklog(0);

    private final Loops loops;
    private final Loop loop;
    private final List<Connection> accepted = new CopyOnWriteArrayList<>();
    private final Listener listener;
    private final Connector connector;
    private final Pool pool;

    PoolTest(Scheduler scheduler) throws Exception {
        loops = Loops.open(
                LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler).withStallThreshold(Duration.ZERO));
        loop = loops.all().get(0);
        listener = listen();
        connector = Connector.of(
                loops, Timeouts.of(Duration.ofSeconds(10), Duration.ofSeconds(10), Duration.ofSeconds(10)));
        pool = Pool.of(connector, OPTIONS);
    }

    /** Answers each line with the same line; "more" with more than was asked for. */
    private Listener listen() throws Exception {
        return Listener.open(loops, new InetSocketAddress("127.0.0.1", 0), connection -> {
            accepted.add(connection);
            while (true) {
                String line = connection.receiveLine();
                connection.send(line + "\n" + (line.equals("more") ? "more\n" : ""));
            }
        });
    }

    @AfterEach
    void close() {
        pool.close();
        listener.close();
        loops.close(Duration.ZERO);
    }

    private <T> T on(Callable<T> work) {
        return Spawned.on(loop, work).value();
    }

    private Connection take() {
        return on(() -> pool.connect(listener.address()));
    }

    private Connection taken(Loop of) {
        return Spawned.on(of, () -> pool.connect(listener.address())).value();
    }

    private Released release(Connection connection, KeepAlive keepAlive) {
        return on(() -> connection.release(keepAlive));
    }

    private Released release(Connection connection) {
        return release(connection, KeepAlive.DEFAULT);
    }

    private String ask(Connection connection, String question) {
        return on(() -> {
            connection.send(question + "\n");
            return connection.receiveLine();
        });
    }

    /** On the side of the peer, who sees what has become of a connection that its user has let go of. */
    private void awaitAllEnded() {
        await().until(() -> accepted.stream().noneMatch(Connection::isOpen));
    }

    private static PoolStats counts(int idle, int out, int dialled, int reused, int refused, int evicted) {
        return new PoolStats(idle, out, 0, 0, dialled, reused, refused, evicted, 0, Duration.ZERO, 0, 0);
    }

    // ---- framed

    @Test
    void aConnectionWithHalfAPacketIsNotKept() {
        Connection half = take();
        assertThat(on(() -> {
                    half.send("two\n");
                    Framed packets = half.framed(Framing.delimiter("\n\n"));
                    half.peek(4);
                    assertThat(packets.poll()).isNull();
                    return half.release();
                }))
                .isEqualTo(Released.UNREAD);
        awaitAllEnded();
    }

    @Test
    void aConnectionThatBrokeItsFramingIsNotKept() {
        Connection broken = take();
        assertThat(on(() -> {
                    broken.send("nothing that begins like this\n");
                    try {
                        broken.framed(Framing.of(_ -> -1)).receive();
                    } catch (ConnectionException e) {
                        assertThat(e.reason()).isEqualTo(Reason.FRAMING);
                    }
                    return broken.release();
                }))
                .isEqualTo(Released.DIRTY);
        awaitAllEnded();
    }

    @Test
    void aConnectionWhosePacketsWereAllReceivedIsKept() {
        Connection clean = take();
        assertThat(on(() -> {
                    clean.send("one\n");
                    clean.framed(Framing.line()).receive();
                    return clean.release();
                }))
                .isEqualTo(Released.KEPT);
    }

    // ---- keeping

    @Test
    void aReleasedConnectionIsHandedOutAgain() {
        Connection first = take();
        assertThat(ask(first, "one")).isEqualTo("one");
        assertThat(release(first)).isEqualTo(Released.KEPT);
        Connection second = take();
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(ask(second, "two")).isEqualTo("two");
        assertThat(second.stats().reused()).isOne();
        assertThat(pool.stats()).isEqualTo(counts(0, 1, 1, 1, 0, 0));
    }

    @Test
    void theLastReleasedIsTheFirstOut() {
        Connection a = take();
        Connection b = take();
        release(a);
        release(b);
        assertThat(take().id()).isEqualTo(b.id());
        assertThat(take().id()).isEqualTo(a.id());
    }

    @Test
    void aFreshOneIsNeverAKeptOne() {
        Connection kept = take();
        release(kept);
        Connection fresh = on(() -> pool.connectFresh(listener.address()));
        assertThat(fresh.id()).isNotEqualTo(kept.id());
        assertThat(pool.stats().idle()).isOne();
        assertThat(pool.stats().dialled()).isEqualTo(2);
    }

    @Test
    void everyLoopKeepsItsOwn() {
        Connection here = take();
        release(here);
        Connection there = taken(loops.all().get(1));
        assertThat(there.id()).isNotEqualTo(here.id());
        assertThat(there.loop()).isSameAs(loops.all().get(1));
        assertThat(take().id()).isEqualTo(here.id());
    }

    @Test
    void addressesAreKeptApart() throws Exception {
        try (var other = listen()) {
            Connection first = take();
            release(first);
            Connection elsewhere = on(() -> pool.connect(other.address()));
            assertThat(elsewhere.remoteAddress()).isEqualTo(other.address());
            assertThat(elsewhere.id()).isNotEqualTo(first.id());
            elsewhere.abort();
        }
    }

    @Test
    void anEqualAddressIsTheSameAddress() {
        var address = (InetSocketAddress) listener.address();
        Connection first = take();
        release(first);
        SocketAddress equal = new InetSocketAddress(address.getAddress(), address.getPort());
        assertThat(on(() -> pool.connect(equal)).id()).isEqualTo(first.id());
    }

    @Test
    void noMoreAreKeptThanTheOptionsSayAndTheOldestGivesWay() {
        Connection a = take();
        Connection b = take();
        Connection c = take();
        assertThat(release(a)).isEqualTo(Released.KEPT);
        assertThat(release(b)).isEqualTo(Released.KEPT);
        assertThat(release(c)).isEqualTo(Released.KEPT);
        assertThat(pool.stats()).isEqualTo(counts(2, 0, 3, 0, 0, 1));
        assertThat(take().id()).isEqualTo(c.id());
        assertThat(take().id()).isEqualTo(b.id());
    }

    @Test
    void whatAUserChangedIsAsBeforeForTheNext() {
        Connection first = take();
        Timeouts usual = first.timeouts();
        first.timeouts(usual.withRead(Duration.ofMillis(1)));
        var _ = first.deadline(Duration.ofMillis(1));
        release(first);
        Connection second = take();
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.timeouts()).isEqualTo(usual);
        assertThat(ask(second, "no hurry")).isEqualTo("no hurry");
    }

    @Test
    void whatAUserWantedToBeToldIsForgottenWithItsUse() {
        List<String> told = new CopyOnWriteArrayList<>();
        Connection first = take();
        first.onInputEnd(reason -> told.add("first user"));
        release(first);
        Connection second = take();
        assertThat(second.id()).isEqualTo(first.id());
        second.onInputEnd(reason -> told.add("second user"));
        await().until(() -> accepted.size() == 1);
        accepted.get(0).abort();
        await().until(() -> !told.isEmpty());
        assertThat(told).containsExactly("second user");
    }

    @Test
    void aLoopItselfCannotWaitForWhatWasSentNorForConnections() {
        Connection connection = take();
        var released = new CompletableFuture<Released>();
        var warm = new CompletableFuture<Void>();
        ((NettyLoop) loop).eventLoop().execute(() -> {
            try {
                connection.send("on its way\n");
                released.complete(connection.release());
            } catch (Exception e) {
                released.completeExceptionally(e);
            }
            try {
                pool.warmUp(Endpoint.of(listener.address()), 1);
                warm.complete(null);
            } catch (Exception e) {
                warm.completeExceptionally(e);
            }
        });
        for (var each : List.of(released, warm)) {
            assertThat(each)
                    .failsWithin(Spawned.LIMIT)
                    .withThrowableThat()
                    .withCauseInstanceOf(IllegalStateException.class)
                    .withMessageContaining("would block");
        }
        assertThat(this.<String>on(() -> connection.receiveLine())).isEqualTo("on its way");
        assertThat(release(connection)).isEqualTo(Released.KEPT);
    }

    // ---- limits of keeping

    @Test
    void anIdleOneIsClosedWhenItsTimeIsUp() {
        Connection kept = take();
        assertThat(release(kept, KeepAlive.DEFAULT.withIdle(Duration.ofMillis(30))))
                .isEqualTo(Released.KEPT);
        await().until(() -> pool.stats().equals(counts(0, 0, 1, 0, 0, 1)));
        awaitAllEnded();
    }

    @Test
    void aShortTimeIsKeptThoughALongOneBeganBefore() {
        Connection patient = take();
        Connection hasty = take();
        release(patient);
        release(hasty, KeepAlive.DEFAULT.withIdle(Duration.ofMillis(30)));
        await().until(() -> pool.stats().evicted() == 1);
        assertThat(take().id()).isEqualTo(patient.id());
    }

    @Test
    void anOldOneIsNotKept() {
        Connection old = take();
        long born = System.nanoTime();
        var age = Duration.ofMillis(20);
        await().until(() -> System.nanoTime() - born > age.toNanos());
        assertThat(release(old, new KeepAlive(Duration.ofMinutes(1), age, 100))).isEqualTo(Released.WORN);
        awaitAllEnded();
    }

    @Test
    void oneThatGrowsOldWhileItIsKeptIsClosed() {
        Connection kept = take();
        assertThat(release(kept, new KeepAlive(Duration.ofMinutes(1), Duration.ofMillis(500), 100)))
                .isEqualTo(Released.KEPT);
        await().until(() -> pool.stats().evicted() == 1);
        awaitAllEnded();
    }

    @Test
    void oneThatWasHandedOutOftenEnoughIsNotKept() {
        var twice = new KeepAlive(Duration.ofMinutes(1), Duration.ofMinutes(1), 2);
        Connection first = take();
        assertThat(release(first, twice)).isEqualTo(Released.KEPT);
        Connection second = take();
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(release(second, twice)).isEqualTo(Released.WORN);
    }

    // ---- eviction

    @Test
    void aKeptOneThatThePeerEndsIsEvictedAtThatMoment() {
        Connection kept = take();
        ask(kept, "hello");
        release(kept);
        accepted.getFirst().abort();
        await().until(() -> pool.stats().equals(counts(0, 0, 1, 0, 0, 1)));
        assertThat(take().id()).isNotEqualTo(kept.id());
    }

    @Test
    void aKeptOneThatBecomesReadableIsEvictedAtThatMoment() {
        Connection kept = take();
        ask(kept, "hello");
        release(kept);
        Connection peer = accepted.getFirst();
        Spawned.onPlatformThread(() -> peer.send("unasked\n")).value();
        await().until(() -> pool.stats().evicted() == 1);
        awaitAllEnded();
        assertThat(take().id()).isNotEqualTo(kept.id());
    }

    // ---- refusal

    @Test
    void oneWithUnreadInputIsRefused() {
        Connection connection = take();
        assertThat(ask(connection, "more")).isEqualTo("more");
        await().until(() -> connection.buffered() > 0);
        assertThat(release(connection)).isEqualTo(Released.UNREAD);
        awaitAllEnded();
        assertThat(pool.stats()).isEqualTo(counts(0, 0, 1, 0, 1, 0));
    }

    @Test
    void oneWithATimedOutReadIsRefused() {
        Connection connection = take();
        connection.timeouts(connection.timeouts().withRead(Duration.ofMillis(5)));
        assertThat(Spawned.on(loop, () -> connection.receiveLine()).reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(release(connection)).isEqualTo(Released.DIRTY);
    }

    @Test
    void oneWithAnEndedHalfIsRefused() throws Exception {
        Connection output = take();
        on(() -> {
            output.shutdownOutput();
            return null;
        });
        assertThat(release(output)).isEqualTo(Released.ENDED);
        Connection input = take();
        input.shutdownInput();
        assertThat(release(input)).isEqualTo(Released.ENDED);
        Connection ended = take();
        ended.abort();
        assertThat(release(ended)).isEqualTo(Released.ENDED);
        assertThat(pool.stats()).isEqualTo(counts(0, 0, 3, 0, 3, 0));
    }

    /** Check 12 of the reference, t/071 6: the caller may know beforehand, receive the rest, and then give it back. */
    @Test
    void oneWhoseUnreadInputHasBeenReceivedIsKept() {
        Connection connection = take();
        on(() -> connection.send("OK\n"));
        assertThat(on(() -> connection.receive(1))).isEqualTo("O".getBytes(UTF_8));
        assertThat(connection.buffered()).isEqualTo(2);
        assertThat(on(() -> connection.receiveLine())).isEqualTo("K");
        assertThat(release(connection)).isEqualTo(Released.KEPT);
        assertThat(take().id()).isEqualTo(connection.id());
    }

    /** Row 9 of the reference's defects: what answers a question that was given up must not answer the next user's. */
    @Test
    void theNextUserNeverGetsTheAnswerToTheQuestionOfOneWhoGaveUp() {
        Connection connection = take();
        connection.timeouts(connection.timeouts().withRead(Duration.ofMillis(5)));
        on(() -> connection.send("half a quest"));
        assertThat(Spawned.on(loop, () -> connection.receiveLine()).reason()).isEqualTo(Reason.TIMEOUT);
        connection.timeouts(connection.timeouts().withRead(Duration.ofSeconds(10)));
        assertThat(ask(connection, "ion")).isEqualTo("half a question"); // it looks as good as new, but nobody can know
        assertThat(release(connection)).isEqualTo(Released.DIRTY);
        awaitAllEnded();
        assertThat(ask(take(), "another")).isEqualTo("another");
    }

    @Test
    void whatWasSentLastIsDeliveredThoughTheConnectionIsReleasedAtOnce() {
        Connection connection = take();
        assertThat(on(() -> {
                    connection.send("a".repeat(50_000));
                    return connection.release();
                }))
                .isEqualTo(Released.KEPT);
        await().until(() -> accepted.getFirst().stats().received() == 50_000);
    }

    // ---- misuse

    /** Check 6 of the reference: a pending operation is not disturbed. */
    @Test
    void oneOnWhichAnotherThreadReceivesCannotBeReleasedAndIsNotDisturbed() {
        Connection read = take();
        var reading = Spawned.on(loop, () -> read.receiveLine()).parked();
        assertThat(Spawned.on(loop, () -> read.release()).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("receiving");
        on(() -> read.send("still here\n"));
        assertThat(reading.value()).isEqualTo("still here");
        assertThat(release(read)).isEqualTo(Released.KEPT);
    }

    @Test
    void releasingTwiceIsRefusedWhateverBecameOfTheFirst() {
        Connection kept = take();
        assertThat(release(kept)).isEqualTo(Released.KEPT);
        assertThat(Spawned.on(loop, () -> kept.release(KeepAlive.DEFAULT)).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released before");
        Connection again = take();
        assertThat(again.id()).isEqualTo(kept.id());
        again.abort();
        assertThat(release(again)).isEqualTo(Released.ENDED);
        assertThat(Spawned.on(loop, () -> again.release(KeepAlive.DEFAULT)).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("released before");
        assertThat(pool.stats().refused()).isOne();
    }

    @Test
    void aConnectionThatComesFromNoPoolCannotBeReleased() {
        Connection dialled = on(() -> connector.connect(listener.address()));
        assertThat(Spawned.on(loop, () -> dialled.release(KeepAlive.DEFAULT)).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("pool");
        assertThat(dialled.isOpen()).isTrue();
        dialled.abort();
    }

    // ---- the limit

    @Test
    void theLimitIsKeptAndGivenBackByEveryEnding() throws Exception {
        List<Connection> all = List.of(take(), take(), take(), take());
        var failure = Spawned.on(loop, () -> pool.connect(listener.address())).failing();
        assertThat(failure.reason()).isEqualTo(Reason.POOL_FULL);
        assertThat(failure.phase()).isEqualTo(Phase.POOL);
        assertThat(failure.peer()).isEqualTo(listener.address());
        assertThat(failure).hasMessageContaining("4");
        // a release, a close, an abort, and the peer's end: each makes room for one
        release(all.get(0));
        assertThat(take().id()).isEqualTo(all.get(0).id());
        on(() -> {
            all.get(1).close();
            return null;
        });
        take();
        all.get(2).abort();
        take();
        assertThat(Spawned.on(loop, () -> pool.connect(listener.address())).reason())
                .isEqualTo(Reason.POOL_FULL);
        assertThat(pool.stats().open()).isEqualTo(4);
    }

    @Test
    void failedAttemptsTakeNoRoom() throws Exception {
        SocketAddress address = listener.address();
        listener.close();
        for (int i = 0; i < 10; i++) {
            assertThat(Spawned.on(loop, () -> pool.connect(address)).reason()).isEqualTo(Reason.REFUSED);
        }
        assertThat(pool.stats()).isEqualTo(counts(0, 0, 0, 0, 0, 0));
    }

    @Test
    void atTheLimitAnIdleConnectionOfAnotherLoopIsHandedOut() throws Exception {
        Loop other = loops.all().get(1);
        List<Connection> all = List.of(take(), take(), taken(other), taken(other));
        all.forEach(this::release);
        assertThat(pool.stats().idle()).isEqualTo(4);
        take();
        take();
        Connection third = take();
        assertThat(third.loop()).isSameAs(other);
        assertThat(ask(third, "from afar")).isEqualTo("from afar");
        assertThat(pool.stats()).isEqualTo(counts(1, 3, 4, 3, 0, 0));
        assertThat(release(third)).isEqualTo(Released.KEPT);
        assertThat(taken(other).id()).isEqualTo(third.id());
    }

    @Test
    void atTheLimitAKeptOneGivesWayToAFreshOne() {
        List<Connection> all = List.of(take(), take(), take(), take());
        release(all.getFirst());
        Connection fresh = on(() -> pool.connectFresh(listener.address()));
        assertThat(all).extracting(Connection::id).doesNotContain(fresh.id());
        assertThat(pool.stats().open()).isEqualTo(4);
        assertThat(pool.stats().evicted()).isOne();
        assertThat(Spawned.on(loop, () -> pool.connectFresh(listener.address())).reason())
                .isEqualTo(Reason.POOL_FULL);
    }

    // ---- the end

    @Test
    void aClosedPoolClosesWhatItKeepsAtOnceAndTheRestWhenReleased() {
        Connection kept = take();
        Connection out = take();
        release(kept);
        pool.close();
        pool.close();
        await().until(() -> pool.stats().open() == 1);
        assertThat(ask(out, "still")).isEqualTo("still");
        assertThat(release(out)).isEqualTo(Released.SURPLUS);
        assertThat(pool.stats().open()).isZero();
        awaitAllEnded();
        assertThat(Spawned.on(loop, () -> pool.connect(listener.address())).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    // ---- many at once

    @Test
    void noConnectionHasTwoUsersAndEveryAnswerIsTheRightOneHoweverManyShareThePool() throws Exception {
        var users = ConcurrentHashMap.<Long>newKeySet();
        var started = new CountDownLatch(1);
        try (var shared = Pool.of(connector, PoolOptions.DEFAULT.withIdle(4).withLimit(64))) {
            var all = new java.util.ArrayList<Spawned<Integer>>();
            for (int i = 0; i < 16; i++) {
                int user = i;
                all.add(Spawned.on(loops.all().get(i % 2), () -> {
                    started.await();
                    for (int round = 0; round < 50; round++) {
                        Connection connection = shared.connect(listener.address());
                        assertThat(users.add(connection.id())).isTrue();
                        String question = user + "/" + round;
                        connection.send(question + "\n");
                        assertThat(connection.receiveLine()).isEqualTo(question);
                        users.remove(connection.id());
                        if (ThreadLocalRandom.current().nextInt(10) == 0) {
                            connection.abort();
                        } else {
                            connection.release(KeepAlive.DEFAULT);
                        }
                    }
                    return 0;
                }));
            }
            started.countDown();
            all.forEach(Spawned::value);
            PoolStats stats = shared.stats();
            assertThat(stats.dialled() + stats.reused()).isEqualTo(16 * 50);
            assertThat(stats.open()).isEqualTo(stats.idle()).isLessThanOrEqualTo(8);
        }
    }
}

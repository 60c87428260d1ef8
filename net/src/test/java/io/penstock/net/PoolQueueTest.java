package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Waiting for a connection: strictly bounded, and first come, first served. Numbers are those of the peer's t/068. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class PoolQueueTest {
    private final Loops loops;
    private final Loop loop;
    private final Loop other;
    private final CountingPeer peer = new CountingPeer();
    private final SocketAddress address = peer.address();
    private final Connector connector;
    private final List<Pool> pools = new ArrayList<>();

    PoolQueueTest(Scheduler scheduler) throws IOException {
        loops = Loops.open(
                LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler).withStallThreshold(Duration.ZERO));
        loop = loops.all().get(0);
        other = loops.all().get(1);
        connector = Connector.of(loops, Timeouts.of(Spawned.LIMIT, Spawned.LIMIT, Spawned.LIMIT));
    }

    @AfterEach
    void close() throws IOException, InterruptedException {
        pools.forEach(Pool::close);
        loops.close(Duration.ZERO);
        peer.close();
    }

    private static void until(Callable<Boolean> condition) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(1)).until(condition);
    }

    private Pool pool(int limit, int backlog) {
        return pool(connector, limit, backlog);
    }

    private Pool pool(Connector by, int limit, int backlog) {
        Pool made = Pool.of(by, PoolOptions.DEFAULT.withLimit(limit).withBacklog(backlog));
        pools.add(made);
        return made;
    }

    private Connection take(Pool pool) {
        return Spawned.on(loop, () -> pool.connect(address)).value();
    }

    /** Connections at once, as the peer has seen them when it has seen all of them. */
    private int mostAtThePeer(Pool pool) {
        until(() -> peer.accepted() == pool.stats().dialled());
        return peer.most();
    }

    /** Somebody who waits. */
    private Spawned<Connection> waiting(Pool pool, Loop on) {
        int before = pool.stats().queued();
        var waiter = Spawned.on(on, () -> pool.connect(address));
        until(() -> pool.stats().queued() == before + 1);
        return waiter;
    }

    private Spawned<Connection> waiting(Pool pool) {
        return waiting(pool, loop);
    }

    private Pool full(int limit) throws Exception {
        Pool pool = pool(limit, 8);
        pool.warmUp(Endpoint.of(address), limit);
        assertThat(pool.stats().idle()).isEqualTo(limit);
        return pool;
    }

    private static void release(Connection connection) {
        assertThat(Spawned.on(connection.loop(), () -> connection.release()).value())
                .isEqualTo(Released.KEPT);
    }

    // ---- who is served

    /** 31, 34, 37 to 40; check 17. And a second connect while one is queued, which crashes the peer, is refused or queued here. */
    @Test
    void thoseWhoWaitAreServedInTurnAndThoseTooManyRefused() {
        Pool pool = pool(1, 2);
        Connection only = take(pool);
        var first = waiting(pool);
        var second = waiting(pool);
        var third = Spawned.on(loop, () -> pool.connect(address)).failing();
        assertThat(third.reason()).isEqualTo(Reason.POOL_FULL);
        assertThat(third.phase()).isEqualTo(Phase.POOL);
        assertThat(third).hasMessageContaining("1 connections").hasMessageContaining("2 callers wait");
        assertThat(pool.stats().turnedAway()).isOne();
        release(only);
        assertThat(first.value().id()).isEqualTo(only.id());
        assertThat(second.isDone()).isFalse();
        release(first.value());
        assertThat(second.value().id()).isEqualTo(only.id());
        assertThat(second.value().stats().reused()).isEqualTo(2);
        assertThat(mostAtThePeer(pool)).isOne();
        assertThat(peer.accepted()).isOne();
    }

    @Test
    void whoWantsAFreshOneCostsNoMoreThanOneThatIsIdle() throws Exception {
        Pool pool = full(4);
        Connection fresh = Spawned.on(loop, () -> pool.connectFresh(address)).value();
        assertThat(fresh.stats().reused()).isZero();
        assertThat(pool.stats().evicted()).isOne();
        assertThat(pool.stats().idle()).isEqualTo(3);
        assertThat(mostAtThePeer(pool)).isEqualTo(4);
    }

    /** A peer that does not speak TLS is told so by an alert, behind which the socket stays open for a while. */
    @Test
    void aFailedHandshakeCountsUntilItsSocketIsClosed() throws Exception {
        Pool pool = pool(1, 0);
        Endpoint secured = Endpoint.of(address).withTls(TlsClient.DEFAULT);
        for (int i = 0; i < 60; i++) {
            assertThat(Spawned.on(loop, () -> pool.connect(secured)).failing().phase())
                    .isEqualTo(Phase.TLS);
        }
        until(() -> peer.accepted() == 60);
        assertThat(peer.most()).isOne();
        until(() -> pool.stats(secured).open() == 0);
    }

    /** 32: closing serves as well, whoever closes. */
    @Test
    void everyEndingOfAConnectionServesTheNext() throws Exception {
        Pool pool = pool(1, 8);
        Connection current = take(pool);
        var closed = waiting(pool);
        var aborted = waiting(pool, other);
        var refused = waiting(pool);
        Connection a = current;
        Spawned.onPlatformThread(() -> {
                    a.close();
                    return null;
                })
                .value();
        Connection b = closed.value();
        assertThat(b.id()).isNotEqualTo(a.id());
        b.abort();
        Connection c = aborted.value();
        Spawned.on(other, () -> {
                    c.shutdownOutput();
                    return c.release();
                })
                .value();
        assertThat(refused.value().isOpen()).isTrue();
        assertThat(mostAtThePeer(pool)).isOne();
        assertThat(pool.stats().waited()).isEqualTo(3);
    }

    @Test
    void aReleasedConnectionGoesToAThreadOfAnotherLoopOrOfNone() throws Exception {
        Pool pool = pool(1, 8);
        Connection only = take(pool);
        var elsewhere = waiting(pool, other);
        var nowhere = Spawned.onPlatformThread(() -> pool.connect(address));
        until(() -> pool.stats().queued() == 2);
        release(only);
        Connection far = elsewhere.value();
        assertThat(far.id()).isEqualTo(only.id());
        assertThat(Spawned.on(other, () -> {
                            far.send("far\n");
                            return far.receiveLine();
                        })
                        .value())
                .isEqualTo("far");
        release(far);
        assertThat(nowhere.value().id()).isEqualTo(only.id());
    }

    /** Row 4 of the reference's defects: what is handed over cannot be taken by who comes later, not even the one who releases. */
    @Test
    void whoComesLaterComesLaterEvenWhoReleases() {
        Pool pool = pool(1, 8);
        var order = Collections.synchronizedList(new ArrayList<String>());
        Connection only = take(pool);
        var first = Spawned.on(other, () -> {
            Connection got = pool.connect(address);
            order.add("first");
            return got.release();
        });
        until(() -> pool.stats().queued() == 1);
        var greedy = Spawned.on(loop, () -> {
            only.release();
            Connection got = pool.connect(address);
            order.add("greedy");
            return got.release();
        });
        assertThat(first.value()).isEqualTo(Released.KEPT);
        assertThat(greedy.value()).isEqualTo(Released.KEPT);
        assertThat(order).containsExactly("first", "greedy");
    }

    @Test
    void aHundredAreServedInTheOrderTheyCame() {
        Pool pool = pool(1, 100);
        var order = Collections.synchronizedList(new ArrayList<Integer>());
        Connection only = take(pool);
        List<Spawned<Released>> all = new ArrayList<>();
        List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            expected.add(number);
            all.add(Spawned.on(loops.all().get(i % 2), () -> {
                Connection got = pool.connect(address);
                order.add(number);
                if (number % 3 > 0) return got.release();
                got.abort();
                return Released.ENDED;
            }));
            until(() -> pool.stats().queued() == number + 1);
        }
        release(only);
        all.forEach(Spawned::value);
        assertThat(order).isEqualTo(expected);
        assertThat(mostAtThePeer(pool)).isOne();
    }

    @Test
    void whoWantsAFreshConnectionIsNotGivenAKeptOne() {
        Pool pool = pool(1, 8);
        Connection only = take(pool);
        var fresh = Spawned.on(loop, () -> pool.connectFresh(address));
        until(() -> pool.stats().queued() == 1);
        Spawned.on(loop, () -> only.release()).value();
        assertThat(fresh.value().id()).isNotEqualTo(only.id());
        assertThat(pool.stats().evicted()).isOne();
        assertThat(mostAtThePeer(pool)).isOne();
    }

    // ---- who is not

    /** 41, 42; check 18. */
    @Test
    void whoWaitsTooLongIsToldSoAndMissesNothing() {
        Pool pool = pool(Connector.of(loops, connector.timeouts().withConnect(Duration.ofMillis(10))), 1, 1);
        Connection only = take(pool);
        var failure = Spawned.on(loop, () -> pool.connect(address)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.POOL);
        assertThat(failure).hasMessageContaining("1 connections").hasMessageContaining("10 ms");
        assertThat(pool.stats().queued()).isZero();
        assertThat(pool.stats().timedOut()).isOne();
        assertThat(pool.stats().waiting()).isBetween(Duration.ofMillis(9), Spawned.LIMIT);
        release(only);
        assertThat(take(pool).id()).isEqualTo(only.id());
    }

    /** 43, 52: nobody keeps the place of who has gone. */
    @Test
    void whoIsInterruptedLeavesTheQueueAndTheNextIsServed() {
        Pool pool = pool(1, 8);
        Connection only = take(pool);
        var leaving = waiting(pool);
        var staying = waiting(pool);
        leaving.thread().interrupt();
        var failure = leaving.failing();
        assertThat(failure.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(failure.phase()).isEqualTo(Phase.POOL);
        assertThat(pool.stats().queued()).isOne();
        release(only);
        assertThat(staying.value().id()).isEqualTo(only.id());
    }

    /** A connector whose first attempts behave as it is told. */
    private record Moody(Connector by, AtomicInteger failures, CountDownLatch resume) implements Connector {
        @Override
        public Connection connect(Endpoint endpoint) throws ConnectionException {
            if (failures.getAndDecrement() > 0) {
                try {
                    resume.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw ConnectionException.of(Reason.INTERRUPTED, Phase.CONNECT, endpoint.address());
                }
                throw ConnectionException.of(Reason.UNRESOLVED, Phase.RESOLVE, endpoint.address());
            }
            return by.connect(endpoint);
        }

        @Override
        public Loops loops() {
            return by.loops();
        }

        @Override
        public Timeouts timeouts() {
            return by.timeouts();
        }
    }

    /** 44 to 47; check 19: the first in the queue fails for reasons of its own, and the second is connected. */
    @Test
    void whoseDiallingFailsHandsThePermitOn() {
        var moody = new Moody(connector, new AtomicInteger(), new CountDownLatch(0));
        Pool pool = pool(moody, 1, 8);
        Connection only = take(pool);
        var failing = waiting(pool);
        var second = waiting(pool);
        moody.failures.set(1);
        only.abort();
        assertThat(failing.reason()).isEqualTo(Reason.UNRESOLVED);
        assertThat(second.value().isOpen()).isTrue();
        assertThat(pool.stats().open()).isOne();
    }

    /** 33, 48, 49: a caller who is killed while dialling gives its permit to the next. */
    @Test
    void whoIsInterruptedWhileDiallingHandsThePermitOn() {
        var moody = new Moody(connector, new AtomicInteger(1), new CountDownLatch(1));
        Pool pool = pool(moody, 1, 8);
        var dialling = Spawned.on(loop, () -> pool.connect(address));
        until(() -> pool.stats().dialling() == 1);
        var next = waiting(pool);
        dialling.thread().interrupt();
        assertThat(dialling.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(next.value().isOpen()).isTrue();
        assertThat(pool.stats().dialling()).isZero();
    }

    @Test
    void waitingAndDiallingShareOneTimeout() throws Exception {
        try (var silent = new SilentPeer()) {
            Duration limit = Duration.ofMillis(1600);
            Pool pool = pool(Connector.of(loops, connector.timeouts().withConnect(limit)), 1, 8);
            var first = Spawned.on(loop, () -> pool.connect(silent.address()));
            until(() -> pool.stats().dialling() == 1);
            long began = System.nanoTime();
            var second = Spawned.on(loop, () -> pool.connect(silent.address()));
            until(() -> pool.stats().queued() == 1);
            until(() -> System.nanoTime() - began > limit.toNanos() / 2);
            first.thread().interrupt();
            assertThat(second.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(Duration.ofNanos(System.nanoTime() - began))
                    .isBetween(
                            limit.minusMillis(20),
                            limit.plus(limit.dividedBy(2)).minusMillis(20));
        }
    }

    @Test
    void aLoopItselfIsNotMadeToWait() throws Exception {
        Pool pool = pool(1, 8);
        take(pool);
        var thrown = new java.util.concurrent.CompletableFuture<Throwable>();
        ((io.penstock.net.internal.NettyLoop) loop).eventLoop().execute(() -> {
            try {
                pool.connect(address);
            } catch (Throwable e) {
                thrown.complete(e);
            }
        });
        assertThat(thrown.get(10, java.util.concurrent.TimeUnit.SECONDS))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("spawn a thread");
    }

    // ---- closing, draining, resizing, warming up

    @Test
    void aClosedPoolTurnsAwayWhoWaits() {
        Pool pool = pool(1, 8);
        Connection only = take(pool);
        var one = waiting(pool);
        var two = waiting(pool, other);
        pool.close();
        assertThat(one.reason()).isEqualTo(Reason.CLOSED);
        assertThat(two.reason()).isEqualTo(Reason.CLOSED);
        assertThat(Spawned.on(loop, () -> only.release()).value()).isEqualTo(Released.SURPLUS);
    }

    @Test
    void drainingWaitsForThoseThatAreOut() {
        Pool pool = pool(4, 0);
        Connection out = take(pool);
        release(take(pool));
        assertThat(pool.drain(Duration.ofMillis(1))).isFalse();
        assertThat(pool.stats().idle()).isZero();
        var drained = Spawned.onPlatformThread(() -> pool.drain(Spawned.LIMIT)).parked();
        assertThat(Spawned.on(loop, () -> pool.connect(address)).failure()).isInstanceOf(IllegalStateException.class);
        Spawned.on(loop, () -> out.release()).value();
        assertThat(drained.value()).isTrue();
    }

    @Test
    void aHigherLimitServesWhoWaits() {
        Pool pool = pool(1, 8);
        take(pool);
        var one = waiting(pool);
        var two = waiting(pool);
        var three = waiting(pool);
        pool.options(pool.options().withLimit(3));
        assertThat(one.value().isOpen()).isTrue();
        assertThat(two.value().isOpen()).isTrue();
        assertThat(three.isDone()).isFalse();
        assertThat(mostAtThePeer(pool)).isEqualTo(3);
    }

    @Test
    void aLowerLimitClosesIdleConnectionsAtOnceAndOthersWhenTheyAreReleased() {
        Pool pool = pool(4, 0);
        List<Connection> all = List.of(take(pool), take(pool), take(pool), take(pool));
        release(all.get(0));
        pool.options(pool.options().withLimit(2));
        assertThat(pool.stats().open()).isEqualTo(3);
        assertThat(Spawned.on(loop, () -> all.get(1).release()).value()).isEqualTo(Released.SURPLUS);
        release(all.get(2));
        assertThat(pool.stats().open()).isEqualTo(2);
        pool.options(pool.options().withIdle(0));
        assertThat(pool.stats().open()).isEqualTo(1);
        assertThat(Spawned.on(loop, () -> all.get(3).release()).value()).isEqualTo(Released.SURPLUS);
    }

    @Test
    void aWarmPoolHasConnectionsOnEveryLoop() {
        Pool pool = pool(5, 0);
        Endpoint endpoint = Endpoint.of(address);
        Spawned.on(loop, () -> {
                    pool.warmUp(endpoint, 4);
                    return null;
                })
                .value();
        assertThat(pool.stats().idle()).isEqualTo(4);
        for (Loop each : List.of(loop, loop, other, other)) {
            Connection warm = Spawned.on(each, () -> pool.connect(endpoint)).value();
            assertThat(warm.loop()).isSameAs(each);
        }
        assertThat(pool.stats().reused()).isEqualTo(4);
        assertThatThrownBy(() -> pool.warmUp(endpoint, 2))
                .isInstanceOfSatisfying(
                        ConnectionException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_FULL));
        assertThat(pool.stats().open()).isEqualTo(5);
        assertThatThrownBy(() -> pool.warmUp(endpoint, 6)).isInstanceOf(IllegalArgumentException.class);
    }

    // ---- the bound

    /** "Strict backlog under 20 times the load", openresty#768: neither side ever sees one connection too many. */
    @Test
    void theLimitHoldsUnderTwentyTimesTheLoad() throws Exception {
        int limit = 4;
        int users = 20 * limit;
        int rounds = 60;
        Pool pool = pool(limit, users);
        var out = new AtomicInteger();
        var most = new AtomicInteger();
        var start = new CountDownLatch(1);
        List<Spawned<Integer>> all = new ArrayList<>();
        for (int i = 0; i < users; i++) {
            int user = i;
            Callable<Integer> work = () -> {
                start.await();
                for (int round = 0; round < rounds; round++) {
                    int chance = ThreadLocalRandom.current().nextInt(10);
                    Connection connection = chance == 0 ? pool.connectFresh(address) : pool.connect(address);
                    most.accumulateAndGet(out.incrementAndGet(), Math::max);
                    String question = user + "/" + round;
                    connection.send(question + "\n");
                    assertThat(connection.receiveLine()).isEqualTo(question);
                    out.decrementAndGet();
                    switch (chance) {
                        case 1 -> connection.abort();
                        case 2 -> connection.close();
                        default -> connection.release();
                    }
                }
                return 0;
            };
            all.add(
                    user % 5 == 4
                            ? Spawned.onPlatformThread(work)
                            : Spawned.on(loops.all().get(user % 2), work));
        }
        start.countDown();
        all.forEach(each -> each.within(Duration.ofSeconds(60)).value());
        assertThat(most).hasValueLessThanOrEqualTo(limit);
        assertThat(mostAtThePeer(pool)).isEqualTo(limit);
        assertThat(pool.stats().dialled() + pool.stats().reused()).isEqualTo((long) users * rounds);
        assertThat(pool.stats().waited()).isPositive();
        assertThat(pool.stats().open()).isEqualTo(pool.stats().idle()).isLessThanOrEqualTo(limit);
    }
}

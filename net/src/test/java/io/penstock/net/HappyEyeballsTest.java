package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** Many addresses behind a name, some of which do not answer (RFC 8305). */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#proven")
class HappyEyeballsTest {
    private static final InetAddress ONE = InetAddress.ofLiteral("127.0.0.2");
    private static final InetAddress TWO = InetAddress.ofLiteral("127.0.0.3");
    private static final InetAddress SIX = InetAddress.ofLiteral("::1");

    private final Loops loops;
    private final Loop loop;

    HappyEyeballsTest(LoopOptions options) {
        loops = Loops.open(options);
        loop = loops.all().get(1);
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    private Connector to(Duration delay, Resolver resolver) {
        return Connector.of(
                loops, ConnectorOptions.DEFAULT.withAttemptDelay(delay).withResolver(resolver));
    }

    private Connector to(Duration delay, InetAddress... addresses) {
        return to(delay, _ -> List.of(addresses));
    }

    private Connection dial(Connector connector, int port) {
        return Spawned.on(loop, () -> connector.connect("name.example", port)).value();
    }

    private static InetAddress peer(Connection connection) {
        return ((InetSocketAddress) connection.remoteAddress()).getAddress();
    }

    @Test
    void anAddressThatDoesNotAnswerIsOvertakenAndComesLastTheNextTime() throws Exception {
        try (var deaf = new Deaf(ONE);
                var server = new ServerSocket(deaf.port(), 8, TWO)) {
            long before = Descriptors.open();
            var connector = to(Duration.ofSeconds(2), ONE, TWO);
            for (Duration atMost : List.of(Duration.ofSeconds(9), Duration.ofMillis(1990))) {
                long start = System.nanoTime();
                Connection connection = dial(connector, server.getLocalPort());
                assertThat(peer(connection)).isEqualTo(TWO);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(atMost);
                connection.abort();
            }
            await().until(() -> Descriptors.open() <= before);
        }
    }

    @Test
    void whatOneConnectorHasLearntAnotherOfTheSameLoopsKnows() throws Exception {
        try (var deaf = new Deaf(ONE);
                var server = new ServerSocket(deaf.port(), 8, TWO)) {
            dial(to(Duration.ofMillis(20), ONE, TWO), server.getLocalPort()).abort();
            var another = Connector.of(
                    loops,
                    ConnectorOptions.DEFAULT
                            .withResolver(_ -> List.of(ONE, TWO))
                            .withAttemptDelay(
                                    Duration.ofSeconds(2)) // the deaf one's head start is longer than the limit
                            .withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofMillis(1500))));
            dial(another, server.getLocalPort()).abort();
        }
    }

    @Test
    void afterAFailureTheNextAddressIsTriedAtOnce() throws Exception {
        try (var server = new ServerSocket(0, 8, TWO)) {
            var connector = to(Duration.ofSeconds(2), ONE, TWO);
            long start = System.nanoTime();
            assertThat(peer(dial(connector, server.getLocalPort()))).isEqualTo(TWO);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1900));
        }
    }

    @Test
    void whenAllFailTheFailureNamesThemAllWithTheirReasons() throws Exception {
        int port;
        try (var server = new ServerSocket(0, 8, ONE)) {
            port = server.getLocalPort();
        }
        var connector = to(Duration.ofMillis(250), ONE, TWO, SIX);
        var failure =
                Spawned.on(loop, () -> connector.connect("name.example", port)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.REFUSED);
        assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
        assertThat(failure)
                .hasMessageContaining("name.example")
                .hasMessageContaining("none of 3")
                .hasMessageContaining("127.0.0.2:" + port + ": refused")
                .hasMessageContaining("127.0.0.3:" + port + ": refused")
                .hasMessageContaining("0:0:0:0:0:0:0:1]:" + port + ": refused");
        assertThat(failure.getSuppressed()).hasSize(2);
    }

    @Test
    void theLimitIsOneForAllAddresses() throws Exception {
        try (var deaf = new Deaf(ONE)) {
            long before = Descriptors.open();
            var connector = Connector.of(
                    loops,
                    ConnectorOptions.DEFAULT
                            .withResolver(_ -> List.of(ONE, ONE, TWO))
                            .withAttemptDelay(Duration.ofMillis(10))
                            .withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofSeconds(1))));
            var failure = Spawned.on(loop, () -> connector.connect("name.example", deaf.port()))
                    .failing();
            assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(failure.phase()).isEqualTo(Phase.CONNECT);
            assertThat(failure)
                    .hasMessageContaining("127.0.0.2:" + deaf.port() + ": no answer within 1000 ms")
                    .hasMessageContaining("127.0.0.3:" + deaf.port() + ": refused");
            await().until(() -> Descriptors.open() <= before && loop.connections() == 0);
        }
    }

    /** Gives one family at once, and the other when it is told to. */
    private static final class Staged implements Resolver {
        final CompletableFuture<List<InetAddress>> second = new CompletableFuture<>();
        final List<InetAddress> first;
        final CountDownLatch interrupted = new CountDownLatch(1);

        Staged(InetAddress... first) {
            this.first = List.of(first);
        }

        @Override
        public List<InetAddress> resolve(String host) {
            throw new AssertionError("the connector asks for what is known so far");
        }

        @Override
        public void resolve(String host, Consumer<List<InetAddress>> found) {
            if (!first.isEmpty()) found.accept(first);
            try {
                found.accept(second.get());
            } catch (InterruptedException e) {
                interrupted.countDown();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void diallingBeginsAlthoughTheOtherFamilyIsNotResolvedYetAndItsQuestionIsDropped() throws Exception {
        try (var server = new ServerSocket(0, 8, ONE)) {
            var resolver = new Staged(ONE);
            assertThat(peer(dial(to(Duration.ofSeconds(2), resolver), server.getLocalPort())))
                    .isEqualTo(ONE);
            assertThat(resolver.interrupted.await(10, java.util.concurrent.TimeUnit.SECONDS))
                    .isTrue();
        }
    }

    @Test
    void addressesThatAreFoundWhileOthersAreTriedJoinTheRace() throws Exception {
        try (var deaf = new Deaf(ONE);
                var server = new ServerSocket(deaf.port(), 8, TWO)) {
            var resolver = new Staged(ONE);
            var connector = to(Duration.ofMillis(10), resolver);
            var dialling = Spawned.on(loop, () -> connector.connect("name.example", server.getLocalPort()));
            await().until(() -> Descriptors.open() > 0);
            resolver.second.complete(List.of(TWO));
            assertThat(peer(dialling.value())).isEqualTo(TWO);
        }
    }

    @Test
    void theFamilyThatWonGoesFirstTheNextTime() throws Exception {
        try (var four = new ServerSocket(0, 8, ONE);
                var connection = dialFourOnly(four.getLocalPort());
                var six = new ServerSocket(four.getLocalPort(), 8, SIX)) {
            assertThat(peer(connection)).isEqualTo(ONE);
            assertThat(peer(dial(shared, six.getLocalPort()))).isEqualTo(ONE);
        }
    }

    private Connector shared;

    /** IPv6 comes first and is refused. */
    private Connection dialFourOnly(int port) {
        shared = to(Duration.ofSeconds(2), SIX, ONE);
        return dial(shared, port);
    }

    @Test
    void aResolverThatNeverAnswersIsGivenUpWithTheLimit() throws Exception {
        var resolver = new Staged();
        var connector = Connector.of(
                loops,
                ConnectorOptions.DEFAULT
                        .withResolver(resolver)
                        .withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofMillis(60))));
        var failure =
                Spawned.on(loop, () -> connector.connect("name.example", 80)).failing();
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.RESOLVE);
        assertThat(failure).hasMessageContaining("name.example").hasMessageContaining("60 ms");
        assertThat(resolver.interrupted.await(10, java.util.concurrent.TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void anInterruptionWhileResolvingEndsTheResolverToo() throws Exception {
        var resolver = new Staged();
        var connector = to(Duration.ofMillis(250), resolver);
        var dialling =
                Spawned.on(loop, () -> connector.connect("name.example", 80)).parked();
        dialling.thread().interrupt();
        var failure = dialling.failing();
        assertThat(failure.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(failure.phase()).isEqualTo(Phase.RESOLVE);
        assertThat(resolver.interrupted.await(10, java.util.concurrent.TimeUnit.SECONDS))
                .isTrue();
    }

    @Test
    void aResolverThatBreaksIsToldAsItsFailure() {
        var connector = to(Duration.ofMillis(250), _ -> {
            throw new IllegalStateException("broken");
        });
        try (var _ = Logged.by(Loop.class)) {
            var failure = Spawned.on(loop, () -> connector.connect("name.example", 80))
                    .failing();
            assertThat(failure.reason()).isEqualTo(Reason.FAILED);
            assertThat(failure).hasMessageContaining("broken");
        }
    }

    @Test
    void ofSeveralThatAnswerAllButOneAreClosed() throws Exception {
        try (var one = new ServerSocket(0, 64, ONE);
                var two = new ServerSocket(one.getLocalPort(), 64, TWO)) {
            long before = Descriptors.open();
            var connector = to(Duration.ofMillis(10), ONE, TWO);
            for (int i = 0; i < 30; i++) dial(connector, two.getLocalPort()).abort();
            await().until(() -> Descriptors.open() <= before && loop.connections() == 0);
        }
    }
}

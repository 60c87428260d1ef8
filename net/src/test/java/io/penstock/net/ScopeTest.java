package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions.Scheduler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What a scope has opened, it closes; unless somebody has closed it, given it back or transferred it. */
@ParameterizedClass
@EnumSource(names = {"LOOP", "DEFAULT"})
class ScopeTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress("127.0.0.1", 0);

    private final Loops loops;
    private final Loop loop;
    private final Connector connector;
    private final Pool pool;
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Logged log = Logged.by(Connection.class);

    ScopeTest(Scheduler scheduler) throws IOException {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.all().get(0);
        connector = Connector.of(loops);
        pool = Pool.of(connector);
    }

    @AfterEach
    void close() throws IOException {
        log.close();
        pool.close();
        server.close();
        loops.close(Duration.ZERO);
    }

    private <T> T on(Callable<T> work) {
        return Spawned.on(loop, work).value();
    }

    private Connection dial() throws ConnectionException {
        return connector.connect(server.getLocalSocketAddress());
    }

    private Socket accept() throws IOException {
        Socket peer = server.accept();
        peer.setSoTimeout((int) Spawned.LIMIT.toMillis());
        return peer;
    }

    private long left() {
        return log.messages(Level.DEBUG).stream()
                .filter(line -> line.contains("left open"))
                .count();
    }

    // ---- which scope it is

    @Test
    void outsideOfAllScopesItIsTheProcess() {
        assertThat(Scope.current()).isSameAs(Scope.PROCESS);
        assertThat(on(Scope::current)).isSameAs(Scope.PROCESS);
    }

    @Test
    void scopesAreNestedAndOfTheThreadThatOpenedThem() {
        try (var outer = Scope.open("outer")) {
            assertThat(Scope.current()).isSameAs(outer);
            try (var inner = Scope.open("inner")) {
                assertThat(Scope.current()).isSameAs(inner);
                assertThat(on(Scope::current)).isSameAs(Scope.PROCESS);
            }
            assertThat(Scope.current()).isSameAs(outer);
            assertThat(outer.isOpen()).isTrue();
        }
        assertThat(Scope.current()).isSameAs(Scope.PROCESS);
    }

    @Test
    void theOuterOneTakesTheInnerOnesWithIt() throws Exception {
        Scope outer = Scope.open("outer");
        Scope inner = Scope.open("inner");
        Connection connection = dial();
        outer.close();
        assertThat(inner.isOpen()).isFalse();
        assertThat(connection.isOpen()).isFalse();
        assertThat(Scope.current()).isSameAs(Scope.PROCESS);
        inner.close(); // nothing, now
    }

    @Test
    void anotherThreadCannotCloseIt() throws Exception {
        try (var scope = Scope.open("mine")) {
            assertThat(Spawned.on(loop, () -> {
                                scope.close();
                                return null;
                            })
                            .failure())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("only by the thread");
            assertThat(scope.isOpen()).isTrue();
            assertThat(Scope.current()).isSameAs(scope);
        }
    }

    @Test
    void theProcessNeverEnds() {
        assertThatThrownBy(Scope.PROCESS::close).isInstanceOf(IllegalStateException.class);
        assertThat(Scope.PROCESS.isOpen()).isTrue();
    }

    @Test
    void transfersAtTheSameTimeLeaveEachConnectionToOneScope() {
        List<Connection> connections = new ArrayList<>();
        try (var one = Scope.open("one");
                var two = Scope.open("two")) {
            for (int i = 0; i < 3; i++) {
                Connection.Pair pair = Connection.pair(loop, loop);
                connections.addAll(List.of(pair.first(), pair.second()));
            }
            Callable<?> transfers = () -> {
                for (int i = 0; i < 20_000; i++) {
                    connections.get(i % connections.size()).transfer(i % 4 < 2 ? one : two);
                }
                return null;
            };
            var first = Spawned.onPlatformThread(transfers);
            var second = Spawned.onPlatformThread(transfers);
            first.value();
            second.value();
            assertThat(connections).allSatisfy(each -> assertThat(each.scope()).isIn(one, two));
        }
        assertThat(connections).noneMatch(Connection::isOpen);
        // the other end of a pair may have heard of it, and be forgotten, before its turn comes
        assertThat(loops.abandoned()).isBetween(connections.size() / 2L, (long) connections.size());
    }

    @Test
    void whatIsTransferredWhileItIsClosedIsNobodys() {
        try (var scope = Scope.open("job")) {
            for (int i = 0; i < 500; i++) {
                Connection connection = Connection.pair(loop, loop).first();
                var closing = Spawned.onPlatformThread(() -> {
                    connection.close();
                    return null;
                });
                connection.transfer(scope);
                closing.value();
                assertThat(connection.scope()).isSameAs(Scope.PROCESS);
            }
        }
    }

    // ---- what it closes

    @Test
    void whatIsLeftOpenIsClosedInOrderLoggedAndCounted() throws Exception {
        Connection connection = on(() -> {
            try (var scope = Scope.open("job")) {
                Connection dialled = dial();
                assertThat(dialled.scope()).isSameAs(scope);
                dialled.send("last words");
                return dialled;
            }
        });
        try (Socket peer = accept()) {
            assertThat(peer.getInputStream().readAllBytes()).asString().isEqualTo("last words");
        }
        assertThat(Spawned.on(loop, () -> connection.send("more")).reason()).isEqualTo(Reason.CLOSED);
        assertThat(loops.abandoned()).isOne();
        assertThat(left()).isOne();
        assertThat(connection.scope()).isSameAs(Scope.PROCESS);
    }

    @Test
    void whatHasBeenClosedAbortedOrReleasedIsNotItsConcern() throws Exception {
        on(() -> {
            try (var _ = Scope.open("job")) {
                dial().close();
                dial().abort();
                Connection borrowed = pool.connect(server.getLocalSocketAddress());
                assertThat(borrowed.release(KeepAlive.DEFAULT)).isEqualTo(Released.KEPT);
                return null;
            }
        });
        assertThat(loops.abandoned()).isZero();
        assertThat(left()).isZero();
        assertThat(pool.stats().idle()).isOne();
    }

    @Test
    void aBorrowedConnectionIsNotGivenBackByTheScopeButClosed() throws Exception {
        on(() -> {
            try (var _ = Scope.open("first")) {
                pool.connect(server.getLocalSocketAddress()).release(KeepAlive.DEFAULT);
            }
            try (var scope = Scope.open("second")) {
                Connection again = pool.connect(server.getLocalSocketAddress());
                assertThat(again.stats().reused()).isOne();
                assertThat(again.scope()).isSameAs(scope);
            }
            return null;
        });
        assertThat(loops.abandoned()).isOne();
        await().untilAsserted(() -> assertThat(pool.stats().open()).isZero());
    }

    @Test
    void bothEndsOfAPairBelongToIt() {
        Connection.Pair pair;
        try (var _ = Scope.open("pair")) {
            pair = Connection.pair(loop, loop);
        }
        assertThat(pair.first().isOpen()).isFalse();
        assertThat(pair.second().isOpen()).isFalse();
    }

    @Test
    void aThreadThatStillReadsIsToldAndThePeerSeesAReset() throws Exception {
        var reading = new CompletableFuture<Spawned<byte[]>>();
        on(() -> {
            try (var _ = Scope.open("job")) {
                Connection connection = dial();
                reading.complete(Spawned.on(loops.all().get(1), () -> connection.receive(1))
                        .parked());
            }
            return null;
        });
        assertThat(reading.get().reason()).isEqualTo(Reason.CLOSED);
        try (Socket peer = accept()) {
            assertThatThrownBy(peer.getInputStream()::read).isInstanceOf(SocketException.class);
        }
    }

    @Test
    void aLostConnectionIsForgottenWithWhatHadComeOnIt() throws Exception {
        on(() -> {
            try (var _ = Scope.open("job")) {
                Connection connection = dial();
                try (Socket peer = accept()) {
                    peer.getOutputStream().write(new byte[5000]); // LeakWatch would see them
                }
                connection.shutdownOutput();
                await().until(() -> !connection.isOpen());
                return connection.buffered();
            }
        });
        assertThat(loops.abandoned()).isZero();
    }

    // ---- what outlives it

    @Test
    void aTransferredConnectionOutlivesTheScope() throws Exception {
        Connection connection = on(() -> {
            try (var _ = Scope.open("job")) {
                return dial().transfer(Scope.PROCESS);
            }
        });
        try (Socket peer = accept()) {
            peer.getOutputStream().write('x');
            assertThat(on(() -> connection.receive(1))).containsExactly('x');
            assertThat(connection.scope()).isSameAs(Scope.PROCESS);
        }
        assertThat(loops.abandoned()).isZero();
        on(() -> {
            connection.close();
            return null;
        });
    }

    @Test
    void whoeverGetsItAnswersForIt() throws Exception {
        on(() -> {
            Connection connection;
            try (var outer = Scope.open("outer")) {
                try (var _ = Scope.open("inner")) {
                    connection = dial().transfer(outer);
                }
                assertThat(connection.isOpen()).isTrue();
                assertThat(connection.scope()).isSameAs(outer);
            }
            assertThat(connection.isOpen()).isFalse();
            return null;
        });
    }

    @Test
    void anEndedScopeTakesNothingAndNothingIsChangedByTheAttempt() throws Exception {
        on(() -> {
            Scope ended = Scope.open("ended");
            ended.close();
            try (var scope = Scope.open("job")) {
                Connection connection = dial();
                assertThatThrownBy(() -> connection.transfer(ended)).isInstanceOf(IllegalStateException.class);
                assertThat(connection.isOpen()).isTrue();
                assertThat(connection.scope()).isSameAs(scope);
            }
            return null;
        });
        assertThat(loops.abandoned()).isOne();
    }

    // ---- handlers

    @Test
    void aHandlerIsAScopeOfItsOwn() throws Exception {
        var dialled = new CompletableFuture<Connection>();
        try (var listener = Listener.open(loops, ANY_PORT, accepted -> {
                    assertThat(accepted.scope()).isSameAs(Scope.current()).isNotSameAs(Scope.PROCESS);
                    dialled.complete(dial());
                });
                Socket client = client(listener)) {
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
        await().until(() -> !dialled.get().isOpen());
        assertThat(loops.abandoned()).isOne();
    }

    @Test
    void anAcceptedConnectionMayOutliveItsHandlerToo() throws Exception {
        var handed = new CompletableFuture<Connection>();
        try (var listener =
                        Listener.open(loops, ANY_PORT, accepted -> handed.complete(accepted.transfer(Scope.PROCESS)));
                Socket client = client(listener)) {
            Connection accepted = handed.get();
            on(() -> accepted.send("still here"));
            assertThat(client.getInputStream().readNBytes(10)).asString().isEqualTo("still here");
            assertThat(listener.connections()).isOne();
            on(() -> {
                accepted.close();
                return null;
            });
            assertThat(client.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aHandlerThatFailsAfterATransferDoesNotHurtTheNewOwner() throws Exception {
        var handed = new CompletableFuture<Connection>();
        try (var failures = Logged.by(Loop.class);
                var listener = Listener.open(loops, ANY_PORT, accepted -> {
                    handed.complete(accepted.transfer(Scope.PROCESS));
                    throw new IllegalStateException("on purpose");
                });
                Socket client = client(listener)) {
            await().until(() -> !failures.messages(Level.ERROR).isEmpty());
            assertThat(handed.get().isOpen()).isTrue();
            handed.get().abort();
            assertThatThrownBy(client.getInputStream()::read).isInstanceOf(SocketException.class);
        }
    }

    private static Socket client(Listener listener) throws IOException {
        var address = (InetSocketAddress) listener.address();
        var socket = new Socket(address.getAddress(), address.getPort());
        socket.setSoTimeout((int) Spawned.LIMIT.toMillis());
        return socket;
    }

    // ---- everything at once

    @Test
    void closingTransferringAndEndingAtOnceLosesNoConnection() throws Exception {
        for (int round = 0; round < 200; round++) {
            var start = new CountDownLatch(1);
            var others = new ArrayList<Spawned<?>>();
            var all = new ArrayList<Connection>();
            try (var target = Scope.open("target")) {
                try (var _ = Scope.open("contended")) {
                    for (int i = 0; i < 8; i++) {
                        Connection.Pair pair = Connection.pair(loop, loops.all().get(1));
                        all.add(pair.first());
                        all.add(pair.second());
                        int how = i;
                        others.add(Spawned.on(loops.all().get(i % 2), () -> {
                            start.await();
                            switch (how % 4) {
                                case 0 -> pair.first().transfer(target);
                                case 1 -> pair.first().abort();
                                case 2 -> pair.second().close();
                                default ->
                                    pair.second()
                                            .transfer(target)
                                            .transfer(Scope.PROCESS)
                                            .transfer(target);
                            }
                            return null;
                        }));
                    }
                    start.countDown();
                }
                others.forEach(Spawned::value);
            }
            assertThat(all).noneMatch(Connection::isOpen);
        }
    }
}

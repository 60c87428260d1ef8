package io.penstock.net.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Endpoint;
import io.penstock.net.Listener;
import io.penstock.net.ListenerOptions;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.Resolver;
import io.penstock.net.Scope;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import io.penstock.net.TlsClient;
import io.penstock.net.event.NetEvent.AcceptFailed;
import io.penstock.net.event.NetEvent.Accepted;
import io.penstock.net.event.NetEvent.ConnectFailed;
import io.penstock.net.event.NetEvent.Connected;
import io.penstock.net.event.NetEvent.HostFound;
import io.penstock.net.event.NetEvent.HostLookupFailed;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Connect, accept and lookup in event style. */
@ParameterizedClass
@EnumSource(
        value = Scheduler.class,
        names = {"LOOP", "DEFAULT"})
class ProcessorTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** Where nobody really dials. */
    private static final Endpoint SOMEWHERE = Endpoint.of("somewhere.test", 1);

    private final Loops loops;
    private final Loop loop;
    private final Processor net;
    private final Told told = new Told();

    ProcessorTest(Scheduler scheduler) {
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2).withScheduler(scheduler));
        loop = loops.all().get(1);
        net = Processor.of(loops);
    }

    @AfterEach
    void close() {
        await().untilAsserted(() -> assertThat(loops.all())
                .allSatisfy(each -> assertThat(each.connections()).isZero()));
        loops.close(Duration.ZERO);
    }

    private static SocketAddress nobody() throws IOException {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return taken.getLocalSocketAddress();
        }
    }

    /** A processor whose connections are not dialled but come from here. */
    private Processor dialling(Dial dial) {
        return Processor.of(
                new Connector() {
                    @Override
                    public Connection connect(Endpoint endpoint) throws ConnectionException {
                        return dial.connect();
                    }

                    @Override
                    public Loops loops() {
                        return loops;
                    }

                    @Override
                    public Timeouts timeouts() {
                        return Timeouts.DEFAULT;
                    }
                },
                Resolver.of(loops));
    }

    private interface Dial {
        Connection connect() throws ConnectionException;
    }

    // ---- connect and accept

    @Test
    @DisplayName("NET-LOOP: both sides are told, know each other's address, and the text and the end arrive")
    void netLoop() throws Exception {
        var clients = new Told();
        Acceptor acceptor = net.accept(ANY_PORT, ListenerOptions.DEFAULT, clients.continuation);
        net.on(loop).connect(acceptor.address(), told.continuation);
        try (Connection client = told.next(Connected.class).connection();
                Connection server = clients.next(Accepted.class).connection()) {
            assertThat(client.remoteAddress()).isEqualTo(acceptor.address()).isEqualTo(server.localAddress());
            assertThat(server.remoteAddress()).isEqualTo(client.localAddress());
            server.send("short");
            server.close();
            assertThat(client.receiveAll()).asString(StandardCharsets.US_ASCII).isEqualTo("short");
            assertThat(client.inputEnd()).contains(Reason.EOF);
        }
        assertThat(acceptor.cancel()).isTrue();
        assertThat(told.count() + clients.count()).isZero();
    }

    @Test
    void aConnectionIsOfTheLoopOnWhichItIsToldAndInNoScopeThatEnds() throws Exception {
        var acceptor = net.accept(ANY_PORT, ListenerOptions.DEFAULT, told.continuation);
        var client = new Told();
        client.continuation.bind(loop);
        Spawned.on(loops.all().get(0), () -> {
                    try (var scope = Scope.open("ends at once")) {
                        return net.connect(acceptor.address(), client.continuation);
                    }
                })
                .value();
        Told.Telling telling = client.telling();
        assertThat(telling.loop()).isSameAs(loop);
        try (Connection connection = ((Connected) telling.event()).connection();
                Connection accepted = told.next(Accepted.class).connection()) {
            assertThat(connection.loop()).isSameAs(loop);
            assertThat(connection.scope()).isSameAs(Scope.PROCESS);
            assertThat(accepted.scope()).isSameAs(Scope.PROCESS);
            accepted.send("ping\n");
            assertThat(connection.receiveLine()).isEqualTo("ping");
        }
        acceptor.cancel();
    }

    @Test
    void aUnixSocketIsDialledAndAcceptedAlike(@TempDir Path directory) throws Exception {
        var address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        var clients = new Told();
        var acceptor = net.accept(address, ListenerOptions.DEFAULT, clients.continuation);
        assertThat(acceptor.address()).isEqualTo(address);
        net.connect(address, told.continuation);
        told.next(Connected.class).connection().close();
        clients.next(Accepted.class).connection().close();
        acceptor.cancel();
    }

    @Test
    @DisplayName("CONNECT-REFUSED: nobody is told of a connection that was not established")
    void connectRefused() throws Exception {
        SocketAddress address = nobody();
        Action action = net.connect(address, told.continuation);
        ConnectionException cause = told.next(ConnectFailed.class).cause();
        assertThat(cause.reason()).isEqualTo(Reason.REFUSED);
        assertThat(cause.peer()).isEqualTo(address);
        assertThat(action.cancel()).isFalse();
    }

    @Test
    void whoeverAsksForTlsIsToldBehindTheHandshake() throws Exception {
        var connected = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        try (var listener = Listener.open(loops, ANY_PORT, connection -> {
            connected.countDown();
            goOn.await();
            connection.send("this is not TLS\n");
        })) {
            net.connect(Endpoint.of(listener.address()).withTls(TlsClient.DEFAULT), told.continuation);
            connected.await();
            assertThat(told.count()).as("events before the handshake").isZero();
            goOn.countDown();
            assertThat(told.next(ConnectFailed.class).cause().phase()).isEqualTo(Phase.TLS);
        }
    }

    @Test
    void aFailureThatNobodyExpectsIsToldAsOneToo() {
        dialling(() -> {
                    throw new IllegalStateException("on purpose");
                })
                .connect(SOMEWHERE, told.continuation);
        assertThat(told.next(ConnectFailed.class).cause())
                .hasMessageContaining("on purpose")
                .hasRootCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void anAddressThatCannotBeBoundIsToldOnce() throws Exception {
        try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var acceptor = net.accept(taken.getLocalSocketAddress(), ListenerOptions.DEFAULT, told.continuation);
            assertThat(told.next(AcceptFailed.class).cause().reason()).isEqualTo(Reason.ADDRESS);
            assertThat(Spawned.on(loop, acceptor::address).reason()).isEqualTo(Reason.ADDRESS);
            assertThat(acceptor.cancel()).as("there is nothing left").isFalse();
        }
    }

    @Test
    void noMoreAreAcceptedWhileTheContinuationDoesNotKeepUp() throws Exception {
        var goOn = new CountDownLatch(1);
        var count = new AtomicInteger();
        Acceptor acceptor = net.accept(ANY_PORT, ListenerOptions.DEFAULT, Continuation.of((_, event) -> {
            goOn.await();
            ((Accepted) event).connection().close();
            count.incrementAndGet();
        }));
        int all = Acceptor.MOST_WAITING + 500;
        var clients = new ArrayList<Socket>();
        try (var other = Listener.open(loops, ANY_PORT, connection -> connection.send("ok\n"))) {
            InetSocketAddress address = (InetSocketAddress) acceptor.address();
            for (int i = 0; i < all; i++) clients.add(new Socket(address.getAddress(), address.getPort()));
            await().until(() -> connections() >= Acceptor.MOST_WAITING);
            // by then each loop has come to whatever it would have accepted
            for (int i = 0; i < 100; i++) {
                try (var asking = new Socket(address.getAddress(), ((InetSocketAddress) other.address()).getPort())) {
                    assertThat(asking.getInputStream().readAllBytes()).hasSize(3);
                }
            }
            assertThat(connections()).as("those that wait").isLessThan(Acceptor.MOST_WAITING + 250);
            goOn.countDown();
            await().until(() -> count.get() == all);
        } finally {
            goOn.countDown();
            for (Socket client : clients) client.close();
            acceptor.cancel();
        }
    }

    private int connections() {
        return loops.all().stream().mapToInt(Loop::connections).sum();
    }

    // ---- cancel

    /** An acceptor cancels its clients, and a client itself that finds its acceptor cancelled: whoever is second must not take it for told. */
    @Test
    void whatSomebodyElseHasCancelledIsPreventedTooAndWhatWasToldIsNot() {
        var cancelled = new Once(told.continuation, loop);
        assertThat(cancelled.cancel()).isTrue();
        assertThat(cancelled.cancel()).isFalse();
        assertThat(cancelled.prevent()).isTrue();
        var happened = new Once(told.continuation, loop);
        happened.come(new TimerEvent.Immediate());
        told.next(TimerEvent.Immediate.class);
        assertThat(happened.prevent()).isFalse();
    }

    @Test
    void aCancelledDialIsGivenUpAtOnce() throws Exception {
        var dialling = new CountDownLatch(1);
        var interrupted = new CountDownLatch(1);
        Action action = dialling(() -> {
                    dialling.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException _) {
                        interrupted.countDown();
                    }
                    throw ConnectionException.of(Reason.INTERRUPTED, Phase.CONNECT, SOMEWHERE.address());
                })
                .connect(SOMEWHERE, told.continuation);
        dialling.await();
        assertThat(action.cancel()).isTrue();
        interrupted.await();
        assertThat(action.cancel()).as("cancelled before").isFalse();
        assertThat(told.count()).isZero();
    }

    @Test
    void aConnectionThatWinsTheRaceAgainstItsCancelIsClosed() throws Exception {
        var dialling = new CountDownLatch(1);
        var cancelled = new CountDownLatch(1);
        var pair = Connection.pair(loop, loop);
        Action action = dialling(() -> {
                    dialling.countDown();
                    for (boolean done = false; !done; ) {
                        try {
                            cancelled.await();
                            done = true;
                        } catch (InterruptedException _) {
                            // as one that comes too late to stop it
                        }
                    }
                    return pair.first();
                })
                .connect(SOMEWHERE, told.continuation);
        dialling.await();
        assertThat(action.cancel()).isTrue();
        cancelled.countDown();
        assertThat(Spawned.on(loop, () -> pair.second().receive(1)).reason()).isEqualTo(Reason.RESET);
        assertThat(told.count()).isZero();
        pair.second().close();
    }

    @Test
    void aConnectionThatWaitsToBeToldOfIsClosedWhenNobodyWantsItAnyMore() throws Exception {
        var busy = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var later = new Told();
        var slow = Continuation.of((_, event) -> {
            if (event instanceof Connected) later.continuation.tell(event, loop);
            busy.countDown();
            goOn.await();
        });
        slow.tell(new TimerEvent.Immediate(), loop);
        busy.await();
        var pair = Connection.pair(loop, loop);
        Action action = dialling(pair::first).connect(SOMEWHERE, slow);
        var reading = Spawned.on(loop, () -> pair.second().receive(1));
        reading.parked();
        assertThat(action.cancel()).isTrue();
        assertThat(reading.reason()).isEqualTo(Reason.RESET);
        goOn.countDown();
        slow.tell(new Connected(pair.second()), loop);
        later.next(Connected.class).connection().close();
        assertThat(later.count()).isZero();
    }

    @Test
    void clientsThatWaitWhenAnAcceptIsCancelledAreClosedAndNobodyIsToldOfThem() throws Exception {
        var busy = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        var accepted = new Told();
        var slow = Continuation.of((_, event) -> {
            accepted.continuation.tell(event, loop);
            busy.countDown();
            goOn.await();
        });
        Acceptor acceptor = net.accept(ANY_PORT, ListenerOptions.DEFAULT, slow);
        net.connect(acceptor.address(), told.continuation);
        Connection first = told.next(Connected.class).connection();
        busy.await();
        net.connect(acceptor.address(), told.continuation);
        Connection second = told.next(Connected.class).connection();
        var reading = Spawned.on(loop, () -> second.receive(1));
        await().until(() -> loops.all().stream().mapToInt(Loop::connections).sum() == 4);
        assertThat(acceptor.cancel()).as("the first is being told of").isFalse();
        assertThat(reading.reason()).isEqualTo(Reason.RESET);
        goOn.countDown();
        accepted.next(Accepted.class).connection().close();
        slow.tell(new TimerEvent.Immediate(), loop);
        accepted.next(TimerEvent.Immediate.class);
        assertThat(accepted.count()).isZero();
        first.close();
        second.close();
        assertThat(acceptor.cancel()).isFalse();
    }

    @Test
    void aCancelledAcceptNoLongerListens() throws Exception {
        Acceptor acceptor = net.accept(ANY_PORT, ListenerOptions.DEFAULT, told.continuation);
        SocketAddress address = acceptor.address();
        assertThat(acceptor.cancel()).isTrue();
        await().until(() -> {
            var client = new Told();
            net.connect(address, client.continuation);
            return switch ((NetEvent) client.telling().event()) {
                case Connected(var connection) -> {
                    connection.abort();
                    yield false;
                }
                case ConnectFailed(var cause) -> cause.reason() == Reason.REFUSED;
                default -> false;
            };
        });
        assertThat(told.count()).isZero();
    }

    // ---- lookup

    @Test
    void aHostIsFound() {
        net.on(loop).lookup("localhost", told.continuation);
        Told.Telling telling = told.telling();
        assertThat(telling.loop()).isSameAs(loop);
        assertThat(((HostFound) telling.event()).addresses())
                .isNotEmpty()
                .allSatisfy(address -> assertThat(address.isLoopbackAddress()).isTrue());
    }

    @Test
    void aHostIsNotFoundOrItsResolverFails() {
        net.lookup("nobody.invalid", told.continuation);
        assertThat(told.next(HostLookupFailed.class).cause().reason()).isEqualTo(Reason.UNRESOLVED);
        Processor.of(Connector.of(loops), _ -> {
                    throw new IllegalStateException("on purpose");
                })
                .lookup("localhost", told.continuation);
        assertThat(told.next(HostLookupFailed.class).cause())
                .hasMessageContaining("localhost")
                .hasMessageContaining("on purpose");
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd;
import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import io.penstock.net.Scope;
import io.penstock.net.TlsEngine;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Relay} between any two kinds of connections. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
final class RelayTest {
    private static final Duration SHORT = Duration.ofMillis(60);

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
    private final List<Ends> opened = new CopyOnWriteArrayList<>();

    RelayTest() {
        leaks.watch(loops);
    }

    @AfterEach
    void closeAll() throws Exception {
        for (Ends each : opened) each.close();
        opened.clear();
    }

    @AfterAll
    void endLoops() {
        assertThat(loops.close(Duration.ofSeconds(5))).isTrue();
    }

    static List<ConnectionKind> kinds() {
        return List.of(
                ConnectionKind.tcpAccepted(),
                ConnectionKind.tcpDialled(),
                ConnectionKind.unixAccepted(),
                ConnectionKind.pair(),
                new TlsKind(Origin.ACCEPTED, TlsEngine.JDK),
                new TlsKind(Origin.DIALLED, TlsEngine.BORINGSSL));
    }

    static Stream<Arguments> anyTwo() {
        return kinds().stream().flatMap(one -> kinds().stream().map(other -> Arguments.of(one, other)));
    }

    static Stream<Arguments> anyTwoThatHalfClose() {
        return anyTwo().filter(
                        both -> List.of(both.get()).stream().allMatch(kind -> ((ConnectionKind) kind).halfCloses()));
    }

    private Ends open(ConnectionKind kind) throws Exception {
        Ends ends = kind.open(loops);
        opened.add(ends);
        return ends;
    }

    private Ends tcp() throws Exception {
        return open(ConnectionKind.tcpAccepted());
    }

    private static Relay relay(Ends one, Ends other) {
        return Relay.between(one.connection(), other.connection());
    }

    private static RelayEnd end(Relay relay) {
        return Call.onPlatformThread(relay::join).value();
    }

    @ParameterizedTest
    @MethodSource("anyTwoThatHalfClose")
    void eachDirectionGoesOnUntilItsOwnEnd(ConnectionKind left, ConnectionKind right) throws Exception {
        Ends one = open(left);
        Ends other = open(right);
        Relay relay = relay(one, other);
        one.peer().send(Payload.bytes("question"));
        assertThat(other.peer().read(8)).isEqualTo(Payload.bytes("question"));
        one.peer().halfClose();
        other.peer().expectEnd();
        other.peer().send(Payload.bytes("answer"));
        assertThat(one.peer().read(6)).isEqualTo(Payload.bytes("answer"));
        assertThat(relay.isOpen()).isTrue();
        assertThat(relay.there()).isEqualTo(8);
        other.peer().halfClose();
        one.peer().expectEnd();
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.COMPLETE);
        assertThat(List.of(end.there(), end.back())).containsExactly(8L, 6L);
        assertThat(end.lasted()).isPositive();
        assertThat(end.failure()).isNull();
        assertThat(relay.isOpen()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("anyTwo")
    void everyByteGoesOnceAndInOrderBothWaysAtOnce(ConnectionKind left, ConnectionKind right) throws Exception {
        Ends one = open(left);
        Ends other = open(right);
        byte[] there = Payload.random(3 << 20);
        byte[] back = Payload.random((2 << 20) + 7);
        Relay relay = relay(one, other);
        var sendings = List.of(sending(one, there), sending(other, back));
        var receivings = List.of(
                Call.onPlatformThread(() -> other.peer().read(there.length)),
                Call.onPlatformThread(() -> one.peer().read(back.length)));
        Payload.expectSame(there, receivings.get(0).value());
        Payload.expectSame(back, receivings.get(1).value());
        sendings.forEach(Call::value);
        Await.until("all is counted", () -> relay.there() == there.length && relay.back() == back.length);
        relay.abort();
    }

    private static Call<Boolean> sending(Ends from, byte[] bytes) {
        return Call.onPlatformThread(() -> {
            from.peer().send(bytes, Cut.random());
            return true;
        });
    }

    @ParameterizedTest
    @MethodSource("anyTwo")
    void whatWasReceivedOrPutBackBeforeGoesFirst(ConnectionKind left, ConnectionKind right) throws Exception {
        Ends one = open(left);
        Ends other = open(right);
        one.peer().send(Payload.bytes("head\nearly, "));
        Relay relay = one.call(c -> {
                    assertThat(c.receiveLine()).isEqualTo("head");
                    c.unread(ByteBuffer.wrap(Payload.bytes("put back, ")));
                    try (var _ = c.cork()) {
                        c.send("reply, ");
                        return relay(one, other);
                    }
                })
                .value();
        one.peer().send(Payload.bytes("late"));
        other.peer().send(Payload.bytes("and more"));
        assertThat(other.peer().read(21)).isEqualTo(Payload.bytes("put back, early, late"));
        assertThat(one.peer().read(15)).isEqualTo(Payload.bytes("reply, and more"));
        Await.until("what has passed it is counted", () -> relay.there() == 21 && relay.back() == 8);
        one.connection().abort();
    }

    @Test
    void theSystemAsksWhetherPeersThatMayHaveBeenSilentAreThere() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        var relay = Relay.between(
                one.connection(), other.connection(), RelayOptions.DEFAULT.withKeepAlive(Duration.ofSeconds(1)));
        for (Connection each : List.of(one.connection(), other.connection())) {
            Await.until("it asks", () -> number(each, ExtendedSocketOptions.TCP_KEEPINTERVAL) == 1);
            assertThat(number(each, ExtendedSocketOptions.TCP_KEEPIDLE)).isEqualTo(1);
            assertThat(each.option(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
        }
        one.peer().send(Payload.bytes("still there"));
        assertThat(other.peer().read(11)).isEqualTo(Payload.bytes("still there"));
        relay.abort();
    }

    @Test
    void itDoesNotAskBefore() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        one.peer().send(Payload.bytes("there"));
        assertThat(other.peer().read(5)).isEqualTo(Payload.bytes("there"));
        assertThat(one.connection().option(StandardSocketOptions.SO_KEEPALIVE)).isFalse();
        assertThat(other.connection().option(StandardSocketOptions.SO_KEEPALIVE))
                .isFalse();
        relay.abort();
    }

    private static int number(Connection connection, SocketOption<Integer> name) {
        try {
            return connection.option(name);
        } catch (ConnectionException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void noMoreIsReadThanTheOtherSideTakes(ConnectionKind kind) throws Exception {
        Ends one = open(kind);
        Ends other = open(kind);
        Relay relay = relay(one, other);
        long total = kind.mostUnderWay();
        var sending = Call.onPlatformThread(() -> {
            var stream = new io.penstock.testkit.Stream();
            while (stream.position() < total) one.peer().send(stream.next(64 * 1024));
            one.peer().halfClose();
            return true;
        });
        BackPressureContract.settled(relay::there);
        assertThat(sending.isDone()).isFalse();
        var expected = new io.penstock.testkit.Stream();
        ByteBuffer into = ByteBuffer.allocate(256 * 1024);
        while (expected.position() < total && other.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(total);
        sending.value();
        other.peer().expectEnd();
        relay.abort();
    }

    @ParameterizedTest
    @MethodSource("anyTwo")
    void aResetOfOneIsAResetOfTheOther(ConnectionKind left, ConnectionKind right) throws Exception {
        Ends one = open(left);
        Ends other = open(right);
        Relay relay = relay(one, other);
        other.peer().send(Payload.bytes("unread, so that a UNIX socket resets too"));
        Await.until("it has come", () -> relay.back() > 0);
        one.peer().reset();
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.RESET);
        assertThat(end.failure()).hasMessageContaining("reset");
        if (right.abortsAsReset()) other.peer().expectReset();
        else other.peer().readUntilGone();
    }

    @Test
    void aResetIsPassedOnWhileThePeerStalls() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        var sending = Call.onPlatformThread(() -> {
            while (true) one.peer().send(new byte[64 * 1024]);
        });
        BackPressureContract.settled(relay::there);
        one.peer().reset();
        sending.throwing(Throwable.class);
        assertThat(end(relay).cause()).isEqualTo(Cause.RESET);
        other.peer().expectReset();
    }

    @Test
    void aPeerThatHangsUpBehindItsEndTakesNothingOfItBack() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        byte[] body = Payload.random(100_000);
        one.peer().send(body);
        one.peer().halfClose();
        Await.until(
                "its end is passed on", () -> one.connection().inputEnd().isPresent() && relay.there() == body.length);
        one.peer().reset();
        other.peer().send(Payload.bytes("into the void"));
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.RESET);
        assertThat(end.there()).isEqualTo(body.length);
        Payload.expectSame(body, other.peer().readAll());
    }

    @Test
    void anAbortEndsBothAtOnce() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        relay.abort();
        relay.abort();
        one.peer().expectReset();
        other.peer().expectReset();
        assertThat(end(relay).cause()).isEqualTo(Cause.ABORTED);
    }

    @Test
    void endingOneOfTheConnectionsEndsTheRelay() throws Exception {
        for (Ends.Act verb : List.<Ends.Act>of(Connection::close, Connection::abort, Connection::shutdownInput)) {
            Ends one = tcp();
            Ends other = tcp();
            Relay relay = relay(one, other);
            other.act(verb).value();
            RelayEnd end = end(relay);
            assertThat(end.cause()).isEqualTo(Cause.ABORTED);
            assertThat(end.failure().reason()).isEqualTo(Reason.CLOSED);
            assertThat(end.failure().peer()).isEqualTo(other.connection().remoteAddress());
            one.peer().expectReset();
        }
    }

    @Test
    void nobodyElseCanUseTheConnections() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        assertThat(one.call(c -> c.receive(1)).failing(Reason.BUSY_READING)).hasMessageContaining("a relay has it");
        assertThat(other.act(c -> c.send("x")).failing(Reason.BUSY_WRITING)).hasMessageContaining("a relay has it");
        one.act(Connection::detach).failing(Reason.BUSY_READING);
        Ends third = tcp();
        for (Ends[] pair : new Ends[][] {{third, one}, {one, third}}) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> relay(pair[0], pair[1]))
                    .withMessageContaining(one.connection() + " cannot be relayed")
                    .withMessageContaining("a relay has it");
        }
        assertThatThrownBy(() -> relay(one, one)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Relay.between(foreign(), third.connection()))
                .isInstanceOf(IllegalArgumentException.class);
        third.peer().send(Payload.bytes("still usable"));
        assertThat(third.call(c -> c.receive(12)).value()).hasSize(12);
        relay.abort();
    }

    /** One that somebody has made of their own. */
    private static Connection foreign() {
        return (Connection) Proxy.newProxyInstance(
                Connection.class.getClassLoader(), new Class<?>[] {Connection.class}, (_, _, _) -> "theirs");
    }

    @Test
    void aConnectionThatIsBeingReadIsRefused() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        var reading = one.call(c -> c.receive(1)).parked();
        assertThatThrownBy(() -> relay(one, other)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> relay(other, one)).isInstanceOf(IllegalStateException.class);
        one.peer().send(Payload.bytes("x"));
        reading.value();
        other.act(c -> c.send("y")).value();
    }

    @Test
    void itOutlivesTheScopeThatItWasStartedIn() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = one.call(_ -> {
                    try (Scope scope = Scope.open("handler")) {
                        one.connection().transfer(scope);
                        other.connection().transfer(scope);
                        return relay(one, other);
                    }
                })
                .value();
        one.peer().send(Payload.bytes("x"));
        assertThat(other.peer().read(1)).hasSize(1);
        relay.abort();
    }

    @Test
    void aThreadThatIsInterruptedWhileItJoinsAbortsIt() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        var joining = Call.onPlatformThread(() -> {
            RelayEnd end = relay.join();
            assertThat(Thread.interrupted()).isTrue();
            return end;
        });
        joining.parked().interrupt();
        assertThat(joining.value().cause()).isEqualTo(Cause.ABORTED);
        one.peer().expectReset();
    }

    @Test
    void theEndIsToldOnceToEverybody() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = relay(one, other);
        var told = new CopyOnWriteArrayList<RelayEnd>();
        relay.whenEnded(told::add);
        relay.whenEnded(told::add);
        relay.abort();
        RelayEnd end = end(relay);
        relay.whenEnded(told::add);
        Await.until("all are told", () -> told.size() == 3);
        assertThat(Await.stays(Duration.ofMillis(50), () -> told.size() == 3)).isTrue();
        assertThat(told).containsOnly(end);
    }

    @Test
    void silenceBothWaysIsItsEndInOrder() throws Exception {
        Duration limit = Duration.ofSeconds(1);
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withIdle(limit));
        for (int i = 0; i < 30; i++) { // one way only, for longer than the limit
            one.peer().send(Payload.bytes("x"));
            other.peer().read(1);
            Await.stays(limit.dividedBy(20), () -> true);
        }
        other.peer().expectEnd();
        one.peer().expectEnd();
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.IDLE);
        assertThat(end.lasted()).isGreaterThan(limit);
    }

    /** It had taken something since the limit was looked at first, which made it twice as long. */
    @Test
    void whoTakesNothingAnyMoreIsSilentFromThenOn() throws Exception {
        Duration limit = Duration.ofSeconds(4);
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withIdle(limit));
        long begin = System.nanoTime();
        Call.onPlatformThread(() -> {
            while (relay.isOpen()) one.peer().send(new byte[5000]);
            return true;
        });
        one.peer().expectEnd();
        assertThat(relay.there()).isPositive();
        assertThat(Duration.ofNanos(System.nanoTime() - begin))
                .isBetween(limit, limit.plus(limit.dividedBy(4).multipliedBy(3)));
        relay.abort();
        assertThat(end(relay).cause()).isEqualTo(Cause.IDLE);
    }

    @Test
    void lingerIsCountedFromTheFirstEnd() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withLinger(SHORT));
        assertThat(Await.stays(SHORT.multipliedBy(3), relay::isOpen)).isTrue();
        other.peer().halfClose();
        one.peer().expectEnd();
        other.peer().expectEnd();
        assertThat(end(relay).cause()).isEqualTo(Cause.LINGER);
    }

    @Test
    void aLifetimeIsTheEndOfABusyRelayToo() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withLifetime(SHORT));
        var sending = Call.onPlatformThread(() -> {
            var stream = new io.penstock.testkit.Stream();
            while (relay.isOpen()) one.peer().send(stream.next(5000));
            one.peer().halfClose();
            return stream.position();
        });
        var arrived = new io.penstock.testkit.Stream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (other.peer().read(into.clear()) >= 0) arrived.check(into.flip());
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.LIFETIME);
        assertThat(end.there()).isEqualTo(arrived.position()).isLessThanOrEqualTo(sending.value());
        one.peer().expectEnd();
    }

    @ParameterizedTest
    @MethodSource("anyTwo")
    void theEndOfOneIsThatOfBothWhereThatIsWanted(ConnectionKind left, ConnectionKind right) throws Exception {
        Ends one = open(left);
        Ends other = open(right);
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withCloseOnEof(true));
        byte[] body = Payload.random(3 << 20);
        other.peer().send(Payload.bytes("said before"));
        Await.until("it has come", () -> relay.back() == 11);
        var sending = Call.onPlatformThread(() -> {
            one.peer().send(body);
            one.peer().halfClose();
            return true;
        });
        Payload.expectSame(body, other.peer().readAll());
        sending.value();
        assertThat(one.peer().readAll()).isEqualTo(Payload.bytes("said before"));
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.ONE_ENDED);
        assertThat(List.of(end.there(), end.back())).containsExactly((long) body.length, 11L);
    }

    /** To close with unread input would be to reset what is on its way. */
    @Test
    void aPeerThatGoesOnSendingHasWhatItWasSentAllTheSame() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        byte[] body = Payload.random(3 << 20);
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withCloseOnEof(true));
        var sending = Call.onPlatformThread(() -> {
            other.peer().send(body);
            other.peer().halfClose();
            return true;
        });
        var flooding = new AtomicBoolean(true);
        var flood = Call.onPlatformThread(() -> {
            while (flooding.get()) one.peer().send(new byte[64 * 1024]);
            return true;
        });
        BackPressureContract.settled(relay::back);
        Payload.expectSame(body, one.peer().read(body.length));
        sending.value();
        flooding.set(false);
        other.peer().readUntilGone();
        flood.value();
        one.peer().expectEnd();
        assertThat(end(relay).cause()).isEqualTo(Cause.ONE_ENDED);
    }

    @Test
    void tapsSeeWhatGoesEachWay() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        var there = new ByteArrayOutputStream();
        var back = new ByteArrayOutputStream();
        Relay relay = Relay.between(
                one.connection(), other.connection(), RelayOptions.DEFAULT.withTaps(recording(there), recording(back)));
        byte[] body = Payload.random(200_000);
        sending(one, body);
        Payload.expectSame(body, other.peer().read(body.length));
        other.peer().send(Payload.bytes("reply"));
        assertThat(one.peer().read(5)).hasSize(5);
        relay.abort();
        Payload.expectSame(body, there.toByteArray());
        assertThat(back.toByteArray()).isEqualTo(Payload.bytes("reply"));
    }

    private static java.util.function.Consumer<ByteBuffer> recording(ByteArrayOutputStream into) {
        return bytes -> {
            assertThat(bytes.isReadOnly()).isTrue();
            var copy = new byte[bytes.remaining()];
            bytes.get(copy);
            into.writeBytes(copy);
        };
    }

    @Test
    void aTapThatThrowsIsTheEnd() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withTaps(null, _ -> {
            throw new IllegalArgumentException("not this");
        }));
        other.peer().send(Payload.bytes("that"));
        one.peer().expectReset();
        RelayEnd end = end(relay);
        assertThat(end.cause()).isEqualTo(Cause.FAILED);
        assertThat(end.failure()).hasMessageContaining("not this");
        assertThat(end.back()).isZero();
    }

    @Test
    void aTruncatedStreamOfTlsIsNotTakenForAWholeOne() throws Exception {
        for (TlsEngine engine : List.of(TlsEngine.JDK, TlsEngine.BORINGSSL)) {
            Ends one = open(new TlsKind(Origin.ACCEPTED, engine));
            Ends other = tcp();
            Relay relay = relay(one, other);
            one.peer().send(Payload.bytes("half of it"));
            assertThat(other.peer().read(10)).hasSize(10);
            ((TlsPeer) one.peer()).cut();
            RelayEnd end = end(relay);
            assertThat(end.cause()).isEqualTo(Cause.TRUNCATED);
            assertThat(end.failure().reason()).isEqualTo(Reason.TLS_TRUNCATED);
            other.peer().expectReset();
        }
    }

    @Test
    void aConnectionThatHasEndedBeforeIsToldAtTheEnd() throws Exception {
        Ends one = tcp();
        Ends other = tcp();
        one.peer().send(Payload.bytes("last words"));
        one.peer().reset();
        Await.until("the reset has come", () -> one.connection().inputEnd().isPresent());
        Relay relay = relay(one, other);
        assertThat(end(relay).cause()).isEqualTo(Cause.RESET);
        other.peer().expectReset();
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayEnd.Cause;
import io.penstock.net.RelayOptions;
import io.penstock.net.RelayOptions.Splice;
import io.penstock.net.TlsEngine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is relayed between two sockets of one loop goes through pipes, and they are had only while something lies in them. */
@Timeout(60)
final class SplicedRelayTest {
    private static final long MUCH = 64L << 20;

    private static final int EACH = 2 << 20;

    /** What a loop has at most. */
    private static final int MOST_PIPES = 64;

    /** What a loop keeps, each with two ends. */
    private static final int KEPT = 2 * 4;

    private static final ConnectionKind TCP = ConnectionKind.tcpAccepted();
    private static final ConnectionKind UNIX = ConnectionKind.unixAccepted();

    private static long pipes() {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return all.filter(SplicedRelayTest::isPipe).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isPipe(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("pipe:");
        } catch (IOException gone) {
            return false;
        }
    }

    @ParameterizedTest
    @EnumSource
    void muchGoesThroughPipesThatAreNotKept(Splice choice) throws Exception {
        long before = pipes();
        boolean spliced = choice != Splice.OFF;
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            for (var kinds : List.of(List.of(TCP, UNIX), List.of(UNIX, TCP), List.of(TCP, TCP))) {
                try (Ends one = kinds.getFirst().open(loops);
                        Ends other = kinds.getLast().open(loops)) {
                    pump(one, other, choice, before);
                }
            }
            assertThat(pipes() - before).isBetween(spliced ? 2L : 0, spliced ? KEPT : 0L);
        }
        assertThat(pipes()).isEqualTo(before);
    }

    private static void pump(Ends one, Ends other, Splice choice, long pipes) throws Exception {
        Relay relay = Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withSplice(choice));
        var sending = Call.onPlatformThread(() -> {
            var stream = new Stream();
            while (stream.position() < MUCH) one.peer().send(stream.next(64 * 1024));
            one.peer().halfClose();
            return true;
        });
        if (choice == Splice.ALWAYS) { // else the first of it is copied, which may be all that the socket takes
            Await.until("some of it lies in a pipe", () -> pipes() > pipes);
        }
        var expected = new Stream();
        ByteBuffer into = ByteBuffer.allocate(256 * 1024);
        while (other.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(MUCH);
        sending.value();
        other.peer().send(Payload.bytes("done"));
        assertThat(one.peer().read(4)).isEqualTo(Payload.bytes("done"));
        other.peer().halfClose();
        one.peer().expectEnd();
        var end = Call.onPlatformThread(relay::join).value();
        assertThat(end.cause()).isEqualTo(Cause.COMPLETE);
        assertThat(List.of(end.there(), end.back())).containsExactly(MUCH, 4L);
        assertThat(one.connection().stats().received()).isEqualTo(MUCH);
        assertThat(other.connection().stats().sent()).isEqualTo(MUCH);
    }

    /** A server that answers early, ends, and is lost with what it has not read: its client goes on sending and then reads the answer. */
    @ParameterizedTest
    @EnumSource
    void whoSendsToALostServerCanStillReadItsAnswer(Splice choice) throws Exception {
        int flood = 32 << 20;
        int answer = 100_000;
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var clients = new ServerSocket();
                var servers = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            clients.setReceiveBufferSize(4096); // so the answer is still on its way
            clients.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            var connector = Connector.of(loops);
            try (var from = connector.connect(clients.getLocalSocketAddress());
                    var client = clients.accept();
                    var to = connector.connect(servers.getLocalSocketAddress());
                    var server = servers.accept()) {
                from.option(StandardSocketOptions.SO_SNDBUF, 8192);
                Relay relay = Relay.between(from, to, RelayOptions.DEFAULT.withSplice(choice));
                var read = Call.onPlatformThread(() -> {
                    client.getOutputStream().write(new byte[flood]);
                    return client.getInputStream().readAllBytes().length;
                });
                Await.until("the server takes no more", () -> {
                    long moved = relay.there();
                    return moved > 0 && Await.stays(Duration.ofMillis(300), () -> relay.there() == moved);
                });
                server.getOutputStream().write(new byte[answer]);
                server.shutdownOutput();
                Await.until(
                        "the answer has come, and its end", () -> to.inputEnd().isPresent());
                server.setSoLinger(true, 0);
                server.close();
                assertThat(read.value()).isEqualTo(answer);
            }
        }
    }

    /** More relays have something to be taken than a loop has pipes. */
    @Test
    void whoFindsNoPipeLeftCopies() throws Exception {
        long before = pipes();
        var relays = new ArrayList<Relay>();
        var senders = new ArrayList<Ends>();
        var receivers = new ArrayList<Ends>();
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            var sending = new ArrayList<Call<Boolean>>();
            for (int i = 0; i < MOST_PIPES + 6; i++) {
                Ends one = UNIX.open(loops);
                Ends other = UNIX.open(loops);
                senders.add(one);
                receivers.add(other);
                relays.add(Relay.between(
                        one.connection(), other.connection(), RelayOptions.DEFAULT.withSplice(Splice.ALWAYS)));
                sending.add(Call.onPlatformThread(() -> {
                    one.peer().send(new Stream().next(EACH));
                    one.peer().halfClose();
                    return true;
                }));
            }
            BackPressureContract.settled(
                    () -> relays.stream().mapToLong(Relay::there).sum());
            assertThat(pipes() - before).isEqualTo(2L * MOST_PIPES);
            // all at once: a sender waits for its turn ten seconds at most
            var receiving = receivers.stream()
                    .map(each -> Call.onPlatformThread(() -> {
                        var expected = new Stream();
                        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
                        while (each.peer().read(into.clear()) >= 0) expected.check(into.flip());
                        return expected.position();
                    }))
                    .toList();
            for (var each : receiving) assertThat(each.value()).isEqualTo(EACH);
            for (var each : sending) each.value();
            for (Ends each : senders) each.close();
            for (Ends each : receivers) each.close();
        }
        assertThat(pipes()).isEqualTo(before);
    }

    @Test
    void aPipeWithSomethingInItGoesWithItsRelay() throws Exception {
        long before = pipes();
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                Ends one = TCP.open(loops);
                Ends other = TCP.open(loops)) {
            Relay relay =
                    Relay.between(one.connection(), other.connection(), RelayOptions.DEFAULT.withSplice(Splice.ALWAYS));
            var sending = Call.onPlatformThread(() -> {
                var stream = new Stream();
                while (relay.isOpen()) one.peer().send(stream.next(64 * 1024));
                return true;
            });
            // a pipe that is empty when the relay ends is kept: nothing must go on any more
            Await.until("nothing moves", () -> {
                long moved = relay.there();
                return Await.stays(Duration.ofMillis(500), () -> relay.there() == moved);
            });
            assertThat(pipes()).isEqualTo(before + 2);
            relay.abort();
            Await.until("it is closed", () -> pipes() == before);
            Await.until("nobody sends", sending::isDone);
        }
    }

    /**
     * However much of it is left when a turn has moved its share: of a turn that has moved the last byte nobody tells. What the peer's kernel
     * still has by then has not come.
     */
    @Test
    void aRelayThatIsToEndDoesSoBehindWhatHasCome() throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            for (int i = 0; i < 40; i++) {
                try (Ends one = TCP.open(loops);
                        Ends other = TCP.open(loops)) {
                    int size = EACH + i * (64 << 10);
                    var options = RelayOptions.DEFAULT.withSplice(Splice.ALWAYS).withCloseOnEof(true);
                    Relay relay = Relay.between(one.connection(), other.connection(), options);
                    one.peer().send(new Stream().next(size));
                    other.peer().halfClose();
                    one.peer().expectEnd();
                    var expected = new Stream();
                    ByteBuffer into = ByteBuffer.allocate(256 * 1024);
                    while (other.peer().read(into.clear()) >= 0) expected.check(into.flip());
                    var end = Call.onPlatformThread(relay::join).value();
                    assertThat(end.cause()).isEqualTo(Cause.ONE_ENDED);
                    assertThat(expected.position()).isEqualTo(end.there());
                }
            }
        }
    }

    /** Of a byte that the loop has not been told of yet nobody else would tell. */
    @ParameterizedTest
    @CsvSource({
        "ALWAYS, 5, 0, false",
        "ALWAYS, 100000, 300000, false",
        "AUTO, 5, 0, false",
        "OFF, 100000, 0, false",
        "AUTO, 5, 0, true",
        "AUTO, 100000, 0, true"
    })
    void whatLiesInTheSocketWhenTheEndIsDecidedIsDelivered(Splice choice, int size, int before, boolean tls)
            throws Exception {
        ConnectionKind kind = tls ? new TlsKind(Connection.Origin.ACCEPTED, TlsEngine.BORINGSSL) : TCP;
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                Ends one = kind.open(loops);
                Ends other = TCP.open(loops)) {
            var options = RelayOptions.DEFAULT.withSplice(choice).withCloseOnEof(true);
            Relay relay = Relay.between(one.connection(), other.connection(), options);
            var sending = Call.onPlatformThread(() -> {
                one.peer().send(new byte[before]);
                return true;
            });
            other.peer().read(before);
            sending.value();
            Await.until("all of it is counted", () -> relay.there() == before);
            var goOn = new CountDownLatch(1);
            List<Connection> ends = hold(one.connection().loop(), goOn);
            other.peer().halfClose(); // comes first, and is what ends the relay
            byte[] last = Payload.random(size);
            one.peer().send(last);
            Await.until("all of it has come", () -> lyingAt(one.connection()) >= size); // the kernel may pace it
            goOn.countDown();
            ends.forEach(Connection::abort);
            Payload.expectSame(last, other.peer().readAll());
            one.peer().close();
            var end = Call.onPlatformThread(relay::join).value();
            assertThat(end.cause()).isEqualTo(Cause.ONE_ENDED);
            assertThat(end.there()).isEqualTo(before + size);
        }
    }

    /** How much the kernel has received for a TCP connection that nobody has taken. */
    private static long lyingAt(Connection connection) {
        String ends = "%04X [0-9A-F]+:%04X [0-9A-F]{2} [0-9A-F]+:([0-9A-F]+) "
                .formatted(port(connection.localAddress()), port(connection.remoteAddress()));
        try {
            String sockets =
                    Files.readString(Path.of("/proc/self/net/tcp")) + Files.readString(Path.of("/proc/self/net/tcp6"));
            var found = Pattern.compile(":" + ends).matcher(sockets);
            return found.find() ? Long.parseLong(found.group(1), 16) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int port(SocketAddress address) {
        return ((InetSocketAddress) address).getPort();
    }

    /** Returns when the loop does nothing until then: it is in the tap of a relay, whose outer ends these are. */
    private static List<Connection> hold(Loop loop, CountDownLatch until) throws Exception {
        var held = new CountDownLatch(1);
        var near = Connection.pair(loop, loop);
        var far = Connection.pair(loop, loop);
        Consumer<ByteBuffer> tap = _ -> {
            held.countDown();
            while (until.getCount() > 0) Thread.onSpinWait();
        };
        Relay.between(near.second(), far.first(), RelayOptions.DEFAULT.withTaps(tap, null));
        near.first().send("x");
        held.await();
        return List.of(near.first(), far.second());
    }

    /** It sends faster than the other side takes, so that there is always more; who had to be cut off would leave a reset behind. */
    @Test
    void aPeerThatGoesOnSendingDoesNotKeepARelayThatIsToEnd() throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                Ends one = TCP.open(loops);
                Ends other = TCP.open(loops)) {
            var options = RelayOptions.DEFAULT.withSplice(Splice.ALWAYS).withLifetime(Duration.ofMillis(200));
            Relay relay = Relay.between(one.connection(), other.connection(), options);
            var flood = Call.onPlatformThread(() -> {
                var stream = new Stream();
                while (relay.isOpen()) one.peer().send(stream.next(64 * 1024));
                return true;
            });
            var expected = new Stream();
            ByteBuffer into = ByteBuffer.allocate(256);
            while (other.peer().read(into.clear()) >= 0) expected.check(into.flip());
            var end = Call.onPlatformThread(relay::join).value();
            assertThat(end.cause()).isEqualTo(Cause.LIFETIME);
            assertThat(expected.position()).isEqualTo(end.there());
            one.peer().close();
            Await.until("nobody sends", flood::isDone);
        }
    }
}

package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for datagram sockets of every kind. Numbers are those of the peer's {@code t/087-udp-socket.t}. */
@ParameterizedClass
@MethodSource("io.penstock.net.DatagramKind#everywhere")
class DatagramsTest {
    private static final Duration SHORT = Duration.ofMillis(30);

    private final DatagramKind kind;

    /** Whose connected sockets send nothing that is empty. */
    private final boolean nio;

    private final Loops loops;
    private final Loop loop;
    private final Datagrams server;
    private final Datagrams client;

    DatagramsTest(LoopOptions options, DatagramKind kind) throws Exception {
        this.kind = kind;
        nio = options.transport() == LoopOptions.Transport.NIO;
        loops = Loops.open(options);
        loop = loops.all().get(1);
        server = Datagrams.open(loops, DatagramOptions.at(kind.free()));
        client = Datagrams.connect(loops, server.localAddress());
    }

    @AfterEach
    void closeAll() {
        client.close();
        server.close();
        assertThat(loops.all()).allMatch(each -> each.connections() == 0, "has no socket left");
        loops.close(Duration.ZERO);
    }

    // ---- there and back

    @Test
    void _1_binaryDataIsEchoed() throws Exception {
        byte[] question = {0, 1, 0, 0, 0, 1, 0, 0, 'a', 'b', '\r', '\n'};
        var echo = Spawned.on(loop, () -> {
            Datagram asked = server.receive();
            return server.send(asked.data(), asked.peer());
        });
        assertThat(client.send(question)).isEqualTo(12);
        Datagram answer = client.receive();
        assertThat(answer.data()).isEqualTo(question);
        assertThat(answer.truncated()).isFalse();
        assertThat(answer.peer()).isEqualTo(server.localAddress());
        assertThat(echo.value()).isEqualTo(12);
    }

    @Test
    void _2_twoQuestionsMayBeUnderWayAtOnce() throws Exception {
        client.send(bytes("one"));
        client.send(bytes("two"));
        var asked = List.of(server.receive(), server.receive());
        server.send(asked.get(1).data(), asked.get(1).peer());
        server.send(asked.get(0).data(), asked.get(0).peer());
        assertThat(text(client.receive())).isEqualTo("two");
        assertThat(text(client.receive())).isEqualTo("one");
    }

    @Test
    void theSenderOfEachDatagramIsToldAndCanBeAnswered() throws Exception {
        try (var other = Datagrams.connect(loops, server.localAddress())) {
            client.send(bytes("client"));
            other.send(bytes("other"));
            for (int i = 0; i < 2; i++) {
                Datagram asked = server.receive();
                assertThat(asked.peer()).isEqualTo((text(asked).equals("other") ? other : client).localAddress());
                server.send(bytes("to " + text(asked)), asked.peer());
            }
            assertThat(text(client.receive())).isEqualTo("to client");
            assertThat(text(other.receive())).isEqualTo("to other");
        }
    }

    @Test
    void anUnconnectedSocketSendsToAnybodyAndAConnectedOneHearsItsPeerOnly() throws Exception {
        try (var stranger = Datagrams.open(loops, DatagramOptions.at(kind.free()))) {
            if (kind.isUnix()) { // the kernel refuses at once
                assertThatThrownBy(() -> stranger.send(bytes("psst"), client.localAddress()))
                        .isInstanceOf(ConnectionException.class);
            } else {
                stranger.send(bytes("psst"), client.localAddress());
            }
            stranger.send(bytes("hello"), server.localAddress());
            assertThat(text(server.receive())).isEqualTo("hello");
            server.send(bytes("from the peer"), client.localAddress());
            assertThat(text(client.receive())).isEqualTo("from the peer");
            assertThat(client.counts().received()).isEqualTo(1);
        }
    }

    @Test
    void anEmptyDatagramIsOne() throws Exception {
        server.send(new byte[0], client.localAddress());
        server.send(bytes("x"), client.localAddress());
        server.send(new byte[0], client.localAddress());
        assertThat(sizes(client, 3)).containsExactly(0, 1, 0);
        if (nio) {
            assertThatThrownBy(() -> client.send(new byte[0])).isInstanceOf(UnsupportedOperationException.class);
        } else {
            client.send(new byte[0]);
            assertThat(server.receive().data()).isEmpty();
        }
    }

    @Test
    void _20_to_22_dataOfManySizesArrivesWhole() throws Exception {
        var random = new Random(87);
        for (int size : new int[] {1, 3, 4, 5, 6, 8, 15, 16, 22, 1400, 1500, 9000, 65_507}) {
            byte[] data = new byte[kind == DatagramKind.UDP_IPV4 ? size : Math.min(size, 65_487)];
            random.nextBytes(data);
            assertThat(client.send(data)).isEqualTo(data.length);
            assertThat(server.receive().data()).isEqualTo(data);
        }
    }

    @Test
    void aBufferIsConsumedWhenItWasSent() throws Exception {
        var buffer = ByteBuffer.wrap(bytes("-hello-"), 1, 5);
        assertThat(client.send(buffer)).isEqualTo(5);
        assertThat(buffer.hasRemaining()).isFalse();
        assertThat(text(server.receive())).isEqualTo("hello");

        var direct = ByteBuffer.allocateDirect(5).put(bytes("again")).flip();
        client.send(direct, server.localAddress());
        assertThat(text(server.receive())).isEqualTo("again");

        var tooLong = ByteBuffer.allocate(1 << 20);
        assertThatThrownBy(() -> client.send(tooLong)).isInstanceOf(ConnectionException.class);
        assertThat(tooLong.position()).isZero();
    }

    // ---- lengths

    @Test
    void _8_whatIsLongerThanAskedForIsTruncatedAndSaysSo() throws Exception {
        client.send(new byte[1401]);
        client.send(new byte[1400]);
        client.send(new byte[1399]);
        Datagram cut = server.receive(1400);
        assertThat(cut.data()).hasSize(1400);
        assertThat(cut.size()).isEqualTo(1401);
        assertThat(cut.truncated()).isTrue();
        assertThat(server.receive(1400).truncated()).isFalse();
        assertThat(server.receive(1400).data()).hasSize(1399);
        assertThat(server.counts().truncated()).isEqualTo(1);
        assertThat(server.counts().received()).isEqualTo(3);
    }

    @Test
    void receivingNothingOfADatagramDropsIt() throws Exception {
        client.send(bytes("dropped"));
        client.send(bytes("kept"));
        Datagram dropped = server.receive(0);
        assertThat(dropped.data()).isEmpty();
        assertThat(dropped.size()).isEqualTo(7);
        assertThat(text(server.receive())).isEqualTo("kept");
    }

    @Test
    void theLargestIsAnOptionAndBatchesAreCutByItToo() throws Exception {
        var options = DatagramOptions.at(kind.free()).withLargest(8);
        try (var small = Datagrams.open(loops, options)) {
            for (int size : new int[] {7, 8, 9, 100}) server.send(new byte[size], small.localAddress());
            var got = new ArrayList<Datagram>();
            while (got.size() < 4) got.addAll(small.receiveMany(4));
            assertThat(got).extracting(each -> each.data().length).containsExactly(7, 8, 8, 8);
            assertThat(got).extracting(Datagram::size).containsExactly(7, 8, 9, 100);
            assertThatThrownBy(() -> small.receive(9))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("0 to 8 bytes can be received, not 9");
        }
    }

    @Test
    void whatCannotTravelWholeIsNotSentAtAll() throws Exception {
        for (int size : new int[] {kind.isUnix() ? 600_000 : 65_528, 2 << 20}) {
            assertThatThrownBy(() -> client.send(new byte[size])).satisfies(thrown -> {
                var failure = (ConnectionException) thrown;
                assertThat(failure.reason()).isEqualTo(Reason.TOO_LONG);
                assertThat(failure.phase()).isEqualTo(Phase.WRITE);
                assertThat(failure).hasMessageContaining("too long to travel whole");
            });
        }
        client.send(bytes("short"));
        assertThat(text(server.receive())).isEqualTo("short");
    }

    // ---- waiting

    @Test
    void _7_aReceiverGivesUpAfterItsTimeout() throws Exception {
        client.timeouts(Timeouts.DEFAULT.withRead(SHORT));
        long start = System.nanoTime();
        var failure = Spawned.on(loop, client::receive).failing();
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(failure.phase()).isEqualTo(Phase.READ);
        assertThat(failure).hasMessageContaining("no datagram came within 30 ms");
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(SHORT.toNanos());
    }

    @Test
    void _9_aLateDatagramIsForTheNextReceive() throws Exception {
        client.timeouts(Timeouts.DEFAULT.withRead(SHORT));
        assertThat(Spawned.on(loop, client::receive).reason()).isEqualTo(Reason.TIMEOUT);
        server.send(bytes("hello world"), client.localAddress());
        assertThat(text(client.receive())).isEqualTo("hello world");
        assertThat(client.isOpen()).isTrue();
    }

    @Test
    void aDeadlineBoundsAllThatFollowsUntilItIsLifted() throws Exception {
        try (Deadline limit = client.deadline(SHORT)) {
            var failure = Spawned.on(loop, client::receive).failing();
            assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
            assertThat(failure).hasMessageContaining("the deadline has passed");
            assertThat(limit.remaining()).isNegative();
        }
        var receiving = Spawned.on(loop, client::receive).parked();
        server.send(bytes("in time"), client.localAddress());
        assertThat(text(receiving.value())).isEqualTo("in time");
    }

    @Test
    void aTimeoutIsCapturedWhenTheOperationStarts() throws Exception {
        client.timeouts(Timeouts.DEFAULT.withRead(Duration.ofMillis(200)));
        var receiving = Spawned.on(loop, client::receive).parked();
        client.timeouts(Timeouts.DEFAULT);
        assertThat(receiving.failing()).hasMessageContaining("no datagram came");
    }

    @Test
    void everyKindOfThreadMayWait() throws Exception {
        var waiting = List.of(
                Spawned.on(loop, server::receive).parked(),
                Spawned.on(loops.all().get(0), client::receive).parked());
        server.send(bytes("to the client"), client.localAddress());
        client.send(bytes("to the server"));
        assertThat(waiting).extracting(each -> text(each.value())).containsExactly("to the server", "to the client");

        var platform = Spawned.onPlatformThread(server::receive).parked();
        client.send(bytes("once more"));
        assertThat(text(platform.value())).isEqualTo("once more");
    }

    @Test
    void theLoopItselfMustNotWait() throws Exception {
        var netty = ((io.penstock.net.internal.NettyLoop) server.loop()).eventLoop();
        assertThatThrownBy(() -> netty.submit(() -> server.receive()).get())
                .cause()
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("would block the event loop");
        client.send(bytes("there"));
        await().until(() -> netty.submit(() -> server.receive().data().length).get() == 5);
    }

    // ---- two threads, and no third

    @Test
    void oneReceivesWhileAnotherSendsAndAThirdIsTurnedAway() throws Exception {
        var receiving = Spawned.on(loop, client::receive).parked();
        assertThat(Spawned.on(loop, client::receive).reason()).isEqualTo(Reason.BUSY_READING);
        assertThat(Spawned.onPlatformThread(() -> client.receiveMany(3)).reason())
                .isEqualTo(Reason.BUSY_READING);
        client.send(bytes("duplex"));
        assertThat(text(server.receive())).isEqualTo("duplex");
        server.send(bytes("answer"), client.localAddress());
        assertThat(text(receiving.value())).isEqualTo("answer");
    }

    @Test
    void _4_manyTasksMayUseOneSocketInTurn() throws Exception {
        for (int i = 0; i < 170; i++) {
            int number = i;
            var task = Spawned.on(loops.next(), () -> client.send(bytes("task " + number)));
            assertThat(task.value()).isPositive();
            assertThat(text(server.receive())).isEqualTo("task " + i);
        }
    }

    // ---- endings

    @Test
    void closingWakesWhoWaitsAndEndsEverything() throws Exception {
        var receiving = Spawned.on(loop, server::receive).parked();
        server.close();
        assertThat(receiving.reason()).isEqualTo(Reason.CLOSED);
        assertThat(server.isOpen()).isFalse();
        server.close();
        assertThat(Spawned.on(loop, server::receive).reason()).isEqualTo(Reason.CLOSED);
        assertThat(Spawned.on(loop, () -> server.send(bytes("x"), client.localAddress()))
                        .reason())
                .isEqualTo(Reason.CLOSED);
    }

    @Test
    void aClosedSocketNeverTouchesItsDescriptorAgainWhichMayBeSomebodyElses() throws Exception {
        Set<String> before = Descriptors.all();
        var socket = Datagrams.open(loops, DatagramOptions.at(kind.free()));
        Set<String> its = Descriptors.all();
        its.removeAll(before);
        socket.close();
        try (var heirs = new Heirs(its)) {
            assertThatThrownBy(socket::receive).isInstanceOf(ConnectionException.class);
            assertThatThrownBy(() -> socket.receiveMany(2)).isInstanceOf(ConnectionException.class);
            assertThatThrownBy(() -> socket.send(bytes("x"), server.localAddress()))
                    .isInstanceOf(ConnectionException.class);
            assertThatThrownBy(() -> socket.option(StandardSocketOptions.SO_RCVBUF, 4096))
                    .isInstanceOf(ConnectionException.class);
            var group = InetAddress.ofLiteral("224.0.0.251");
            var on = NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
            assertThatThrownBy(() -> socket.join(group, on)).isInstanceOf(ConnectionException.class);
            assertThatThrownBy(() -> socket.leave(group, on, null)).isInstanceOf(ConnectionException.class);
            assertThat(socket.counts().received()).isZero();
            assertThat(socket.localAddress()).isNotNull();
            socket.close();
            heirs.use();
        }
    }

    /** Files that have taken descriptors over. */
    private static final class Heirs implements AutoCloseable {
        private final List<FileChannel> files = new ArrayList<>();

        Heirs(Set<String> descriptors) throws IOException {
            while (!Descriptors.all().containsAll(descriptors)) {
                assertThat(files)
                        .as("none of them has a descriptor of " + descriptors)
                        .hasSizeLessThan(64);
                var file = Files.createTempFile("heir", null);
                files.add(FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE));
            }
        }

        void use() throws IOException {
            for (var file : files)
                assertThat(file.write(ByteBuffer.wrap(bytes("mine")))).isEqualTo(4);
        }

        @Override
        public void close() throws IOException {
            for (var file : files) file.close();
        }
    }

    @Test
    void aThreadThatIsInterruptedClosesTheSocket() throws Exception {
        var receiving = Spawned.on(loop, server::receive).parked();
        receiving.thread().interrupt();
        assertThat(receiving.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(server.isOpen()).isFalse();
    }

    @Test
    void theScopeThatOpenedItClosesItUnlessItWasTransferred() throws Exception {
        var opened = Spawned.on(loop, () -> {
                    try (var scope = Scope.open("test")) {
                        var left = Datagrams.open(loops, DatagramOptions.at(kind.free()));
                        var kept =
                                Datagrams.connect(loops, server.localAddress()).transfer(Scope.PROCESS);
                        assertThat(left.scope()).isSameAs(scope);
                        return List.of(left, kept);
                    }
                })
                .value();
        assertThat(opened).extracting(Datagrams::isOpen).containsExactly(false, true);
        opened.get(1).close();
    }

    @Test
    void theAddressIsFreeAgainAsSoonAsTheSocketIsClosed() throws Exception {
        SocketAddress address = server.localAddress();
        for (int i = 0; i < 20; i++) {
            (i == 0 ? server : Datagrams.open(loops, DatagramOptions.at(address))).close();
        }
    }

    @Test
    void anAddressThatIsTakenIsRefused() {
        assertThatThrownBy(() -> Datagrams.open(loops, DatagramOptions.at(server.localAddress())))
                .satisfies(thrown -> {
                    var failure = (ConnectionException) thrown;
                    assertThat(failure.reason()).isEqualTo(Reason.ADDRESS);
                    assertThat(failure.phase()).isEqualTo(Phase.BIND);
                    assertThat(failure.peer()).isEqualTo(server.localAddress());
                });
    }

    @Test
    void closingTheLoopsEndsTheSockets() {
        var receiving = Spawned.on(loop, server::receive).parked();
        loops.close(Duration.ofMillis(50));
        assertThat(receiving.reason()).isIn(Reason.CLOSED, Reason.INTERRUPTED);
        assertThat(server.isOpen()).isFalse();
        assertThat(client.isOpen()).isFalse();
        assertThatThrownBy(() -> Datagrams.open(loops, DatagramOptions.at(kind.free())))
                .isInstanceOf(ConnectionException.class)
                .hasMessageContaining("the loops have been closed");
    }

    // ---- many at once

    @Test
    void manyAreSentAndReceivedInOrder() throws Exception {
        int count = 150; // more than one system call takes, and more than the queue of a UNIX socket
        var sending = Spawned.on(
                loop,
                () -> client.sendMany(IntStream.range(0, count)
                        .mapToObj(i -> Datagram.of(bytes("number " + i), null))
                        .toList()));
        var got = new ArrayList<Datagram>();
        while (got.size() < count) {
            List<Datagram> some = server.receiveMany(100);
            assertThat(some).hasSizeBetween(1, 100);
            got.addAll(some);
        }
        assertThat(sending.value()).isEqualTo(count);
        assertThat(got)
                .extracting(DatagramsTest::text)
                .containsExactlyElementsOf(
                        IntStream.range(0, count).mapToObj(i -> "number " + i).toList());
        assertThat(got).allMatch(each -> client.localAddress().equals(each.peer()));
        assertThat(client.counts().sent()).isEqualTo(count);
        assertThat(server.counts().received()).isEqualTo(count);
    }

    @Test
    void whoIsInterruptedOrClosedWhileSendingManyLearnsHowManyWereSent() throws Exception {
        List<Datagram> batch = IntStream.range(0, 5_000)
                .mapToObj(i -> Datagram.of(bytes("x"), null))
                .toList();
        if (!kind.isUnix()) { // what the receiver has no room for is dropped, and the sender never held back
            var sender = Datagrams.connect(loops, server.localAddress());
            assertThat(Spawned.on(loop, () -> sender.sendMany(batch)).value()).isEqualTo(5_000);
            sender.close();
            return;
        }
        for (boolean interrupt : List.of(true, false)) {
            var sender = Datagrams.connect(loops, server.localAddress());
            var sending = Spawned.on(loop, () -> sender.sendMany(batch));
            await().until(() -> sender.counts().sent() > 0);
            sending.parked();
            if (interrupt) sending.thread().interrupt();
            else sender.close();
            assertThat(sending.value()).isEqualTo((int) sender.counts().sent()).isBetween(1, 4_999);
            assertThat(sender.isOpen()).isFalse();
            sizes(server, (int) sender.counts().sent());
        }
    }

    @Test
    void whoSendsWithoutPauseLeavesTheOthersOfTheLoopTheirTurn() {
        var turns = new AtomicInteger();
        var over = new AtomicBoolean();
        var sending = Spawned.on(loop, () -> {
            loop.spawn("other", () -> {
                while (!over.get()) {
                    turns.incrementAndGet();
                    Thread.yield();
                }
            });
            try {
                for (int i = 0; i < 100_000; i++) {
                    client.send(bytes("x"));
                    // else a full queue would hold the sender back, and so give the others their turn
                    if (kind.isUnix() && i % 8 == 7) sizes(server, 8);
                }
                return turns.get();
            } finally {
                over.set(true);
            }
        });
        assertThat(sending.within(Duration.ofSeconds(60)).value()).isGreaterThan(100);
    }

    @Test
    void sendingManyStopsAtTheOneThatFailsAndItTellsWhy() throws Exception {
        var batch = List.of(
                Datagram.of(bytes("a"), client.localAddress()),
                Datagram.of(new byte[0], client.localAddress()),
                Datagram.of(new byte[2 << 20], client.localAddress()),
                Datagram.of(bytes("b"), client.localAddress()));
        assertThat(server.sendMany(batch)).isEqualTo(2);
        assertThatThrownBy(() -> server.sendMany(batch.subList(2, 4)))
                .isInstanceOfSatisfying(
                        ConnectionException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(Reason.TOO_LONG));
        assertThat(sizes(client, 2)).containsExactly(1, 0);
        assertThat(client.sendMany(List.of())).isZero();
    }

    @Test
    void misuseIsToldAtOnceAndChangesNothing() throws Exception {
        assertThatThrownBy(() -> server.send(bytes("x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not connected");
        SocketAddress foreign =
                kind.isUnix() ? new InetSocketAddress("127.0.0.1", 9) : UnixDomainSocketAddress.of("/tmp/no-datagram");
        assertThatThrownBy(() -> server.sendMany(List.of(
                        Datagram.of(bytes("not sent"), client.localAddress()), Datagram.of(bytes("x"), foreign))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("is not an address for this socket");
        assertThatThrownBy(() -> server.receiveMany(0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> server.receive(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThat(server.counts().sent()).isZero();
    }

    @Test
    void itSaysWhatItIs() {
        assertThat(client.peer()).isEqualTo(server.localAddress());
        assertThat(server.peer()).isNull();
        assertThat(server.id()).isNotEqualTo(client.id());
        assertThat(loops.all()).contains(server.loop(), client.loop());
        assertThat(server).hasToString("datagrams " + server.id() + " (" + server.localAddress() + ")");
        assertThat(client.loop().connections()).isPositive();
    }

    private static List<Integer> sizes(Datagrams from, int count) throws ConnectionException {
        var sizes = new ArrayList<Integer>();
        for (int i = 0; i < count; i++) sizes.add(from.receive().size());
        return sizes;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static String text(Datagram datagram) {
        return new String(datagram.data(), UTF_8);
    }
}

package io.penstock.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.epoll.Epoll;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.VioEvent.ReadComplete;
import io.penstock.net.event.VioEvent.ReadReady;
import io.penstock.net.event.VioEvent.WriteReady;
import io.penstock.net.event.WriteVio;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Connections, listeners and datagram sockets that become mere descriptors again. */
class DetachTest {
    @TempDir
    Path directory;

    private Loops loops;
    private ServerSocketChannel server;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(Epoll.isAvailable(), "descriptors are detached on Linux");
        loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
        server = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @AfterEach
    void close() throws Exception {
        if (loops == null) return;
        server.close();
        loops.close(Duration.ZERO);
    }

    private Connection dialled() {
        return Spawned.on(loops.next(), () -> Connector.of(loops).connect(server.getLocalAddress()))
                .value();
    }

    private static <T> Spawned<T> on(Connection connection, Callable<T> work) {
        return Spawned.on(connection.loop(), work);
    }

    @Test
    void whatWasReceivedIsHandedOutAndTheDescriptorGoesOn() throws Exception {
        Connection connection = dialled();
        SocketChannel peer = server.accept();
        peer.write(ByteBuffer.wrap("head\nbody".getBytes(UTF_8)));
        assertThat(on(connection, connection::receiveLine).value()).isEqualTo("head");
        on(connection, () -> connection.peek(4)).value();
        connection.send("sent before, ");
        Detached detached = on(connection, connection::detach).value();

        assertThat(UTF_8.decode(detached.unread()).toString()).isEqualTo("body");
        int fd = detached.descriptor();
        assertThat(Posix.numbersOf(Posix.target(fd))).containsExactly(fd);
        assertThat(connection.loop().connections()).isZero();
        assertThat(connection.isOpen()).isFalse();
        assertThat(on(connection, () -> connection.receive(1)).reason()).isEqualTo(Reason.CLOSED);
        assertThat(on(connection, () -> connection.send("x")).reason()).isEqualTo(Reason.CLOSED);
        assertThat(on(connection, connection::detach).reason()).isEqualTo(Reason.CLOSED);
        connection.close();
        connection.abort();

        Posix.write(fd, "sent by its owner");
        var got = ByteBuffer.allocate(30);
        while (got.hasRemaining() && peer.read(got) >= 0) {}
        assertThat(new String(got.array(), UTF_8)).isEqualTo("sent before, sent by its owner");
        peer.write(ByteBuffer.wrap(" and more\n".getBytes(UTF_8)));
        Connection again = Connection.adopt(detached);
        assertThat(on(again, again::receiveLine).value()).isEqualTo("body and more");
        assertThat(detached).hasToString("descriptor " + fd + " and 4 bytes, closed or given away");
        assertThatIllegalStateException() // the number may be anybody's
                .isThrownBy(() -> Connection.adopt(detached))
                .withMessageContaining("given away");
        again.close();
        assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        peer.close();
    }

    @Test
    void itWaitsUntilThePeerHasTakenWhatWasSent() throws Exception {
        Connection connection = dialled();
        SocketChannel peer = server.accept();
        int size = 20 << 20;
        var sending = on(connection, () -> {
            connection.send(new byte[size]);
            return connection.detach();
        });
        sending.parked();
        var into = ByteBuffer.allocate(1 << 16);
        int got = 0;
        while (got < size) {
            got += peer.read(into.clear());
        }
        Posix.write(sending.value().descriptor(), "!");
        assertThat(peer.read(into.clear())).isEqualTo(1);
        Posix.close(sending.value().descriptor());
        peer.close();
    }

    @Test
    void aPeerThatTakesNothingLeavesItUndetached() throws Exception {
        Connection connection = dialled();
        SocketChannel peer = server.accept();
        connection.timeouts(Timeouts.DEFAULT.withWrite(Duration.ofMillis(50)));
        var failure = on(connection, () -> {
                    while (true) connection.send(new byte[1 << 16]);
                })
                .failing();
        assertThat(failure.reason()).isEqualTo(Reason.TIMEOUT);
        assertThat(on(connection, connection::detach).failing().reason()).isIn(Reason.TIMEOUT, Reason.CLOSED);
        connection.abort();
        peer.close();
    }

    @Test
    void nobodyIsDisturbedWhoIsReadingOrWriting() throws Exception {
        Connection connection = dialled();
        SocketChannel peer = server.accept();
        var reading = on(connection, connection::receiveLine).parked();
        assertThat(on(connection, connection::detach).reason()).isEqualTo(Reason.BUSY_READING);
        peer.write(ByteBuffer.wrap("line\n".getBytes(UTF_8)));
        assertThat(reading.value()).isEqualTo("line");
        var writing = on(connection, () -> connection.send(new byte[50 << 20])).parked();
        assertThat(on(connection, connection::detach).reason()).isEqualTo(Reason.BUSY_WRITING);
        connection.abort();
        assertThat(writing.reason()).isEqualTo(Reason.CLOSED);
        peer.close();
    }

    /** Neither is what moves bytes for a continuation; once it is cancelled, the next byte is whoever's has the descriptor. */
    @Test
    void nothingIsDisturbedThatMovesBytesForAContinuation() throws Exception {
        Connection connection = dialled();
        SocketChannel peer = server.accept();
        var told = new LinkedBlockingQueue<Event>();
        var continuation = Continuation.of((self, event) -> told.add(event));
        try (IoBuffer in = IoBuffer.open();
                IoBuffer out = IoBuffer.open()) {
            ReadVio complete = connection.read(continuation, in, 4);
            assertThat(on(connection, connection::detach).reason()).isEqualTo(Reason.BUSY_READING);
            peer.write(ByteBuffer.wrap("read".getBytes(UTF_8)));
            assertThat(next(told)).isEqualTo(new ReadComplete(complete));

            WriteVio writing = connection.write(continuation, out.reader(), Vio.UNBOUNDED);
            assertThat(on(connection, connection::detach).reason()).isEqualTo(Reason.BUSY_WRITING);
            out.write("sent");
            writing.reenable();
            var got = ByteBuffer.allocate(4);
            while (got.hasRemaining() && peer.read(got) >= 0) {}
            assertThat(new String(got.array(), UTF_8)).isEqualTo("sent");

            ReadVio reading = connection.read(continuation, in, Vio.UNBOUNDED);
            peer.write(ByteBuffer.wrap(" this".getBytes(UTF_8)));
            Awaitility.await().atMost(Spawned.LIMIT).until(() -> reading.done() == 5);
            assertThat(reading.cancel()).isTrue();
            assertThat(writing.cancel()).isTrue();
            peer.write(ByteBuffer.wrap("and that\n".getBytes(UTF_8)));
            told.clear();
            Detached detached = on(connection, connection::detach).value();

            complete.request(8);
            assertThat(next(told)).isEqualTo(new VioEvent.Closed(complete));
            assertThatThrownBy(() -> reading.request(8)).isInstanceOf(IllegalStateException.class);
            Connection again = Connection.adopt(detached);
            assertThat(on(again, again::receiveLine).value()).isEqualTo("and that");
            again.close();
        }
        peer.close();
    }

    private static Event next(LinkedBlockingQueue<Event> told) throws InterruptedException {
        Event event = told.poll(Spawned.LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        return event instanceof ReadReady || event instanceof WriteReady ? next(told) : event;
    }

    @Test
    void whatHasNoDescriptorOrKeysBesideItIsRefusedWithTheReason() throws Exception {
        var pair = Connection.pair(loops.next(), loops.next());
        assertThat(on(pair.first(), pair.first()::detach).failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is in memory");
        pair.first().send("still there\n");
        assertThat(on(pair.second(), pair.second()::receiveLine).value()).isEqualTo("still there");
        pair.first().close();
        pair.second().close();
        for (LoopOptions options : Transports.all().toList()) {
            try (var others = Loops.open(options)) {
                if (others.transport().equals("epoll")) continue;
                Connection connection = Spawned.on(
                                others.next(), () -> Connector.of(others).connect(server.getLocalAddress()))
                        .value();
                server.accept().close();
                assertThat(on(connection, connection::detach).failure())
                        .isInstanceOf(UnsupportedOperationException.class)
                        .hasMessageContaining(others.transport());
                connection.close();
            }
        }
    }

    @Test
    void whatHasEndedCannotBeDetachedAndWhatHasHalfEndedCan() throws Exception {
        Connection closed = dialled();
        server.accept().close();
        closed.close();
        assertThat(on(closed, closed::detach).reason()).isEqualTo(Reason.CLOSED);

        Connection half = dialled();
        SocketChannel peer = server.accept();
        peer.write(ByteBuffer.wrap("last".getBytes(UTF_8)));
        peer.shutdownOutput();
        on(half, () -> half.peek(5)).value();
        Detached detached = on(half, half::detach).value();
        assertThat(UTF_8.decode(detached.unread()).toString()).isEqualTo("last");
        assertThat(Posix.read(detached.descriptor(), 1)).isEmpty();
        Posix.write(detached.descriptor(), "answer");
        Posix.close(detached.descriptor());
        assertThat(said(peer)).isEqualTo("answer");
        peer.close();

        Connection sent = dialled();
        SocketChannel listening = server.accept();
        sent.send("question");
        sent.shutdownOutput();
        Detached answer = on(sent, sent::detach).value();
        assertThat(said(listening)).isEqualTo("question");
        listening.write(ByteBuffer.wrap("answer".getBytes(UTF_8)));
        assertThat(Posix.read(answer.descriptor(), 10)).isEqualTo("answer");
        Posix.close(answer.descriptor());
        listening.close();
    }

    /** Either nothing is left of it, or all of it is there: never a part. */
    @Test
    void ofOneWhoDetachesAndOneWhoEndsItOneWins() throws Exception {
        int detached = 0;
        for (int i = 0; i < 300; i++) {
            Connection connection = dialled();
            SocketChannel peer = server.accept();
            peer.write(ByteBuffer.wrap("here".getBytes(UTF_8)));
            on(connection, () -> connection.peek(4)).value();
            boolean aborting = i % 2 == 0;
            var start = new CyclicBarrier(2);
            var ending = Spawned.onPlatformThread(() -> {
                start.await();
                if (aborting) {
                    connection.abort();
                } else {
                    connection.close();
                }
                return true;
            });
            var leaving = Spawned.onPlatformThread(() -> {
                start.await();
                try {
                    return connection.detach();
                } catch (ConnectionException e) {
                    assertThat(e.reason()).isEqualTo(Reason.CLOSED);
                    return null;
                }
            });
            assertThat(ending.value()).isTrue();
            Detached won = leaving.value();
            if (won != null) {
                detached++;
                assertThat(UTF_8.decode(won.unread()).toString()).isEqualTo("here");
                Posix.write(won.descriptor(), "!");
                assertThat(peer.read(ByteBuffer.allocate(1))).isEqualTo(1);
                Posix.close(won.descriptor());
            }
            peer.close();
        }
        assertThat(detached).as("of 300 times").isPositive();
    }

    @Test
    void aListenerLeavesWhoWaitsToItsNextOwner() throws Exception {
        Path path = directory.resolve("s");
        for (SocketAddress at : new SocketAddress[] {
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), UnixDomainSocketAddress.of(path)
        }) {
            var first = Listener.open(loops, at, connection -> connection.send("first"));
            assertThat(said(first.address())).isEqualTo("first");
            int fd = first.detach();
            assertThatThrownBy(first::detach).isInstanceOf(ConnectionException.class);
            first.close();
            first.join();
            try (var waiting = SocketChannel.open(first.address());
                    var second = Listener.adopt(loops, fd, connection -> connection.send("second"))) {
                assertThat(second.address()).isEqualTo(first.address());
                assertThat(said(waiting)).isEqualTo("second");
                assertThat(said(second.address())).isEqualTo("second");
                Posix.close(second.detach());
            }
        }
        assertThat(path).exists();
    }

    @Test
    void datagramsThatNobodyHasReceivedStay() throws Exception {
        var first =
                Datagrams.open(loops, DatagramOptions.at(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        var sender = Datagrams.connect(loops, first.localAddress());
        var waiting = Spawned.on(first.loop(), first::receive).parked();
        int fd = first.detach();
        assertThat(waiting.reason()).isEqualTo(Reason.CLOSED);
        Spawned.on(sender.loop(), () -> sender.send("kept".getBytes(UTF_8))).value();
        try (var second = Datagrams.adopt(loops, fd)) {
            assertThat(Spawned.on(second.loop(), second::receive).value().data())
                    .isEqualTo("kept".getBytes(UTF_8));
        }
        assertThatThrownBy(first::detach).isInstanceOf(ConnectionException.class);
        sender.close();
    }

    private static String said(SocketAddress at) throws Exception {
        try (var client = SocketChannel.open(at)) {
            return said(client);
        }
    }

    private static String said(SocketChannel client) throws Exception {
        var into = ByteBuffer.allocate(10);
        while (client.read(into) >= 0) {}
        return new String(into.array(), 0, into.position(), UTF_8);
    }
}

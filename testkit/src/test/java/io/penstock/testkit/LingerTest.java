package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayOptions;
import io.penstock.net.RelayOptions.Splice;
import io.penstock.net.TlsEngine;
import io.penstock.net.internal.StreamConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a peer sends behind our end is dropped for a while, and that is the peer's expense: it is stopped, and reset. */
@Timeout(60)
final class LingerTest {
    /** Others cannot tell what the peer's system has confirmed, and wait for longer. */
    private static final LoopOptions EPOLL =
            LoopOptions.DEFAULT.withCount(1).withTransport(LoopOptions.Transport.EPOLL);

    /** As much is dropped, and ... */
    private static final long DROPPED = 64L << 20;

    /** ... the operating system may hold so much of a stream, at either end. */
    private static final long HELD = 64L << 20;

    private static final Duration STOPPED = Duration.ofSeconds(20);

    private interface Sender {
        void send(byte[] bytes) throws IOException;
    }

    /** Sends without reading until that fails. */
    private static Call<Long> flood(Sender peer, AtomicLong sent) {
        return Call.onPlatformThread(() -> {
            byte[] piece = new byte[64 * 1024];
            try {
                while (true) {
                    peer.send(piece);
                    sent.addAndGet(piece.length);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageMatching("Connection reset.*|Broken pipe.*");
            }
            return sent.get();
        });
    }

    /** A server of events, say, whose client has left. */
    @ParameterizedTest
    @EnumSource(names = {"ALWAYS", "OFF"})
    void aTargetThatNeverStopsIsStopped(Splice choice) throws Exception {
        try (var loops = Loops.open(EPOLL);
                var clients = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var targets = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var connector = Connector.of(loops);
            Connection near = connector.connect(clients.getLocalSocketAddress());
            Socket client = clients.accept();
            Connection far = connector.connect(targets.getLocalSocketAddress());
            try (Socket target = targets.accept()) {
                Relay relay = Relay.between(near, far, RelayOptions.DEFAULT.withSplice(choice));
                var sent = new AtomicLong();
                Call<Long> flood = flood(target.getOutputStream()::write, sent);
                assertThat(client.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
                client.shutdownOutput(); // which the target does not look at
                assertThat(client.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
                client.close();
                Await.until("the relay has ended", () -> !relay.isOpen());
                Await.until(STOPPED, "the target is stopped", flood::isDone);
                assertThat(flood.value()).isLessThan(relay.back() + DROPPED + HELD);
                Await.until("it is closed", () -> loops.all().getFirst().connections() == 0);
            }
        }
    }

    static Stream<ConnectionKind> others() {
        return Stream.of(ConnectionKind.unixAccepted(), new TlsKind(Connection.Origin.ACCEPTED, TlsEngine.BORINGSSL));
    }

    @ParameterizedTest
    @MethodSource("others")
    void whoIsLeftIsStopped(ConnectionKind kind) throws Exception {
        try (var loops = Loops.open(EPOLL);
                Ends ends = kind.open(loops)) {
            ends.act(connection -> ((StreamConnection) connection).closeGently());
            var sent = new AtomicLong();
            Call<Long> flood = flood(ends.peer()::send, sent);
            Await.until(STOPPED, "the peer is stopped", flood::isDone);
            assertThat(flood.value()).isBetween(DROPPED, DROPPED + HELD);
        }
    }

    /** It may be busy with sending, and have time for its answer later. */
    @Test
    void whoIsStoppedCanStillReadWhatWasSentToIt() throws Exception {
        int size = 192 * 1024;
        try (var loops = Loops.open(EPOLL);
                var peers = new ServerSocket()) {
            peers.setReceiveBufferSize(4096); // so that most of it is still on this side
            peers.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Connection connection = Connector.of(loops).connect(peers.getLocalSocketAddress());
            connection.option(StandardSocketOptions.SO_SNDBUF, 1 << 20);
            try (Socket peer = peers.accept()) {
                byte[] answer = Payload.random(size);
                connection.send(answer);
                ((StreamConnection) connection).closeGently();
                var sent = new AtomicLong();
                Call<Long> flood = flood(peer.getOutputStream()::write, sent);
                Await.until(STOPPED, "the peer is stopped", () -> {
                    long before = sent.get();
                    // longer than it takes to reset a peer that has all that was sent to it
                    return before >= DROPPED && Await.stays(Duration.ofSeconds(5), () -> sent.get() == before);
                });
                assertThat(flood.isDone()).isFalse();
                assertThat(sent.get()).isBetween(DROPPED, DROPPED + HELD);
                Payload.expectSame(answer, peer.getInputStream().readNBytes(size));
                assertThat(flood.value()).isLessThan(DROPPED + HELD);
            }
        }
    }

    /** That was its owner's wish, who still sends. */
    @Test
    void whoIsNotReadIsNotStopped() throws Exception {
        try (var loops = Loops.open(EPOLL);
                Ends ends = ConnectionKind.tcpAccepted().open(loops)) {
            ends.act(Connection::shutdownInput);
            var sending = Call.onPlatformThread(() -> {
                byte[] piece = new byte[1 << 20];
                for (long sent = 0; sent < DROPPED + HELD + piece.length; sent += piece.length)
                    ends.peer().send(piece);
                return true;
            });
            assertThat(sending.value()).isTrue();
            ends.act(connection -> connection.send("still there"));
            assertThat(Payload.text(ends.peer().read(11))).isEqualTo("still there");
        }
    }

    /** TLS drops by itself what comes behind its end, as long as the connection has an owner. */
    @Test
    void whoGoesOnBehindTheEndOfItsTlsIsStopped() throws Exception {
        var kind = new TlsKind(Connection.Origin.ACCEPTED, TlsEngine.BORINGSSL);
        try (var loops = Loops.open(EPOLL);
                Ends ends = kind.open(loops)) {
            var sent = new AtomicLong();
            Call<Long> flood = flood(((TlsPeer) ends.peer())::sendBelow, sent);
            Await.until(
                    "it is taken for none", () -> ends.connection().inputEnd().equals(Optional.of(Reason.MALFORMED)));
            Await.until(STOPPED, "the peer is stopped", () -> {
                long before = sent.get();
                return before >= DROPPED && Await.stays(Duration.ofSeconds(1), () -> sent.get() == before);
            });
            assertThat(flood.isDone()).isFalse();
            assertThat(sent.get()).isBetween(DROPPED, DROPPED + HELD);
            ends.connection().abort();
            assertThat(flood.value()).isLessThan(DROPPED + HELD);
        }
    }
}

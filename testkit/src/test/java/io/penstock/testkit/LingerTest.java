package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import io.penstock.net.RelayOptions;
import io.penstock.net.RelayOptions.Splice;
import io.penstock.net.internal.StreamConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a peer sends behind our end is dropped for a while, and that is the peer's expense: it is stopped, and reset. */
@Timeout(60)
final class LingerTest {
    /** As much is dropped, and ... */
    private static final long DROPPED = 64L << 20;

    /** ... the operating system may hold so much of a stream, at either end. */
    private static final long HELD = 64L << 20;

    /** Sends without reading until that fails. */
    private static Call<Long> flood(Socket peer, AtomicLong sent) {
        return Call.onPlatformThread(() -> {
            byte[] piece = new byte[64 * 1024];
            try {
                while (true) {
                    peer.getOutputStream().write(piece);
                    sent.addAndGet(piece.length);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageMatching("Connection reset.*|Broken pipe");
            }
            return sent.get();
        });
    }

    /** A server of events, say, whose client has left. */
    @ParameterizedTest
    @EnumSource
    void aTargetThatNeverStopsIsStopped(Splice choice) throws Exception {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
                var clients = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var targets = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var connector = Connector.of(loops);
            Connection near = connector.connect(clients.getLocalSocketAddress());
            Socket client = clients.accept();
            Connection far = connector.connect(targets.getLocalSocketAddress());
            try (Socket target = targets.accept()) {
                Relay relay = Relay.between(near, far, RelayOptions.DEFAULT.withSplice(choice));
                var sent = new AtomicLong();
                Call<Long> flood = flood(target, sent);
                assertThat(client.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
                client.shutdownOutput(); // which the target does not look at
                assertThat(client.getInputStream().readNBytes(1 << 20)).hasSize(1 << 20);
                client.close();
                Await.until("the relay has ended", () -> !relay.isOpen());
                assertThat(flood.value()).isLessThan(relay.back() + DROPPED + HELD);
                Await.until("it is closed", () -> loops.all().getFirst().connections() == 0);
            }
        }
    }

    /** It may be busy with sending, and have time for its answer later. */
    @Test
    void whoIsStoppedCanStillReadWhatWasSentToIt() throws Exception {
        int size = 192 * 1024;
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
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
                Call<Long> flood = flood(peer, sent);
                Await.until("the peer is stopped", () -> {
                    long before = sent.get();
                    // longer than it takes to reset a peer that has all that was sent to it
                    return before > 0 && Await.stays(Duration.ofSeconds(5), () -> sent.get() == before);
                });
                assertThat(flood.isDone()).isFalse();
                assertThat(sent.get()).isBetween(DROPPED, DROPPED + HELD);
                Payload.expectSame(answer, peer.getInputStream().readNBytes(size));
                assertThat(flood.value()).isLessThan(DROPPED + HELD);
            }
        }
    }
}

package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.LoopOptions.Transport;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.CsvSource;

/** The end of an idle connection, and what crosses it. */
@ParameterizedClass
@CsvSource({"AUTO, AUTO", "AUTO, DEFAULT", "NIO, AUTO"})
class CloseUnlessReachedTest {
    private final Loops loops;
    private final CompletableFuture<StreamConnection> accepted = new CompletableFuture<>();
    private final AtomicBoolean held = new AtomicBoolean(true);

    CloseUnlessReachedTest(Transport transport, Scheduler scheduler) {
        loops = Loops.open(
                LoopOptions.DEFAULT.withCount(1).withTransport(transport).withScheduler(scheduler));
    }

    @AfterEach
    void close() {
        held.set(false);
        loops.close(Duration.ZERO);
    }

    @Test
    void whatTheKernelHoldsIsStillAnswered() throws Exception {
        try (SocketChannel client = connect()) {
            StreamConnection connection = awaited();
            holdTheLoop();
            client.write(ByteBuffer.wrap(new byte[] {'x'}));
            connection.closeUnlessReached(() -> true);
            held.set(false);
            ByteBuffer answer = ByteBuffer.allocate(1);
            assertThat(client.read(answer)).isEqualTo(1);
            assertThat(answer.get(0)).isEqualTo((byte) 'x');
        }
    }

    @Test
    void aSilentOneEnds() throws Exception {
        try (SocketChannel client = connect()) {
            awaited().closeUnlessReached(() -> true);
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
        }
    }

    @Test
    void oneThatIsNotIdleAnyMoreGoesOn() throws Exception {
        try (SocketChannel client = connect()) {
            awaited().closeUnlessReached(() -> false);
            client.write(ByteBuffer.wrap(new byte[] {'x'}));
            assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(1);
        }
    }

    private SocketChannel connect() throws Exception {
        Listener listener =
                Listener.open(loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), connection -> {
                    accepted.complete((StreamConnection) connection);
                    connection.send(connection.receive(1));
                });
        return SocketChannel.open(listener.address());
    }

    /** The connection, as soon as it waits for its client. */
    private StreamConnection awaited() throws Exception {
        StreamConnection connection = accepted.get(10, TimeUnit.SECONDS);
        await().until(() -> connection.stream().input().isAwaited());
        return connection;
    }

    private void holdTheLoop() {
        var begun = new AtomicBoolean();
        ((NettyLoop) loops.next()).eventLoop().execute(() -> {
            begun.set(true);
            while (held.get()) Thread.onSpinWait();
        });
        await().atMost(Spawned.LIMIT).untilTrue(begun);
    }
}

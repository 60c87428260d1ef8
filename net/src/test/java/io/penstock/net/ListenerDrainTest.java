package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.SingleThreadEventLoop;
import io.penstock.net.ListenerCloseTest.Held;
import io.penstock.net.LoopOptions.Transport;
import io.penstock.net.internal.NettyLoop;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The moments in which a listener takes its last clients, where the kernel helps. */
@ParameterizedClass(allowZeroInvocations = true)
@MethodSource("transports")
class ListenerDrainTest {
    private final Loops loops;

    static Stream<LoopOptions> transports() {
        return Transports.all().filter(options -> options.transport() == Transport.EPOLL);
    }

    ListenerDrainTest(LoopOptions options) {
        loops = Loops.open(options.withCount(1));
    }

    @AfterEach
    void close() {
        loops.close(Duration.ZERO);
    }

    /** The loop is held again where the kernel keeps clients out already, and before the port closes. */
    @Test
    void whoComesWhileItDrainsIsKeptOut() throws Exception {
        Listener listener = Listener.open(
                loops, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), connection -> connection.receive(1));
        var before = new Held();
        eventLoop().execute(before);
        Awaitility.await().atMost(Spawned.LIMIT).untilTrue(before.begun);
        int tasks = tasks();
        var draining = Spawned.onPlatformThread(() -> listener.drain(Spawned.LIMIT));
        Awaitility.await().atMost(Spawned.LIMIT).until(() -> tasks() == tasks + 1);
        var behind = new Held();
        eventLoop().execute(behind);
        before.end();
        Awaitility.await().atMost(Spawned.LIMIT).untilTrue(behind.begun);
        var again = Spawned.onPlatformThread(() -> {
            listener.close(); // waits for whoever is at it
            return null;
        });
        try (var late = new Socket()) {
            again.parked();
            assertThatThrownBy(() -> late.connect(listener.address(), 300)).isInstanceOf(SocketTimeoutException.class);
        } finally {
            behind.end();
        }
        again.value();
        assertThat(draining.value()).isTrue();
        assertThatThrownBy(() -> SocketChannel.open(listener.address())).isInstanceOf(ConnectException.class);
    }

    /** That the loop has not begun. */
    private int tasks() {
        return eventLoop().pendingTasks();
    }

    private SingleThreadEventLoop eventLoop() {
        return (SingleThreadEventLoop) ((NettyLoop) loops.next()).eventLoop();
    }
}

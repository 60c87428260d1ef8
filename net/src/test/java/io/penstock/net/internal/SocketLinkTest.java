package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.penstock.net.Connection.Origin;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.Timeouts;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a channel reports that no peer can be made to do in a test. */
class SocketLinkTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final NettyLoop loop = (NettyLoop) loops.next();
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final StreamConnection connection = SocketLink.over(channel, Origin.DIALLED, loop, Timeouts.DEFAULT);

    @AfterEach
    void close() {
        connection.abort();
        channel.finishAndReleaseAll();
        loops.close(Duration.ZERO);
    }

    @Test
    void aConnectionThatTheKernelGivesUpIsResetForItsUsersAndWhatHadComeIsThere() {
        channel.writeInbound(Unpooled.copiedBuffer("half", java.nio.charset.StandardCharsets.US_ASCII));
        channel.pipeline().fireExceptionCaught(new IOException("recvAddress(..) failed: Connection timed out"));
        var reading = Spawned.on(loop, () -> connection.receive(100));
        var failure = reading.failing();
        assertThat(failure.reason()).isEqualTo(Reason.RESET);
        assertThat(failure.partial()).isEqualTo("half".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        assertThat(failure).hasMessageContaining("timed out");
        assertThat(Spawned.on(loop, () -> connection.send("more")).reason()).isEqualTo(Reason.RESET);
        assertThat(connection.isOpen()).isFalse();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aChannelThatGoesWithoutAWordIsNoEndOfTheStream() {
        channel.close();
        assertThat(Spawned.on(loop, () -> connection.receiveAll()).reason()).isEqualTo(Reason.RESET);
        assertThat(Spawned.on(loop, () -> connection.send("more")).reason()).isEqualTo(Reason.RESET);
        assertThat(loop.connections()).isZero();
    }
}

package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A reset must never look like the end of the stream, or half an answer would pass for a whole one.
 *
 * <p>Not on io_uring: Netty 4.2.18 reports the first case there as the end of the stream, and the second not at all.
 */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#proven")
class SocketResetTest extends SocketPeer {
    SocketResetTest(LoopOptions options) throws IOException {
        super(options);
    }

    @Test
    void aResetIsNeverTakenForTheEndOfTheStreamHoweverMuchIsBeingWritten() throws Exception {
        peer.getOutputStream().write("half an answ".getBytes());
        var writing = Spawned.on(loop, () -> connection.send(new byte[MUCH])).parked();
        var reading = Spawned.on(loop, () -> connection.receiveAll());
        await().until(() -> connection.stats().received() == 12);
        reset();
        assertThat(writing.reason()).isEqualTo(Reason.RESET);
        assertThat(reading.reason()).isEqualTo(Reason.RESET);
    }

    @Test
    void aResetWhileThisSideDoesNotReadIsNoEndOfStreamEither() throws Exception {
        var feeding = Spawned.on(loops.all().get(1), () -> {
            peer.getOutputStream().write(new byte[MUCH]);
            return null;
        });
        await().until(() -> connection.buffered() >= 64 * 1024);
        feeding.parked();
        reset();
        assertThat(feeding.failure()).isInstanceOf(IOException.class);
        assertThat(Spawned.on(loop, () -> connection.receiveAll(Integer.MAX_VALUE - 8))
                        .reason())
                .isEqualTo(Reason.RESET);
    }
}

package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.VioEvent.Closed;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes that have come, and that the buffer does not take. */
class InputVioTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final BlockChain buffer = BlockChain.open(1024);

    @AfterEach
    void close() {
        loops.close(Duration.ofSeconds(5));
    }

    /** Its first bytes come just when somebody closes the buffer. */
    private final class Late extends BufferedInput {
        private final ByteBuf all;
        private boolean come;

        Late(int size) {
            all = Unpooled.buffer(size);
            for (int i = 0; i < size; i++) all.writeByte(i);
        }

        @Override
        protected @Nullable ByteBuf next() {
            if (come) return null;
            come = true;
            buffer.close();
            return all;
        }

        @Override
        protected int waiting() {
            return 0;
        }

        @Override
        protected @Nullable SocketAddress peer() {
            return null;
        }
    }

    /** Shared or copied, the whole of what has come or a part of it. */
    @ParameterizedTest
    @CsvSource({"100, 1000", "100, 40", "60000, 100000", "60000, 50000"})
    void stayWhereTheyAre(int come, int wanted) throws Exception {
        var input = new Late(come);
        var told = new CompletableFuture<Event>();
        ReadVio vio = Spawned.on(
                        loops.next(),
                        () -> InputVio.start(
                                input, Continuation.of((_, event) -> told.complete(event)), buffer, wanted))
                .value();
        assertThat(told.get(10, TimeUnit.SECONDS)).isInstanceOf(Closed.class);
        assertThat(vio.done()).isZero();
        byte[] left = Spawned.on(loops.next(), input::receiveAll).value();
        assertThat(left).hasSize(come);
        for (int i = 0; i < come; i++) assertThat(left[i]).isEqualTo((byte) i);
    }
}

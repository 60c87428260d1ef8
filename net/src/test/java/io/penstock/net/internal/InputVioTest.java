package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.Event;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.VioEvent.Closed;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The moments in which bytes that have come are put into the buffer, which may not take them. */
class InputVioTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final BlockChain buffer = BlockChain.open(1024);

    @AfterEach
    void close() {
        loops.close(Duration.ofSeconds(5));
    }

    private static final class Once extends BufferedInput {
        private final ByteBuf all;
        private final Runnable before;
        private boolean come;

        Once(ByteBuf all, Runnable before) {
            this.all = all;
            this.before = before;
        }

        @Override
        protected @Nullable ByteBuf next() {
            if (come) return null;
            come = true;
            before.run();
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

    private static ByteBuf numbered(int size) {
        ByteBuf all = Unpooled.buffer(size);
        for (int i = 0; i < size; i++) all.writeByte(i);
        return all;
    }

    /** Shared or copied, the whole of what has come or a part of it, just when somebody closes the buffer. */
    @ParameterizedTest
    @CsvSource({"100, 1000", "100, 40", "60000, 100000", "60000, 50000"})
    void bytesThatTheBufferDoesNotTakeStayWhereTheyAre(int come, int wanted) throws Exception {
        var input = new Once(numbered(come), buffer::close);
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

    /** They are copied into the buffer, and then what they were in is freed: between that and their being counted somebody asks. */
    @Test
    void whoSeesBytesInTheBufferSeesThemCounted() throws Exception {
        IoBuffer.Reader reader = buffer.reader();
        var started = new CompletableFuture<ReadVio>();
        var seen = new CompletableFuture<Integer>();
        var counted = new CompletableFuture<Long>();
        var chunk = new UnpooledHeapByteBuf(UnpooledByteBufAllocator.DEFAULT, 5, 5) {
            @Override
            protected void deallocate() {
                super.deallocate();
                Thread.ofPlatform().start(() -> {
                    seen.complete(reader.available());
                    counted.complete(started.join().done());
                });
                assertThat(counted).failsWithin(Duration.ofMillis(50)); // it waits for what is under way
            }
        };
        chunk.writerIndex(5);
        loops.next()
                .spawn(
                        "starter",
                        () -> started.complete(InputVio.start(
                                new Once(chunk, started::join),
                                Continuation.of((_, _) -> {}),
                                buffer,
                                ReadVio.UNBOUNDED)));
        assertThat(seen.get(10, TimeUnit.SECONDS)).isEqualTo(5);
        assertThat(counted.get(10, TimeUnit.SECONDS)).isEqualTo(5);
        started.join().cancel();
        buffer.close();
    }
}

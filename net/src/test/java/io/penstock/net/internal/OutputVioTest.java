package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.Vio;
import io.penstock.net.event.WriteVio;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Bytes that have left the buffer, and that the stream has not got yet. */
class OutputVioTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Connection.Pair pair =
            Connection.pair(loops.all().getFirst(), loops.all().getFirst());
    private final Halting output = new Halting((StreamConnection) pair.first());
    private final IoBuffer buffer = IoBuffer.open();

    @AfterEach
    void close() {
        output.goOn.countDown();
        buffer.close();
        pair.first().abort();
        pair.second().abort();
        loops.close(Duration.ofSeconds(5));
    }

    /** A body's framing, say, of which the operation is in the middle. */
    private static final class Halting extends ChunkOutput {
        private final StreamConnection connection;
        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);

        Halting(StreamConnection connection) {
            this.connection = connection;
        }

        @Override
        public void write(ByteBuf chunk) throws ConnectionException {
            begun.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            connection.output().write(chunk);
        }

        @Override
        public long send(byte[] bytes, int offset, int length) throws ConnectionException {
            return connection.send(bytes, offset, length);
        }

        @Override
        public long send(FileChannel file, long position, long count) throws ConnectionException {
            return connection.send(file, position, count);
        }

        @Override
        public void flush() throws ConnectionException {
            connection.flush();
        }

        @Override
        public StreamConnection connection() {
            return connection;
        }
    }

    private WriteVio inTheMiddle() throws Exception {
        buffer.write("hello");
        WriteVio vio = output.write(Continuation.of((self, event) -> {}), buffer.reader(), Vio.UNBOUNDED);
        assertThat(output.begun.await(Spawned.LIMIT.toSeconds(), TimeUnit.SECONDS))
                .isTrue();
        return vio;
    }

    private String received() {
        return Spawned.on(pair.second().loop(), () -> new String(pair.second().receiveAll(100)))
                .value();
    }

    @Test
    void whoeverCancelsHasBehindItWhatWasConsumedOnItsWay() throws Exception {
        WriteVio vio = inTheMiddle();
        var ending = CompletableFuture.runAsync(() -> {
            vio.cancel();
            end();
        });
        for (long end = System.nanoTime() + 50_000_000; !ending.isDone() && System.nanoTime() - end < 0; )
            Thread.yield();
        output.goOn.countDown();
        ending.join();
        assertThat(received()).isEqualTo("hello");
        assertThat(vio.done()).isEqualTo(5);
    }

    @Test
    void whatTheStreamHasRefusedIsNotDone() throws Exception {
        WriteVio vio = inTheMiddle();
        end();
        output.goOn.countDown();
        assertThat(received()).isEmpty();
        vio.cancel();
        assertThat(vio.done()).isZero();
    }

    private void end() {
        try {
            pair.first().shutdownOutput();
        } catch (ConnectionException e) {
            throw new AssertionError(e);
        }
    }
}

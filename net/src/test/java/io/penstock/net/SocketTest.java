package io.penstock.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.StreamConnection;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** A dialled connection whose peer is a socket of the JDK, on every transport: what only the operating system can do to it. */
@ParameterizedClass
@MethodSource("io.penstock.net.Transports#all")
class SocketTest extends SocketPeer {
    SocketTest(LoopOptions options) throws IOException {
        super(options);
    }

    @Test
    void bytesGoBothWaysAndEachHalfEndsByItself() throws Exception {
        byte[] content = random(3 << 20);
        var echoing = Spawned.onPlatformThread(() -> {
            long count = peer.getInputStream().transferTo(peer.getOutputStream());
            peer.shutdownOutput();
            return count;
        });
        var sending = Spawned.on(loop, () -> {
            connection.send(content);
            connection.shutdownOutput();
            return null;
        });
        byte[] back = Spawned.on(loop, () -> connection.receiveAll()).value();
        sending.value();
        assertThat(echoing.value()).isEqualTo(content.length);
        assertThat(Arrays.equals(back, content)).isTrue();
        assertThat(connection.stats().sent()).isEqualTo(content.length);
        assertThat(connection.stats().received()).isEqualTo(content.length);
    }

    @Test
    void thePeersEndOfStreamLeavesTheWritingHalfAlone() throws Exception {
        peer.shutdownOutput();
        assertThat(Spawned.on(loop, () -> connection.receiveAll()).value()).isEmpty();
        assertThat(connection.isOpen()).isTrue();
        Spawned.on(loop, () -> connection.send("still\n") + "").value();
        assertThat(peer.getInputStream().readNBytes(6)).isEqualTo("still\n".getBytes());
    }

    @Test
    void aReaderLearnsOfAReset() throws Exception {
        var reading = Spawned.on(loop, () -> connection.receiveLine()).parked();
        reset();
        assertThat(reading.reason()).isEqualTo(Reason.RESET);
    }

    @Test
    void aWriterThatWaitsLearnsOfAReset() throws Exception {
        var writing = Spawned.on(loop, () -> connection.send(new byte[MUCH])).parked();
        reset();
        var failure = writing.failing();
        assertThat(failure.reason()).isEqualTo(Reason.RESET);
        assertThat(failure.phase()).isEqualTo(ConnectionException.Phase.WRITE);
        assertThat(failure.peer()).isEqualTo(server.getLocalSocketAddress());
    }

    @Test
    void theInputIsBoundedWhileNobodyReads() throws Exception {
        var feeding = Spawned.on(loops.all().get(1), () -> {
            peer.getOutputStream().write(new byte[MUCH]);
            peer.shutdownOutput();
            return null;
        });
        await().until(() -> connection.buffered() >= 64 * 1024);
        feeding.parked();
        assertThat(connection.buffered()).isLessThan(512 * 1024);
        assertThat(Spawned.on(loop, () -> {
                            long sum = 0;
                            var into = ByteBuffer.allocate(32 * 1024);
                            for (int count; (count = connection.read(into.clear())) >= 0; ) sum += count;
                            return sum;
                        })
                        .value())
                .isEqualTo(MUCH);
        feeding.value();
    }

    @Test
    void aPeerThatTakesLittleButTakesIsNotTimedOut() throws Exception {
        // a whole buffer takes longer than the limit, but something is taken all the time
        connection.timeouts(connection.timeouts().withWrite(Duration.ofMillis(400)));
        connection.option(StandardSocketOptions.SO_SNDBUF, 16 * 1024);
        int size = 480 * 1024;
        try (var clock = Executors.newSingleThreadScheduledExecutor()) {
            var taken = new AtomicLong();
            var pace = clock.scheduleAtFixedRate(
                    () -> {
                        try {
                            taken.addAndGet(peer.getInputStream().readNBytes(8 * 1024).length);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    0,
                    15,
                    TimeUnit.MILLISECONDS);
            var writing = Spawned.on(loop, () -> {
                ((StreamConnection) connection).output().write(Unpooled.wrappedBuffer(new byte[size]));
                connection.flush();
                return null;
            });
            writing.value();
            pace.cancel(false);
            assertThat(taken.get()).isPositive();
        }
    }

    @Test
    void aPeerThatTakesNothingIsTimedOutAndCannotMistakeTheRestForAnEnd() throws Exception {
        connection.timeouts(connection.timeouts().withWrite(Duration.ofMillis(100)));
        var writing = Spawned.on(loop, () -> connection.send(new byte[MUCH]));
        assertThat(writing.reason()).isEqualTo(Reason.TIMEOUT);
        Spawned.on(loop, () -> {
                    connection.close();
                    return null;
                })
                .value();
        var draining = Spawned.onPlatformThread(() -> peer.getInputStream().readAllBytes().length);
        assertThat(draining.failure()).isInstanceOf(IOException.class).hasMessageContaining("reset");
    }

    @Test
    void closingDeliversEverythingFirst() throws Exception {
        byte[] content = random(2 << 20);
        var closing = Spawned.on(loop, () -> {
            connection.send(content);
            connection.close();
            return null;
        });
        assertThat(Arrays.equals(peer.getInputStream().readAllBytes(), content)).isTrue();
        closing.value();
        assertThat(connection.isOpen()).isFalse();
        assertThat(loop.connections()).isZero();
    }

    @Test
    void aSecondCloserDoesNotCutOffTheFirst() throws Exception {
        var content = new byte[MUCH];
        var chunk = Unpooled.wrappedBuffer(content);
        var closing = Spawned.on(loop, () -> {
            ((StreamConnection) connection).output().write(chunk); // accepted whole, and more than the kernel takes
            connection.close();
            return "delivered";
        });
        closing.parked();
        var second = Spawned.on(loop, () -> {
            connection.close();
            return "nothing to do";
        });
        assertThat(second.value()).isEqualTo("nothing to do");
        assertThat(closing.isDone()).isFalse();
        assertThat(peer.getInputStream().readAllBytes()).hasSameSizeAs(content);
        assertThat(closing.value()).isEqualTo("delivered");
    }

    @Test
    void aWriterThatWaitsIsToldWhenAnotherThreadCloses() throws Exception {
        var writing = Spawned.on(loop, () -> connection.send(new byte[MUCH])).parked();
        var closing = Spawned.on(loop, () -> {
            connection.close();
            return null;
        });
        closing.value();
        assertThat(writing.reason()).isEqualTo(Reason.CLOSED);
    }

    @Test
    void anInterruptedReaderEndsTheConnectionWithAReset() throws Exception {
        var reading = Spawned.on(loop, () -> connection.receiveLine()).parked();
        reading.thread().interrupt();
        assertThat(reading.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(connection.isOpen()).isFalse();
        assertThat(Spawned.onPlatformThread(() -> peer.getInputStream().read()).failure())
                .hasMessageContaining("reset");
    }

    @Test
    void anInterruptedWriterEndsTheConnection() throws Exception {
        var writing = Spawned.on(loop, () -> connection.send(new byte[MUCH])).parked();
        writing.thread().interrupt();
        assertThat(writing.reason()).isEqualTo(Reason.INTERRUPTED);
        assertThat(connection.isOpen()).isFalse();
    }

    // ---- files

    @Test
    void aFileLargerThanAnySocketBufferArrivesWholeBetweenOtherBytes(@TempDir Path directory) throws Exception {
        byte[] content = random(24 << 20);
        Path path = Files.write(directory.resolve("large"), content);
        var sending = Spawned.on(loop, () -> {
            try (var file = FileChannel.open(path)) {
                connection.send("<");
                long count = connection.send(file, 0, content.length);
                connection.send(">");
                connection.close();
                assertThat(file.isOpen()).isTrue();
                return count;
            }
        });
        byte[] arrived = peer.getInputStream().readAllBytes();
        assertThat(sending.value()).isEqualTo(content.length);
        assertThat(arrived.length).isEqualTo(content.length + 2);
        assertThat(Arrays.equals(arrived, 1, arrived.length - 1, content, 0, content.length))
                .isTrue();
    }

    @Test
    void aFileToAPeerThatTakesLittleButTakesIsNotTimedOut(@TempDir Path directory) throws Exception {
        connection.timeouts(connection.timeouts().withWrite(Duration.ofMillis(400)));
        connection.option(StandardSocketOptions.SO_SNDBUF, 16 * 1024);
        Path path = Files.write(directory.resolve("file"), new byte[480 * 1024]);
        try (var clock = Executors.newSingleThreadScheduledExecutor();
                var file = FileChannel.open(path)) {
            var pace = clock.scheduleAtFixedRate(
                    () -> {
                        try {
                            peer.getInputStream().readNBytes(8 * 1024);
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    0,
                    15,
                    TimeUnit.MILLISECONDS);
            assertThat(Spawned.on(loop, () -> connection.send(file, 0, 480 * 1024))
                            .value())
                    .isEqualTo(480 * 1024);
            pace.cancel(false);
        }
    }

    @Test
    void aFileThatShrinksWhileItIsSentFailsAndAbortsTheConnection(@TempDir Path directory) throws Exception {
        Path path = directory.resolve("sparse");
        try (var file =
                FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            file.write(ByteBuffer.allocate(1), MUCH - 1L);
            var sending = Spawned.on(loop, () -> connection.send(file, 0, MUCH)).parked();
            peer.getInputStream().readNBytes(1);
            file.truncate(1000);
            var draining = Spawned.onPlatformThread(() -> peer.getInputStream().readAllBytes().length);
            assertThat(sending.reason()).isEqualTo(Reason.FILE);
            assertThat(draining.failure()).hasMessageContaining("reset");
            assertThat(connection.isOpen()).isFalse();
        }
    }
}

package io.penstock.testkit;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException.Reason;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link io.penstock.net.Output#send(FileChannel, long, long)}. */
interface FileContract extends Contract {
    private static FileChannel file(Path directory, byte[] content) throws Exception {
        Path path = directory.resolve("content");
        java.nio.file.Files.write(path, content);
        return FileChannel.open(path);
    }

    @Test
    default void aRegionOfAFileIsSentBetweenOtherBytes(@TempDir Path directory) throws Exception {
        Ends ends = open();
        try (var file = file(directory, Payload.bytes("0123456789"))) {
            var call = ends.call(c -> c.send("<") + c.send(file, 3, 4) + c.send(file, 0, 0) + c.send(">"));
            assertThat(call.value()).isEqualTo(6);
            assertThat(ends.peer().read(6)).isEqualTo(Payload.bytes("<3456>"));
            assertThat(file.position()).isZero();
        }
    }

    @Test
    default void aLargeFileArrivesWhole(@TempDir Path directory) throws Exception {
        Ends ends = open();
        byte[] content = Payload.random(4 << 20);
        try (var file = file(directory, content)) {
            var call = ends.call(c -> {
                long count = c.send(file, 10, content.length - 10L);
                // it returns when the operating system has taken all of it
                assertThat(ends.sent()).isEqualTo(content.length - 10L);
                c.shutdownOutput();
                return count;
            });
            Payload.expectSame(
                    Arrays.copyOfRange(content, 10, content.length), ends.peer().readAll());
            assertThat(call.value()).isEqualTo(content.length - 10L);
        }
    }

    @Test
    default void aFileThatIsTooShortIsRefusedBeforeAnythingIsSent(@TempDir Path directory) throws Exception {
        Ends ends = open();
        try (var file = file(directory, Payload.bytes("0123456789"))) {
            ends.call(c -> c.send(file, 5, 100)).failing(Reason.FILE);
            ends.act(c -> {
                        c.send("nothing else");
                        c.shutdownOutput();
                    })
                    .value();
            assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("nothing else"));
        }
    }

    @Test
    default void aFileThatIsCutWhileItIsSentAbortsTheConnection(@TempDir Path directory) throws Exception {
        Ends ends = open();
        Path path = directory.resolve("sparse");
        try (var file = FileChannel.open(path, READ, WRITE, CREATE)) {
            long size = 2 * kind().mostUnderWay();
            file.write(ByteBuffer.allocate(1), size - 1);
            var sending = ends.call(c -> c.send(file, 0, size)).parked();
            assertThat(ends.peer().read(1)).isEqualTo(new byte[1]);
            file.truncate(1000);
            var reading = Call.onPlatformThread(() -> ends.peer().readUntilGone());
            sending.failing(Reason.FILE);
            assertThat(ends.connection().isOpen()).isFalse();
            assertThat(reading.value()).hasSizeLessThan((int) size);
        }
    }

    @Test
    default void aRegionThatCannotBeIsRefusedAndChangesNothing(@TempDir Path directory) throws Exception {
        Ends ends = open();
        try (var file = file(directory, Payload.bytes("0123456789"))) {
            ends.act(c -> {
                        assertThatThrownBy(() -> c.send(file, -1, 1)).isInstanceOf(IllegalArgumentException.class);
                        assertThatThrownBy(() -> c.send(file, 0, -1)).isInstanceOf(IllegalArgumentException.class);
                        c.send("fine");
                    })
                    .value();
        }
        assertThat(ends.peer().read(4)).isEqualTo(Payload.bytes("fine"));
    }
}

package io.penstock.http.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.http.Headers;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageOutputTest {
    private final CapturedOutput wire = new CapturedOutput();

    @Test
    void aChunkedBodyMakesAChunkOfEachPiece() throws Exception {
        var body = new ChunkedOutput(wire);
        body.send("hello");
        body.send(new byte[0]);
        body.send(ByteBuffer.wrap(new byte[] {'a', 'b'}), ByteBuffer.wrap(new byte[] {'c'}));
        body.write(Unpooled.wrappedBuffer("x".repeat(300).getBytes()));
        body.finish(Headers.of("X-Sum", "1", "Content-Length", "9", "Transfer-Encoding", "y"));
        body.finish();
        assertThat(wire.text())
                .isEqualTo("5\r\nhello\r\n3\r\nabc\r\n12c\r\n" + "x".repeat(300) + "\r\n0\r\nX-Sum: 1\r\n\r\n");
        assertThat(body.sent()).isEqualTo(308);
        assertThat(body.isFinished()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> body.send("more"));
    }

    @Test
    void aSizedBodyRefusesABytesTooManyAndSendsNothingOfThem() throws Exception {
        var body = new SizedOutput(5, wire);
        body.send("hel");
        assertThatIllegalStateException().isThrownBy(() -> body.send("lo!"));
        var parts = new ByteBuffer[] {ByteBuffer.wrap(new byte[] {'l', 'o'}), ByteBuffer.wrap(new byte[] {'!'})};
        assertThatIllegalStateException().isThrownBy(() -> body.send(parts));
        assertThat(wire.text()).isEqualTo("hel");
        assertThatIllegalStateException().isThrownBy(body::finish).withMessageContaining("2 of them were not sent");
        body.send("lo");
        body.finish();
        assertThat(wire.text()).isEqualTo("hello");
    }

    @Test
    void aRefusedChunkIsReleased() {
        ByteBuf chunk = Unpooled.buffer().writeBytes(new byte[6]);
        assertThatIllegalStateException().isThrownBy(() -> new SizedOutput(5, wire).write(chunk));
        assertThat(chunk.refCnt()).isZero();
        ByteBuf dropped = Unpooled.buffer().writeBytes(new byte[6]);
        assertThat(dropTo(dropped)).isZero();
    }

    @Test
    void buffersThatAreDroppedAreConsumed() throws Exception {
        ByteBuffer text = ByteBuffer.wrap(new byte[] {'a', 'b'});
        assertThat(PlainOutput.dropping(wire).send(text, ByteBuffer.allocateDirect(3)))
                .isEqualTo(5);
        assertThat(text.hasRemaining()).isFalse();
        assertThat(wire.sends()).isZero();
    }

    private long dropTo(ByteBuf chunk) {
        var body = PlainOutput.dropping(wire);
        try {
            body.write(chunk);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        assertThat(chunk.refCnt()).isZero();
        assertThat(wire.sends()).isZero();
        return body.sent();
    }

    @Test
    void aFileIsOneChunk(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "0123456789");
        var body = new ChunkedOutput(wire);
        try (var channel = FileChannel.open(file)) {
            body.send(channel, 2, 3);
        }
        assertThat(wire.text()).isEqualTo("3\r\n234\r\n");
    }

    @Test
    void aStreamOverItFinishesNothing() throws Exception {
        var body = new ChunkedOutput(wire);
        try (OutputStream stream = body.outputStream()) {
            stream.write(new byte[] {'a', 'b'}, 1, 1);
        }
        assertThat(wire.text()).isEqualTo("1\r\nb\r\n");
        assertThat(body.isFinished()).isFalse();
    }
}

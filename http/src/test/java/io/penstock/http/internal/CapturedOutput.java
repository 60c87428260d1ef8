package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.internal.ChunkOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/** An output that keeps what was sent, and counts how often. */
final class CapturedOutput extends ChunkOutput {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int sends;

    @Override
    public long send(byte[] from, int offset, int length) {
        bytes.write(from, offset, length);
        sends++;
        return length;
    }

    @Override
    public void write(ByteBuf chunk) {
        var copy = new byte[chunk.readableBytes()];
        chunk.readBytes(copy);
        chunk.release();
        send(copy, 0, copy.length);
    }

    @Override
    public long send(FileChannel file, long position, long count) {
        var buffer = ByteBuffer.allocate((int) count);
        try {
            while (buffer.hasRemaining() && file.read(buffer, position + buffer.position()) >= 0) {
                // until the region is read
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return send(buffer.array(), 0, buffer.position());
    }

    @Override
    public void flush() {}

    int sends() {
        return sends;
    }

    String text() {
        return bytes.toString(StandardCharsets.ISO_8859_1);
    }
}

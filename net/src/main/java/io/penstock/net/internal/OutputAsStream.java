package io.penstock.net.internal;

import java.io.IOException;
import java.io.OutputStream;

/** An output as {@link OutputStream}; closing flushes and leaves the connection open. */
final class OutputAsStream extends OutputStream {
    private final ChunkOutput output;

    OutputAsStream(ChunkOutput output) {
        this.output = output;
    }

    @Override
    public void write(int value) throws IOException {
        output.send(new byte[] {(byte) value});
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        output.send(bytes, offset, length);
    }

    @Override
    public void flush() throws IOException {
        output.flush();
    }

    @Override
    public void close() throws IOException {
        output.flushLast();
    }
}

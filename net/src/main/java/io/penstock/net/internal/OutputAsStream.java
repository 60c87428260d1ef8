package io.penstock.net.internal;

import io.penstock.net.Output;
import java.io.IOException;
import java.io.OutputStream;

/** An output as {@link OutputStream}; closing flushes and leaves the connection open. */
final class OutputAsStream extends OutputStream {
    private final Output output;

    OutputAsStream(Output output) {
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
        output.flush();
    }
}

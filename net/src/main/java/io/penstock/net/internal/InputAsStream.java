package io.penstock.net.internal;

import io.penstock.net.Input;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** An input as {@link InputStream}; blocking is parking, closing does nothing. */
class InputAsStream extends InputStream {
    private final Input input;

    InputAsStream(Input input) {
        this.input = input;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        return input.read(ByteBuffer.wrap(into, offset, length));
    }

    @Override
    public int available() {
        return input.buffered();
    }
}

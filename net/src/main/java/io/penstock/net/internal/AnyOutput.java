package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.net.ConnectionException;
import io.penstock.net.Output;
import java.nio.channels.FileChannel;

/** An output that is not of the house, as one that is: chunks are copied into it. */
public final class AnyOutput extends ChunkOutput {
    private final Output output;

    public AnyOutput(Output output) {
        this.output = output;
    }

    @Override
    public long send(byte[] bytes, int offset, int length) throws ConnectionException {
        return output.send(bytes, offset, length);
    }

    @Override
    public void write(ByteBuf chunk) throws ConnectionException {
        try {
            output.send(ByteBufUtil.getBytes(chunk));
        } finally {
            chunk.release();
        }
    }

    @Override
    public long send(FileChannel file, long position, long count) throws ConnectionException {
        return output.send(file, position, count);
    }

    @Override
    public void flush() throws ConnectionException {
        output.flush();
    }
}

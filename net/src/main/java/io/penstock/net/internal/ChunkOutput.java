package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.Output;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.WriteVio;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Every sending method, on top of two: bytes that are copied, and chunks that change hands.
 *
 * <p>A connection sends them to its socket; the body of an HTTP message frames them and passes them on.
 */
public abstract class ChunkOutput implements Output {
    @Override
    public abstract long send(byte[] bytes, int offset, int length) throws ConnectionException;

    /** Sends a chunk and takes it over: it is released whatever happens. Parks while the queue is above its mark. */
    public abstract void write(ByteBuf chunk) throws ConnectionException;

    @Override
    public long send(CharSequence text) throws ConnectionException {
        return send(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public long send(ByteBuffer... buffers) throws ConnectionException {
        long total = 0;
        for (ByteBuffer buffer : buffers) {
            int size = buffer.remaining();
            if (buffer.hasArray()) {
                send(buffer.array(), buffer.arrayOffset() + buffer.position(), size);
                buffer.position(buffer.limit());
            } else {
                var piece = new byte[Math.min(size, 16 * 1024)];
                while (buffer.hasRemaining()) {
                    int count = Math.min(buffer.remaining(), piece.length);
                    buffer.get(piece, 0, count);
                    send(piece, 0, count);
                }
            }
            total += size;
        }
        return total;
    }

    /** Whether nobody but the calling thread can send here now, since it has claimed this. */
    public boolean isMine() {
        return false;
    }

    /** The connection that carries it; null when there is none. */
    public @Nullable StreamConnection connection() {
        return null;
    }

    @Override
    public final WriteVio write(Continuation writer, IoBuffer.Reader from, long bytes) throws ConnectionException {
        return OutputVio.start(this, writer, from, bytes);
    }

    @Override
    public final OutputStream outputStream() {
        return new OutputAsStream(this);
    }

    /** What closing a stream that was made of it does. */
    protected void flushLast() throws ConnectionException {
        flush();
    }
}

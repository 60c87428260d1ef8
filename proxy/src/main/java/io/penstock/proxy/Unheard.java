package io.penstock.proxy;

import io.penstock.http.BodyOutput;
import io.penstock.http.Headers;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/** Where the body of an answer goes that a hook has replaced: nowhere, and its handler need not know. */
final class Unheard implements BodyOutput {
    private long sent;
    private boolean finished;

    @Override
    public long send(byte[] bytes, int offset, int length) {
        return drop(length);
    }

    @Override
    public long send(CharSequence text) {
        return drop(text.toString().getBytes(StandardCharsets.UTF_8).length);
    }

    @Override
    public long send(ByteBuffer... buffers) {
        long total = 0;
        for (ByteBuffer buffer : buffers) {
            total += buffer.remaining();
            buffer.position(buffer.limit());
        }
        return drop(total);
    }

    @Override
    public long send(FileChannel file, long position, long count) {
        return drop(count);
    }

    private long drop(long count) {
        if (finished) throw new IllegalStateException("the body is finished: " + count + " more bytes cannot be sent");
        sent += count;
        return count;
    }

    @Override
    public void flush() {
        // there is nothing to wait for
    }

    @Override
    public OutputStream outputStream() {
        return OutputStream.nullOutputStream();
    }

    @Override
    public void finish(Headers trailers) {
        finished = true;
    }

    @Override
    public boolean isFinished() {
        return finished;
    }

    @Override
    public long sent() {
        return sent;
    }
}

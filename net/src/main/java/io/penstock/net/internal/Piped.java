package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.FileRegion;
import io.netty.util.AbstractReferenceCounted;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import org.jspecify.annotations.Nullable;

/** What lies in a pipe, on its way out through a socket: for Netty a file that is sent without being read. */
final class Piped extends AbstractReferenceCounted implements FileRegion {
    private final NettyLoop loop;
    private final Pipe pipe;
    private final SocketLink to;
    private final long count;

    /** What moving it out has met before. */
    private final @Nullable Errno met;

    private long transferred;

    /** What is left, where the kernel refuses to move it. */
    private @Nullable ByteBuf copy;

    /** Owns the pipe, which has so many bytes in it. */
    Piped(NettyLoop loop, Pipe pipe, SocketLink to, long count, @Nullable Errno met) {
        this.loop = loop;
        this.pipe = pipe;
        this.to = to;
        this.count = count;
        this.met = met;
    }

    @Override
    public long transferTo(WritableByteChannel target, long position) throws IOException {
        int socket = to.descriptor();
        if (socket < 0) throw new ClosedChannelException();
        int moved = copy == null ? move(target, socket) : write(target, copy);
        transferred += moved;
        return moved;
    }

    private int move(WritableByteChannel target, int socket) throws IOException {
        try {
            if (met != null) throw met;
            return pipe.drainTo(socket);
        } catch (Errno e) {
            if (!e.isRefusal()) throw e;
            copy = Unpooled.directBuffer((int) (count - transferred));
            pipe.drainTo(copy);
            return write(target, copy);
        }
    }

    private static int write(WritableByteChannel target, ByteBuf rest) throws IOException {
        int written = target.write(rest.nioBuffer());
        rest.skipBytes(written);
        return written;
    }

    @Override
    protected void deallocate() {
        if (copy != null) copy.release();
        if (pipe.isEmpty() && loop.eventLoop().inEventLoop()) {
            loop.pipes().giveBack(pipe);
        } else {
            loop.pipes().dispose(pipe);
        }
    }

    @Override
    public long count() {
        return count;
    }

    @Override
    public long transferred() {
        return transferred;
    }

    @Override
    @Deprecated
    public long transfered() {
        return transferred;
    }

    @Override
    public long position() {
        return 0;
    }

    @Override
    public FileRegion retain() {
        super.retain();
        return this;
    }

    @Override
    public FileRegion retain(int increment) {
        super.retain(increment);
        return this;
    }

    @Override
    public FileRegion touch() {
        return this;
    }

    @Override
    public FileRegion touch(Object hint) {
        return this;
    }
}

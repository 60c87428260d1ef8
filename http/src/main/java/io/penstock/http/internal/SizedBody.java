package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A body of a known number of bytes, which may be none. */
final class SizedBody extends MessageBody {
    private final long length;
    private volatile long left;

    SizedBody(long length, BufferedInput wire, @Nullable SocketAddress peer) {
        super(wire, peer);
        this.length = length;
        this.left = length;
        if (length == 0) completed();
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    protected int waiting() {
        return (int) Math.min(left, wire.buffered());
    }

    @Override
    protected ByteBuf receiveNext() throws ConnectionException {
        long missing = left;
        ByteBuf piece = wire.take((int) Math.min(missing, PIECE));
        if (piece == null) throw cut("which has " + length + " bytes, of which " + missing + " are missing");
        missing -= piece.readableBytes();
        left = missing;
        if (missing == 0) completed();
        return piece;
    }
}

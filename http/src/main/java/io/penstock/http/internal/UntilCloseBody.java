package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A body that ends with the connection: nobody can tell whether it is whole. */
final class UntilCloseBody extends MessageBody {
    UntilCloseBody(BufferedInput wire, @Nullable SocketAddress peer) {
        super(wire, peer);
    }

    @Override
    public long length() {
        return -1;
    }

    @Override
    boolean endsWithConnection() {
        return true;
    }

    @Override
    protected int waiting() {
        return isComplete() ? 0 : wire.buffered();
    }

    @Override
    protected @Nullable ByteBuf receiveNext() throws ConnectionException {
        ByteBuf piece = wire.take(PIECE);
        if (piece == null) completed();
        return piece;
    }
}

package io.penstock.http.websocket.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.http.websocket.MessageInput;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/** A message that is received while it comes. */
final class StreamedMessage extends BufferedInput implements MessageInput {
    private final StreamWebSocket socket;
    private final boolean text;
    private final SocketAddress peer;
    private final byte[] room = new byte[16 * 1024];
    private boolean atEnd;

    StreamedMessage(StreamWebSocket socket, boolean text, SocketAddress peer) {
        this.socket = socket;
        this.text = text;
        this.peer = peer;
    }

    @Override
    public boolean isText() {
        return text;
    }

    @Override
    protected @Nullable ByteBuf next() throws ConnectionException {
        if (atEnd) return null;
        byte[] piece = socket.piece(this, room);
        atEnd = piece == null;
        return piece == null ? null : Unpooled.wrappedBuffer(piece);
    }

    @Override
    protected int waiting() {
        return 0;
    }

    @Override
    protected SocketAddress peer() {
        return peer;
    }

    /** What a receiver gets who comes too late. */
    ConnectionException over() {
        return ConnectionException.of(
                Reason.CLOSED,
                Phase.READ,
                peer,
                "the message is over: another one was asked for, or the WebSocket closed",
                null);
    }
}

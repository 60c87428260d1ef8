package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException.Reason;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Link} fills and empties: the two halves of a connection, or a layer that stands between them and the link.
 *
 * <p>The methods of the output are called on the connection's loop, those of the input on the thread that delivers: for a socket the loop
 * too, for a pair the loop of the other end.
 */
interface Halves {
    /** Takes over a chunk that has arrived. */
    void offer(ByteBuf chunk);

    /** Nothing more will come, for this reason. */
    void endInput(Reason reason, @Nullable Throwable cause);

    /** See {@link OutputHalf#takeInto}. */
    long takeInto(Consumer<Object> link, ByteBuf scratch);

    /** What one call of {@link #takeInto} has handed out is with the operating system, or the peer; told call by call, in order. */
    void taken(long count);

    /** Whether the stream to the peer is to be ended now. */
    boolean mayFinish();

    /** Nothing more can be sent, for this reason. */
    void endOutput(Reason reason, @Nullable Throwable cause);

    /** The link is gone. */
    void lost(Reason reason, @Nullable Throwable cause);
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Detached;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A connection on its way to being a mere descriptor, while its user has claimed both halves.
 *
 * <p>What leaves is a duplicate, as with {@link Adoption}: so the channel can end as any other does, and take its descriptor out of epoll
 * with it. All of it happens in one task of the loop, between two deliveries.
 */
public final class Departure {
    private final StreamConnection connection;
    private final Duplex stream;
    private final SocketLink socket;

    /** @throws IllegalStateException when it has no descriptor that could be of use to somebody else */
    Departure(StreamConnection connection) {
        this.connection = connection;
        this.stream = connection.stream();
        if (!(stream.link() instanceof SocketLink link)) {
            String why = stream.tls() == null
                    ? " is in memory, and has no descriptor: relay it to a connection that has one"
                    : " is secured by TLS: whoever gets the descriptor has not the keys. Detach what is behind a relay"
                            + " that ends TLS";
            throw new IllegalStateException(connection + why);
        }
        stream.loop().owner().sockets().requireAdopting();
        this.socket = link;
    }

    /** @param held what its user has received and not consumed, beside what waits in the half */
    Detached begin(@Nullable ByteBuf held) throws ConnectionException {
        try {
            return stream.loop().call(() -> leave(held));
        } catch (ConnectionException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private Detached leave(@Nullable ByteBuf held) throws ConnectionException {
        int left = duplicate();
        try {
            int size = held == null ? 0 : held.readableBytes();
            ByteBuffer unread = ByteBuffer.allocate(size + stream.input().waiting(connection));
            List<ByteBuf> chunks = stream.input().surrender(connection);
            if (chunks == null) throw gone(); // somebody has closed it meanwhile, and will have done so
            if (held != null) drainInto(unread, held.slice());
            for (ByteBuf chunk : chunks) {
                drainInto(unread, chunk);
                chunk.release();
            }
            var detached = new Detached(left, unread.flip());
            var _ = stream.dismiss();
            connection.leaveScope();
            stream.close(false);
            return detached;
        } catch (Throwable e) {
            close(left);
            throw e;
        }
    }

    private static void drainInto(ByteBuffer unread, ByteBuf from) {
        int end = unread.position() + from.readableBytes();
        from.readBytes(unread.limit(end));
        unread.limit(unread.capacity());
    }

    private int duplicate() throws ConnectionException {
        int fd = socket.descriptor();
        if (fd < 0) throw gone();
        try {
            return Kernel.duplicate(fd);
        } catch (Errno e) {
            throw ConnectionException.of(
                    Reason.FAILED, Phase.CLOSE, stream.remoteAddress(), "it cannot be detached: " + e.getMessage(), e);
        }
    }

    /** For somebody who has found no owner for it. */
    public static void close(int fd) {
        try {
            Kernel.close(fd);
        } catch (Errno e) {
            throw new IllegalStateException("descriptor " + fd + ", which nobody else has, cannot be closed", e);
        }
    }

    private ConnectionException gone() {
        Reason why = stream.input().ending();
        Reason reason = why == null || why == Reason.EOF ? Reason.CLOSED : why;
        return ConnectionException.of(
                reason, Phase.CLOSE, stream.remoteAddress(), "it has ended, and there is nothing to detach", null);
    }
}

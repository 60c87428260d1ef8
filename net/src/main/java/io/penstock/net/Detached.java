package io.penstock.net;

import io.penstock.net.internal.Departure;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A socket that is nobody's but the caller's, as a {@linkplain Connection#detach() detached} connection leaves it: the descriptor, and what was
 * received from it already.
 *
 * <p>Whoever has this has to close it, unless it becomes somebody else's: it is no more to be closed when it was
 * {@linkplain Connection#adopt(Detached) adopted} or {@linkplain HandOver#send sent}, and {@link #close} does nothing then. Where only the number
 * was passed on, it is the matter of whoever has that.
 *
 * <p>{@snippet :
 * try (var detached = connection.detach()) {
 *     handOver.send(detached, state); // closed here as well if that fails
 * }
 * }
 *
 * <p>Any thread.
 */
public final class Detached implements AutoCloseable {
    private final int descriptor;
    private final ByteBuffer unread;
    private final AtomicBoolean gone = new AtomicBoolean();

    /**
     * A descriptor that is the caller's.
     *
     * @param descriptor of a socket; what {@code detach} makes does not block and is not inherited by programs that this one starts
     * @param unread what comes before everything that is still to be read from the descriptor; copied
     */
    public Detached(int descriptor, ByteBuffer unread) {
        this.descriptor = descriptor;
        this.unread = ByteBuffer.allocate(unread.remaining())
                .put(unread.duplicate())
                .flip()
                .asReadOnlyBuffer();
    }

    /** A descriptor from which nothing was received, such as that of a {@linkplain Listener#detach() listener}. */
    public static Detached of(int descriptor) {
        return new Detached(descriptor, ByteBuffer.allocate(0));
    }

    /**
     * The number, which is the caller's.
     *
     * @throws IllegalStateException when it was closed here or given away: the number may be somebody else's socket by now
     */
    public int descriptor() {
        if (gone.get()) throw new IllegalStateException(this + ", and the number may be somebody else's by now");
        return descriptor;
    }

    /** Those bytes, in a buffer of the caller's own. */
    public ByteBuffer unread() {
        return unread.duplicate();
    }

    /** It is somebody else's now, who has closed the number. */
    void leave() {
        gone.set(true);
    }

    /**
     * Closes the descriptor. Idempotent.
     *
     * @throws IllegalStateException when somebody else has closed it, although it was not theirs
     */
    @Override
    public void close() {
        if (gone.compareAndSet(false, true)) Departure.close(descriptor);
    }

    @Override
    public String toString() {
        return "descriptor " + descriptor + " and " + unread.remaining() + " bytes"
                + (gone.get() ? ", closed or given away" : "");
    }
}

package io.penstock.net.internal;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * From a port's registration with its loop to its close, which comes when nobody is using it: a descriptor that was closed under a system
 * call may be another socket's by the time of the call.
 */
final class PortLife {
    private static final int ENDED = 1 << 30;
    private static final long AGAIN_NANOS = 100_000;

    private final NettyLoop loop;
    private final DatagramPort port;
    private final PortWatch watch;

    /** How many are using it, the loop that watches it included; and {@link #ENDED}. */
    private final AtomicInteger uses = new AtomicInteger(1);

    private final CompletableFuture<Void> finished = new CompletableFuture<>();

    /** On the loop. */
    private @Nullable IoRegistration registration;

    /** As of the end. */
    private volatile long dropped;

    PortLife(NettyLoop loop, DatagramPort port, PortWatch.Signals signals) {
        this.loop = loop;
        this.port = port;
        this.watch = port.watch(signals);
    }

    /** Has the loop watch the port. Parks. */
    void begin() throws ConnectionException {
        var registered = new CompletableFuture<Void>();
        try {
            ((IoEventLoop) loop.eventLoop()).register(watch).addListener(done -> {
                if (!done.isSuccess()) {
                    registered.completeExceptionally(done.cause());
                    return;
                }
                registration = (IoRegistration) done.getNow();
                watch.start(registration);
                registered.complete(null);
            });
            registered.join();
        } catch (RejectedExecutionException e) {
            throw ConnectionException.of(Reason.CLOSED, Phase.BIND, null, "the loops have been closed", e);
        } catch (CompletionException e) {
            throw ConnectionException.of(
                    Reason.FAILED, Phase.BIND, port.localAddress(), "the loop cannot watch the socket", e.getCause());
        }
    }

    boolean isOpen() {
        return (uses.get() & ENDED) == 0;
    }

    /** Begins to use the port; false when it has ended. */
    boolean enter() {
        return (uses.getAndUpdate(count -> (count & ENDED) != 0 ? count : count + 1) & ENDED) == 0;
    }

    void leave() {
        if (uses.decrementAndGet() == ENDED) closePort();
    }

    /** False when it has ended before. */
    boolean end() {
        return (uses.getAndUpdate(count -> count | ENDED) & ENDED) == 0;
    }

    /** To be called by whoever ended it. */
    void finish() {
        loop.execute(() -> {
            dropped = countDropped();
            IoRegistration watched = registration;
            try {
                if (watched != null && watched.isValid()) {
                    watch.stop();
                    watched.cancel();
                }
            } catch (RejectedExecutionException e) {
                // the loop has ended, and watches nothing
            }
            leave();
        });
    }

    private void closePort() {
        try {
            port.close();
        } catch (IOException e) {
            LoggerFactory.getLogger(PortLife.class).warn("{} was not closed properly", port.localAddress(), e);
        }
        loop.execute(this::conclude);
    }

    private void conclude() {
        if (port.isGone()) {
            finished.complete(null);
            return;
        }
        loop.timer(AGAIN_NANOS, this::conclude);
    }

    /** Parks until the port is closed; not on the loop, which is to close it. */
    void awaitFinished() {
        if (!loop.eventLoop().inEventLoop()) finished.join();
    }

    void wantReadable() {
        if (!watch.isAlwaysReading()) loop.execute(watch::wantReadable);
    }

    void wantWritable() {
        loop.execute(watch::wantWritable);
    }

    /** What the kernel had no room for. */
    long dropped() {
        if (!enter()) return dropped;
        try {
            return countDropped();
        } finally {
            leave();
        }
    }

    private long countDropped() {
        try {
            return port.dropped();
        } catch (IOException e) {
            return 0;
        }
    }
}

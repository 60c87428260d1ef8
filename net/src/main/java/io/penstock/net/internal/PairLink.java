package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.Connection.Origin;
import io.penstock.net.Connection.Pair;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import io.penstock.net.Timeouts;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One end of an in-memory pair: what its output half sends, the other end's input half receives, chunk by chunk and without a copy.
 *
 * <p>Answers to Traffic Server's {@code PluginVC}, without its polling.
 */
public final class PairLink implements Link {
    private static final AtomicLong NUMBERS = new AtomicLong();

    private final Duplex stream;
    private final SocketAddress name;
    private final Runnable drain = this::drain;
    private PairLink peer = this;

    @SuppressWarnings("NullAway.Init") // fed before the first byte
    private volatile Halves halves;

    /** The peer has enough for now. */
    private volatile boolean held;

    private PairLink(Duplex stream, SocketAddress name) {
        this.stream = stream;
        this.name = name;
    }

    public static Pair open(Loop here, Loop there) {
        long number = NUMBERS.incrementAndGet();
        PairLink first = end((NettyLoop) here, "pair-" + number + "/first");
        PairLink second = end((NettyLoop) there, "pair-" + number + "/second");
        first.peer = second;
        second.peer = first;
        return new Pair(lent(first), lent(second));
    }

    private static PairLink end(NettyLoop loop, String name) {
        var made = new PairLink[1];
        var _ = new Duplex(Origin.PAIRED, loop, stream -> made[0] = new PairLink(stream, new Unnamed(name)));
        return made[0];
    }

    private static StreamConnection lent(PairLink end) {
        StreamConnection connection = end.stream.lend(Timeouts.DEFAULT);
        connection.joinScope();
        return connection;
    }

    @Override
    public void feed(Halves above) {
        halves = above;
    }

    /** What comes here is delivered by the other end's loop. */
    @Override
    public void betweenDeliveries(Runnable work) {
        peer.stream.loop().execute(work);
    }

    @Override
    public void drainSoon() {
        stream.loop().defer(drain);
    }

    /** On the loop of this end only, so never twice at once. */
    private void drain() {
        if (held) return; // the peer calls again when it has room
        Halves output = halves;
        Halves input = peer.halves;
        var batch = new ArrayDeque<ByteBuf>();
        long size = output.takeInto(message -> batch.add((ByteBuf) message), Unpooled.EMPTY_BUFFER);
        batch.forEach(input::offer);
        if (size > 0) output.taken(size);
        if (output.mayFinish()) input.endInput(Reason.EOF, null);
    }

    @Override
    public void pauseReading() {
        peer.held = true;
    }

    @Override
    public void resumeReading() {
        peer.held = false;
        peer.drainSoon();
    }

    @Override
    public long backlog() {
        return peer.stream.input().waiting();
    }

    @Override
    public boolean isUnderWay() {
        return false; // or it would still be pending
    }

    @Override
    public boolean sendsFiles() {
        return false;
    }

    @Override
    public void close() {
        leave(Reason.EOF);
    }

    @Override
    public void abort() {
        leave(Reason.RESET);
    }

    /** There is nothing to be closed but the connection. */
    @Override
    public void whenGone(Runnable work) {
        stream.whenClosed(work);
    }

    /**
     * The peer is left with what has come, and has nothing to end any more. Its writer hears of it in its own loop's turn, so that what is
     * being delivered to us counts as taken.
     */
    private void leave(Reason reason) {
        stream.loop().execute(() -> {
            peer.halves.endInput(reason, null);
            peer.stream.loop().defer(() -> peer.halves.lost(Reason.RESET, null));
        });
    }

    @Override
    public SocketAddress localAddress() {
        return name;
    }

    @Override
    public SocketAddress remoteAddress() {
        return peer.name;
    }

    @Override
    public <T> T option(SocketOption<T> option) {
        throw new UnsupportedOperationException(option.name() + " is not an option of " + stream);
    }

    @Override
    public <T> void option(SocketOption<T> option, T value) {
        throw new UnsupportedOperationException(option.name() + " is not an option of " + stream);
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Timeouts;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import io.penstock.net.event.WriteVio;
import org.jspecify.annotations.Nullable;

/** Blocks that are taken out of a buffer and handed to an output, a few at a time. */
public final class OutputVio extends StreamVio implements WriteVio {
    /** So little that an output which has nothing else to send takes it, and what frames it, without waiting. */
    private static final int PIECE = OutputHalf.MARK / 2;

    /** Around each block there may be the size of a chunk, and two ends of lines. */
    private static final int FRAME = 16;

    private final ChunkOutput output;
    private final @Nullable StreamOutput half;
    private final BlockChain.Place from;

    private OutputVio(ChunkOutput output, Continuation writer, BlockChain.Place from, long bytes) {
        super(output.connection(), writer, bytes);
        StreamConnection connection = output.connection();
        this.output = output;
        this.half = connection == null ? null : connection.streamOutput();
        this.from = from;
    }

    static WriteVio start(ChunkOutput output, Continuation writer, IoBuffer.Reader from, long bytes)
            throws ConnectionException {
        var vio = new OutputVio(output, writer, (BlockChain.Place) from, bytes);
        vio.start();
        return vio;
    }

    /** While what was handed over leaves, the buffer is filled again. */
    @Override
    VioEvent transfer() throws ConnectionException {
        for (refill(); goesOn(); refill()) {
            settle();
            hand();
        }
        settle();
        return new VioEvent.WriteComplete(this);
    }

    private void refill() {
        if (from.available() < left() && from.buffer().room() > 0) tellReady();
    }

    private void hand() throws ConnectionException {
        for (int room = PIECE; room > 0; ) {
            int count = move(Math.min(from.contiguous(), room));
            if (count == 0) return;
            try {
                ByteBuf chunk = from.take(count);
                if (chunk == null) throw closed();
                if (half == null) moved(count); // somebody else's output may wait, and who cancels must not
                output.write(chunk);
                if (half != null) moved(count);
            } finally {
                endMove();
            }
            room -= count + FRAME;
        }
    }

    /** Waits until what was handed over is taken. */
    private void settle() throws ConnectionException {
        while (isUnderWay()) {
            try {
                if (half == null) {
                    output.flush();
                } else {
                    half.settle();
                }
                return;
            } catch (ConnectionException e) {
                survive(e);
            }
        }
    }

    @Override
    boolean canMove() throws ConnectionException {
        if (half != null) half.requireOpen();
        if (!from.isOpen()) throw closed();
        return from.contiguous() > 0;
    }

    @Override
    boolean isShut() {
        return half != null && half.isShut() || !from.isOpen();
    }

    private static ConnectionException closed() {
        return ConnectionException.of(Reason.CLOSED, Phase.WRITE, null);
    }

    @Override
    long patience() {
        return limit(half == null ? Timeouts.DEFAULT.write() : half.timeout());
    }

    @Override
    boolean isOfConnection() {
        return output instanceof StreamOutput;
    }

    @Override
    boolean isGivenUp() {
        return half != null && half.isGivenUp();
    }

    @Override
    void claim(Thread owner) throws ConnectionException {
        if (half == null) return;
        half.claim(owner);
        half.holder(this);
    }

    @Override
    void unclaim() {
        if (half == null) return;
        half.holder(null);
        half.unclaim();
    }

    @Override
    void leaves(Thread owner) {
        if (half != null) half.leaves(owner);
    }

    @Override
    void endWait(Thread owner) {
        if (half != null) half.endWait(owner);
    }

    @Override
    VioEvent ready() {
        return new VioEvent.WriteReady(this);
    }

    @Override
    boolean holds(VioEvent event) {
        return true;
    }

    @Override
    Vio self() {
        return this;
    }

    @Override
    BlockChain chain() {
        return from.buffer();
    }

    @Override
    public IoBuffer.Reader reader() {
        return from;
    }
}

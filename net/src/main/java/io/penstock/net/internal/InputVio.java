package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import io.penstock.net.event.VioEvent;
import java.time.Duration;
import java.util.Objects;

/** Chunks that are taken out of an input and linked into a buffer. */
public final class InputVio extends StreamVio implements ReadVio {
    private final BufferedInput input;
    private final BlockChain buffer;

    private InputVio(BufferedInput input, Continuation reader, BlockChain buffer, long bytes) {
        super(input.connection(), reader, bytes);
        this.input = input;
        this.buffer = buffer;
    }

    static ReadVio start(BufferedInput input, Continuation reader, IoBuffer into, long bytes)
            throws ConnectionException {
        var vio = new InputVio(input, reader, (BlockChain) into, bytes);
        vio.start();
        return vio;
    }

    @Override
    VioEvent transfer() throws ConnectionException {
        while (goesOn()) {
            try {
                if (!input.awaitClaimed()) return new VioEvent.EndOfStream(this);
            } catch (ConnectionException e) {
                survive(e);
                continue;
            }
            int count = move(Math.min(input.held(), buffer.room()));
            if (count == 0) continue;
            try {
                ByteBuf chunk = Objects.requireNonNull(input.takeClaimed(count));
                boolean open = buffer.append(chunk);
                moved(open ? count : count - chunk.readableBytes());
                if (!open) {
                    input.giveBack(chunk);
                    throw closed();
                }
            } finally {
                endMove();
            }
            if (left() > 0 && isReadable()) tellReady();
        }
        return new VioEvent.ReadComplete(this);
    }

    @Override
    boolean canMove() throws ConnectionException {
        if (isShut()) throw closed();
        return buffer.room() > 0;
    }

    @Override
    boolean isShut() {
        return input.isDropped() || !buffer.isOpen();
    }

    private static ConnectionException closed() {
        return ConnectionException.of(Reason.CLOSED, Phase.READ, null);
    }

    /** A buffer that is full is its reader's matter, and no silence of the peer. */
    @Override
    long patience() {
        return limit(Duration.ZERO);
    }

    @Override
    boolean isOfConnection() {
        return input instanceof StreamInput;
    }

    @Override
    boolean isGivenUp() {
        return input.isGivenUp();
    }

    @Override
    void claim(Thread owner) throws ConnectionException {
        if (!input.claim(owner)) throw input.refusal();
        input.holder(this);
    }

    @Override
    void unclaim() {
        input.holder(null);
        input.end();
    }

    @Override
    void leaves(Thread owner) {
        input.leaves(owner);
    }

    @Override
    void endWait(Thread owner) {
        StreamConnection connection = input.connection();
        if (connection != null) connection.stream().input().cancelWait(owner);
    }

    @Override
    VioEvent ready() {
        return new VioEvent.ReadReady(this);
    }

    @Override
    boolean holds(VioEvent event) {
        return !(event instanceof VioEvent.ReadReady) || isReadable();
    }

    private boolean isReadable() {
        return buffer.kept() >= Math.max(1, buffer.lowWater());
    }

    @Override
    Vio self() {
        return this;
    }

    @Override
    BlockChain chain() {
        return buffer;
    }

    @Override
    public IoBuffer buffer() {
        return buffer;
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** An input of known chunks. */
class ScriptedInput extends BufferedInput {
    private final ArrayDeque<ByteBuf> chunks = new ArrayDeque<>();
    private final List<ByteBuf> handed = new ArrayList<>();
    private int waiting;
    private int largest;
    private int largestHeld;

    ScriptedInput() {}

    ScriptedInput(byte[] stream, int size) {
        for (int at = 0; at < stream.length; at += size) {
            add(Unpooled.buffer().writeBytes(stream, at, Math.min(size, stream.length - at)));
        }
    }

    ScriptedInput(byte[] stream, Random random) {
        for (int at = 0; at < stream.length; ) {
            int size = Math.min(stream.length - at, 1 + random.nextInt(12));
            var chunk = random.nextBoolean() ? Unpooled.directBuffer(random.nextInt(20)) : Unpooled.buffer();
            add(chunk.writeZero(3).skipBytes(3).writeBytes(stream, at, size));
            at += size;
        }
    }

    final void add(ByteBuf chunk) {
        chunks.add(chunk);
        waiting += chunk.readableBytes();
    }

    /** The capacity of the largest chunk that was in use when another one was asked for. */
    final int largest() {
        return largest;
    }

    /** The capacity of the largest chunk that was held when another one was asked for. */
    final int largestHeld() {
        return largestHeld;
    }

    @Override
    protected @Nullable ByteBuf next() throws ConnectionException {
        ByteBuf held = kept();
        if (held != null) largestHeld = Math.max(largestHeld, held.capacity());
        handed.removeIf(chunk -> chunk.refCnt() == 0);
        for (ByteBuf chunk : handed) largest = Math.max(largest, chunk.capacity());
        ByteBuf chunk = chunks.poll();
        if (chunk != null) {
            handed.add(chunk);
            waiting -= chunk.readableBytes();
        }
        return chunk;
    }

    @Override
    protected int waiting() {
        return waiting;
    }

    @Override
    protected @Nullable SocketAddress peer() {
        return null;
    }

    /** One that times out now and then. */
    static final class Timing extends ScriptedInput {
        private final Random random;

        Timing(byte[] stream, Random random) {
            super(stream, random);
            this.random = random;
        }

        @Override
        protected @Nullable ByteBuf next() throws ConnectionException {
            if (random.nextInt(8) == 0) throw ConnectionException.of(Reason.TIMEOUT, Phase.READ, null);
            return super.next();
        }
    }
}

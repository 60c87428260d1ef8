package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A pipe of the kernel's: what is moved from a socket into it and from it into another socket never comes here. None of its methods waits.
 *
 * <p>One thread at a time; {@link #close} by whoever has it last.
 */
final class Pipe {
    /** What the kernel lets anybody have; who has many already may have to do with the default. */
    static final int SIZE = 1 << 20;

    /** The default: less would cost more than it saves. */
    private static final int LEAST = 64 * 1024;

    private final int in;
    private final int out;

    /** Of its calls, which would else take and give back memory each. */
    private final MemorySegment state = Kernel.state(Arena.ofAuto());

    /** The bytes that lie in it. */
    private int held;

    private Pipe(int in, int out) {
        this.in = in;
        this.out = out;
    }

    /** Null when there is none to be had. */
    static @Nullable Pipe open() {
        try {
            long ends = Kernel.pipe();
            var pipe = new Pipe((int) (ends >>> 32), (int) ends);
            if (pipe.grow()) return pipe;
            pipe.close();
        } catch (Errno tooMany) {
            // there are other ways
        }
        return null;
    }

    /** Whether it is large enough. */
    private boolean grow() {
        try {
            Kernel.pipeSize(in, SIZE);
            return true;
        } catch (Errno refused) {
            return isLargeEnough();
        }
    }

    private boolean isLargeEnough() {
        try {
            return Kernel.pipeSize(in) >= LEAST;
        } catch (Errno e) {
            return false;
        }
    }

    /** Moves in what a socket has received, as long as there is room; 0 also at the end of the stream. */
    int fillFrom(int socket) throws Errno {
        int moved = Kernel.splice(socket, in, SIZE, state);
        held += moved;
        return moved;
    }

    /** Moves out what a socket takes; 0 when it has no room now. */
    int drainTo(int socket) throws Errno {
        int moved = Kernel.splice(out, socket, held, state);
        held -= moved;
        return moved;
    }

    /** Copies out everything, for a socket that nothing can be moved to. */
    void drainTo(ByteBuf copy) throws Errno {
        while (held > 0) {
            int size = Kernel.read(out, MemorySegment.ofBuffer(copy.internalNioBuffer(copy.writerIndex(), held)));
            copy.writerIndex(copy.writerIndex() + size);
            held -= size;
        }
    }

    boolean isEmpty() {
        return held == 0;
    }

    void close() {
        for (int end : new int[] {in, out}) {
            try {
                Kernel.close(end);
            } catch (Errno e) {
                throw new IllegalStateException("somebody else has closed a pipe", e);
            }
        }
    }
}

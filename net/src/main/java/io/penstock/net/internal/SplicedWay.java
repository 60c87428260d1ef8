package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.RelayOptions.Splice;
import org.jspecify.annotations.Nullable;

/**
 * The short way for much: out of one socket into a pipe and out of that into another, without coming here.
 *
 * <p>While much comes, this is asked before anything is read. What it does not take, and the end of the stream, Netty meets by reading, as
 * ever. A pipe is had only while something lies in it.
 *
 * <p>On the loop that both sockets belong to.
 */
final class SplicedWay {
    /** A read that brings so much has most probably left something behind. */
    private static final int MUCH = 32 * 1024;

    /** So many of them make a stream of which more is to come, and ... */
    private static final int READS = 2;

    /** ... so many pieces that are smaller, one after the other, a quiet one. */
    private static final int PATIENCE = 4;

    private final NettyLoop loop;
    private final InputHalf input;
    private final OutputHalf output;
    private final SocketLink from;
    private final SocketLink to;
    private final boolean always;
    private final OneWay way;
    private final LowWaterMark mark;

    private boolean refused;
    private boolean on;
    private boolean paused;

    /** The kernel has told that something has come, and it has not been looked at. */
    private boolean told;

    /** Of the reads or pieces that would change {@link #on}, how many there were. */
    private int count;

    private SplicedWay(
            OneWay way, StreamConnection from, StreamConnection to, SocketLink in, SocketLink out, boolean always) {
        this.loop = from.stream().loop();
        this.input = from.stream().input();
        this.output = to.stream().output();
        this.from = in;
        this.to = out;
        this.always = always;
        this.way = way;
        this.mark = new LowWaterMark(loop, in, this::come);
    }

    /** Null where there is none. */
    static @Nullable SplicedWay of(OneWay way, StreamConnection from, StreamConnection to, Splice choice) {
        return choice != Splice.OFF
                        && from.stream().loop() == to.stream().loop()
                        && from.stream().link() instanceof SocketLink in
                        && to.stream().link() instanceof SocketLink out
                        && in.splices()
                        && out.splices()
                ? new SplicedWay(way, from, to, in, out, choice == Splice.ALWAYS)
                : null;
    }

    /** Whether what is not taken now is told again. */
    boolean isOn() {
        return on;
    }

    void begin() {
        if (always) turn(true);
    }

    /** Something was read, and goes the other way. */
    void seen(ByteBuf read) {
        if (on || refused) return;
        count = read.isWritable() || read.readableBytes() < MUCH ? 0 : count + 1;
        if (count == READS) turn(true);
    }

    /** Something has come. Answers whether it need not be read; where it has to wait, the kernel tells of it again when it is wanted. */
    private boolean come() {
        told = true;
        try {
            way.turn();
        } catch (RuntimeException e) {
            from.failed(e); // the other sockets of the loop are to have their news all the same
        }
        boolean untouched = told;
        told = false;
        return from.descriptor() < 0 || on && (paused || !untouched);
    }

    /**
     * Moves what lies in the socket, up to a pipe full; the kernel tells of the rest. Only when all that was sent before has left.
     *
     * @param anyway whether there is something even though the kernel has not told of it
     * @return how much it was; 0 when there is nothing, or when it is to be read
     */
    int move(boolean anyway) {
        if (!on || !told && !paused && !anyway || input.waiting() > 0) return 0;
        Pipe pipe = loop.pipes().take();
        if (pipe == null) {
            turn(false);
            return 0;
        }
        int size = fill(pipe);
        if (size == 0) {
            loop.pipes().giveBack(pipe);
            return 0;
        }
        told = false;
        input.passed(size);
        if (size >= MUCH) {
            count = 0;
            mark.flow();
        } else if (++count == PATIENCE && !always) {
            turn(false);
        }
        way.moving();
        pass(pipe, size);
        return size;
    }

    /** What has failed is told as any failure to read. */
    private int fill(Pipe pipe) {
        int socket = from.descriptor();
        if (socket < 0 || input.hasEnded()) return 0;
        try {
            return pipe.fillFrom(socket);
        } catch (Errno e) {
            if (e.isRefusal()) {
                refused = true;
                turn(false);
            } else {
                from.failed(e);
            }
            return 0;
        }
    }

    /** Nothing is on its way before it. What the socket has no room for, and a failure, go the way of all output. */
    private void pass(Pipe pipe, int size) {
        int gone = 0;
        Errno met = null;
        int socket = to.descriptor();
        if (socket >= 0) {
            try {
                gone = pipe.drainTo(socket);
                output.passed(gone);
            } catch (Errno e) {
                met = e;
            }
        }
        if (gone == size) {
            loop.pipes().giveBack(pipe);
        } else {
            var rest = new Piped(loop, pipe, to, size - gone, met);
            if (!output.pass(rest)) rest.release(); // it has ended meanwhile, and that is told
        }
    }

    private void turn(boolean toOn) {
        on = toOn;
        count = 0;
        mark.forget();
        from.askFirst(toOn ? this::come : null);
    }

    /** Something went the other way. */
    void answered() {
        mark.forget();
    }

    /** The other side has no room: nothing is to be read in the meantime. */
    void pause() {
        if (!on) return;
        paused = true;
        from.pauseReading(); // even if it was before: what was resumed meanwhile would be told of again and again
    }

    /** What comes is to be noticed again. */
    void resume() {
        if (!paused) return;
        paused = false;
        from.resumeReading();
    }

    /** Leaves the socket as it was. */
    void end() {
        if (on) turn(false);
        resume();
    }
}

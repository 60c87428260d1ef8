package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.RelayOptions.Splice;
import org.jspecify.annotations.Nullable;

/**
 * The short way for much: out of one socket into a pipe and out of that into another, without coming here.
 *
 * <p>That there is something is noticed as ever, by reading it; but while much comes, only a taste is read, and what lies behind it is moved.
 * So little takes the long way, whose price is the lower for it, and the end of the stream is seen where it always is. A pipe is had only
 * while something lies in it.
 *
 * <p>On the loop that both sockets belong to.
 */
final class SplicedWay {
    /** A read that brings so much has most probably left something behind. */
    private static final int MUCH = 32 * 1024;

    /** So many of them make a stream of which more is to come, and ... */
    private static final int READS = 2;

    /** ... so many that bring less, one after the other, a quiet one. */
    private static final int PATIENCE = 4;

    private final NettyLoop loop;
    private final InputHalf input;
    private final SocketLink from;
    private final SocketLink to;
    private final boolean always;

    private boolean refused;
    private boolean on;
    private boolean paused;

    /** Of the reads that would change {@link #on}, how many there were. */
    private int reads;

    /** What has come since there was nothing left to take. */
    private long came;

    private SplicedWay(StreamConnection from, SocketLink in, SocketLink out, boolean always) {
        this.loop = from.stream().loop();
        this.input = from.stream().input();
        this.from = in;
        this.to = out;
        this.always = always;
    }

    /** Null where there is none. */
    static @Nullable SplicedWay of(StreamConnection from, StreamConnection to, Splice choice) {
        return choice != Splice.OFF
                        && from.stream().loop() == to.stream().loop()
                        && from.stream().link() instanceof SocketLink in
                        && to.stream().link() instanceof SocketLink out
                        && in.splices()
                        && out.splices()
                ? new SplicedWay(from, in, out, choice == Splice.ALWAYS)
                : null;
    }

    /** Whether what is not taken now is told again. */
    boolean isOn() {
        return on;
    }

    void begin() {
        if (always) turn(true);
    }

    /**
     * Moves what has come, and what has been read of it before.
     *
     * @param read what was read; taken over unless the answer is null
     * @param more whether there is something even if nothing was read
     * @return null when there is nothing, or when it is to take the other way
     */
    @Nullable
    Piped take(@Nullable ByteBuf read, boolean more) {
        if (read != null) came += read.readableBytes();
        if (!on) {
            if (read != null) seen(read);
            return null;
        }
        if (read == null ? came == 0 && !more : !isTaste(read) || input.waiting() > 0)
            return null; // what waits comes first
        Pipe pipe = loop.pipes().take();
        if (pipe == null) {
            turn(false);
            return null;
        }
        try {
            if (read != null) pipe.put(read);
            return moved(pipe, read);
        } catch (Errno refusal) {
            loop.pipes().dispose(pipe);
            refuse();
            return null;
        }
    }

    private @Nullable Piped moved(Pipe pipe, @Nullable ByteBuf read) {
        int before = read == null ? 0 : read.readableBytes();
        int more = fill(pipe);
        if (before + more == 0) {
            loop.pipes().giveBack(pipe);
            quiet();
            return null;
        }
        if (read != null) read.release();
        came += more;
        input.passed(more);
        return new Piped(loop, pipe, to, before + more);
    }

    /** What has failed is told as any failure to read. */
    private int fill(Pipe pipe) {
        int socket = from.descriptor();
        if (socket < 0 || input.hasEnded()) return 0;
        try {
            return pipe.fillFrom(socket);
        } catch (Errno e) {
            if (e.isRefusal()) {
                refuse();
            } else {
                from.failed(e);
            }
            return 0;
        }
    }

    private static boolean isTaste(ByteBuf read) {
        return !read.isWritable() && read.isDirect() && read.readableBytes() <= Taste.SIZE;
    }

    private void seen(ByteBuf read) {
        reads = read.isWritable() || read.readableBytes() < MUCH ? 0 : reads + 1;
        if (reads == READS && !refused) turn(true);
    }

    /** Everything that has come is taken. */
    private void quiet() {
        reads = came < MUCH ? reads + 1 : 0;
        came = 0;
        if (reads == PATIENCE && !always) turn(false);
    }

    private void refuse() {
        refused = true;
        turn(false);
    }

    private void turn(boolean toOn) {
        on = toOn;
        reads = 0;
        came = 0;
        from.taste(toOn);
    }

    /** The other side has no room: nothing is to be read in the meantime. */
    void pause() {
        if (!on || paused) return;
        paused = true;
        from.pauseReading();
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

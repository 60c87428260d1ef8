package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.RelayOptions.Splice;
import io.penstock.net.event.Action;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a relay: takes chunks out of one stream's input half and hands them to another's output half, as long as there are some
 * and there is room. Then it leaves word with both, and holds nothing.
 *
 * <p>It has a {@linkplain #turn turn} whenever something has changed, always on the loop of the stream that it reads.
 */
final class OneWay implements Runnable {
    /** Whose halves these are while no thread has to hold them. It never runs. */
    private static final Thread HOLDER = Thread.ofVirtual().name("relay").unstarted(() -> {});

    static final String BUSY = "a relay has it, until the relay ends";

    /** The other streams of the loop are to have their turn too. */
    private static final int MOST_IN_A_TURN = 1 << 20;

    private final StreamRelay relay;
    private final StreamConnection from;
    private final StreamConnection to;
    private final InputHalf input;
    private final OutputHalf output;
    private final @Nullable Consumer<ByteBuffer> tap;
    private final @Nullable SplicedWay splice;
    private final Runnable turn = this::turn;

    /** What its owner had sent there before; some of it may still be on its way out. */
    private long before;

    private Action failures = () -> false;

    // on the loop of the stream that is read

    private boolean inTurn;
    private boolean again;

    /** How much of what had come when the rest was not wanted any more is still to be moved, at most; negative until then. */
    private long due = -1;

    private boolean finished;
    private boolean done;
    private boolean left;

    /** What has not come by now is not wanted any more. */
    private volatile boolean last;

    OneWay(
            StreamRelay relay,
            StreamConnection from,
            StreamConnection to,
            @Nullable Consumer<ByteBuffer> tap,
            Splice choice) {
        this.relay = relay;
        this.from = from;
        this.to = to;
        this.input = from.stream().input();
        this.output = to.stream().output();
        this.tap = tap;
        this.splice = tap == null ? SplicedWay.of(this, from, to, choice) : null;
    }

    /**
     * Keeps everybody else from reading the one and writing to the other.
     *
     * @throws IllegalStateException when somebody is at it; nothing has changed then
     */
    void claim() {
        if (!from.streamInput().claim(HOLDER))
            throw busy(from, from.streamInput().refusal());
        if (!to.streamOutput().tryBegin(HOLDER)) {
            from.streamInput().unclaim();
            throw busy(to, to.streamOutput().refusal());
        }
        before = output.accepted();
    }

    private static IllegalStateException busy(StreamConnection connection, ConnectionException why) {
        return new IllegalStateException(
                connection + " cannot be relayed while something is under way on it: " + why.text(), why);
    }

    /** Whether that thread stands for a relay, which has the half until it ends. */
    static boolean isHolder(@Nullable Thread owner) {
        return owner == HOLDER;
    }

    void unclaim() {
        from.streamInput().end();
        to.streamOutput().unclaim();
    }

    void start() {
        output.uncorkAll();
        output.watch(this);
        failures = input.onEnd(from, reason -> {
            if (reason != Reason.EOF) run(); // the end of the stream is seen behind its last byte
        });
        from.stream().loop().execute(() -> {
            if (splice != null && !relay.isOver()) splice.begin();
            turn();
        });
    }

    /** Delivers what has come by now, and no more. */
    void endSoon() {
        last = true;
        run();
    }

    /** Bytes that have left for the other side. */
    long moved() {
        return Math.max(0, output.sent() - before);
    }

    boolean isDelivering() {
        return output.hasPending();
    }

    /** Grows as long as the other side takes something. */
    long progress() {
        return output.left();
    }

    /** Something goes the other way: on this loop, where there is a short way. */
    void answered() {
        if (splice != null) splice.answered();
    }

    /** Something has changed. Any thread. */
    @Override
    public void run() {
        if (from.stream().isOnLoop()) {
            turn();
        } else {
            from.stream().loop().execute(turn);
        }
    }

    /** What is handed on may lead to news that come here while this is still at it. */
    void turn() {
        again = true;
        if (inTurn) return;
        inTurn = true;
        try {
            while (again) {
                again = false;
                goOn();
            }
        } finally {
            inTurn = false;
        }
    }

    private void goOn() {
        if (relay.isOver()) {
            leave();
        } else if (!done) {
            if (finished) {
                finishing();
            } else {
                move();
            }
        }
    }

    private void move() {
        if (last && due < 0) due = waiting();
        for (int moved = 0; moved < MOST_IN_A_TURN; ) {
            Reason end = input.ending();
            if (end != null && end != Reason.EOF && !last) {
                relay.lost(from, end, from.streamInput().failure(end, input.cause()));
                return;
            }
            switch (output.room(mark())) {
                case SHUT -> {
                    shut();
                    return;
                }
                case FULL -> {
                    if (splice != null) splice.pause();
                    return; // and comes again when there is some
                }
                case SOME -> {}
            }
            if (due == 0) {
                finish(); // a peer that goes on sending does not keep the relay
                return;
            }
            int size = next();
            if (size > 0) {
                moved += size;
                if (due > 0) due = Math.max(0, due - size);
            } else if (end == Reason.EOF || last) {
                finish();
                return;
            } else if (rest()) {
                return;
            }
            if (relay.isOver()) {
                leave();
                return;
            }
        }
        // what lies in the socket is told again, if anything does: before the end nobody may wait for that
        if (last || splice == null || !splice.isOn() || !rest())
            from.stream().loop().execute(turn);
    }

    /** What may be pending on the other side: no second pipe while there is something in the first. */
    private int mark() {
        return splice != null && splice.isOn() ? 1 : OutputHalf.MARK;
    }

    /** Passes on the next of what has come, and returns how much it was; 0 when there is nothing. */
    private int next() {
        ByteBuf chunk = from.streamInput().takeHeld();
        if (chunk == null) chunk = input.poll();
        if (splice != null) {
            if (chunk != null) {
                splice.seen(chunk);
            } else {
                int moved = splice.move(due > 0);
                if (moved > 0) return moved;
            }
        }
        if (chunk == null && due > 0) chunk = unnoticed();
        if (chunk == null) return 0;
        int size = chunk.readableBytes();
        pass(chunk);
        return size;
    }

    private long waiting() {
        return from.streamInput().held()
                + input.waiting()
                + from.stream().link().waiting();
    }

    /** Nobody may wait to be told of what has come; of a TLS record all of it has to be fetched before anything is there. */
    private @Nullable ByteBuf unnoticed() {
        Link link = from.stream().link();
        int before;
        ByteBuf chunk;
        do {
            before = link.waiting();
            link.receiveRest();
            chunk = input.poll();
        } while (chunk == null && link.waiting() < before);
        return chunk;
    }

    /** Until something comes; false when it has by now. */
    private boolean rest() {
        if (splice != null) splice.resume();
        return input.watch(this);
    }

    private void pass(ByteBuf chunk) {
        if (tap != null && !show(tap, chunk)) {
            chunk.release();
            return;
        }
        moving();
        if (!output.pass(chunk)) chunk.release(); // it has ended meanwhile, and that is told
    }

    /** Something is just about to be passed on. */
    void moving() {
        relay.moved(this);
    }

    private boolean show(Consumer<ByteBuffer> watcher, ByteBuf chunk) {
        try {
            watcher.accept(chunk.nioBuffer().asReadOnlyBuffer());
            return true;
        } catch (RuntimeException | Error e) {
            relay.failed(ConnectionException.of(
                    Reason.FAILED, Phase.READ, from.remoteAddress(), "the tap of the relay has thrown " + e, e));
            return false;
        }
    }

    /** Nothing can be sent there any more. */
    private void shut() {
        if (last) {
            stopReading();
            done();
        } else {
            Reason end = output.ending();
            Reason reason = end == null ? Reason.CLOSED : end;
            relay.lost(to, reason, to.streamOutput().failure(reason));
        }
    }

    /** The end of the stream is passed on. */
    private void finish() {
        finished = true;
        stopReading();
        output.finish();
        relay.halfEnded();
        finishing();
    }

    /** What still comes must not stop the peer, nor reset what it has not received yet. */
    private void stopReading() {
        if (splice != null) splice.end(); // it would wait for room
        if (last && input.ending() != Reason.EOF) from.stream().dropRest();
    }

    private void finishing() {
        if (output.isTaken()) {
            done();
        } else if (output.ending() != null) {
            shut();
        }
    }

    private void done() {
        done = true;
        relay.done();
    }

    /** The relay has ended, and the halves are nobody's. */
    private void leave() {
        if (left) return;
        left = true;
        if (splice != null) splice.end();
        failures.cancel();
        output.watch(null);
        input.unwatch();
        unclaim();
    }
}

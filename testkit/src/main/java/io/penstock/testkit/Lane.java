package io.penstock.testkit;

import java.time.Duration;

/**
 * One direction through a {@link Faults}: what happens to the bytes that go this way.
 *
 * <p>Settings hold from the next piece on, for connections that are open and for those to come. Any thread.
 */
public final class Lane {
    /** How a stream is cut short. */
    enum Stop {
        END,
        RESET
    }

    /**
     * What holds for a piece.
     *
     * @param piece the most bytes that travel together
     * @param limit after how many bytes of a connection it is stopped
     * @param stop how
     */
    record Rules(int piece, long limit, Stop stop) {}

    private static final Rules NONE = new Rules(Integer.MAX_VALUE, Long.MAX_VALUE, Stop.END);

    private Rules rules = NONE;
    private Duration delay = Duration.ZERO;
    private boolean stalled;
    private long passed;

    Lane() {}

    /** Lets nothing pass until {@link #resume()}; a little may still be taken in, until the sender feels it. */
    public synchronized void stall() {
        stalled = true;
    }

    /** Ends a stall. */
    public synchronized void resume() {
        stalled = false;
        notifyAll();
    }

    /** Lets each piece wait for so long before it goes on. {@link Duration#ZERO} for not at all. */
    public synchronized void delay(Duration each) {
        delay = each;
        notifyAll();
    }

    /** Cuts what travels into pieces of at most this many bytes. */
    public synchronized void pieces(int size) {
        if (size < 1) throw new IllegalArgumentException("a piece has at least one byte, not " + size);
        rules = new Rules(size, rules.limit, rules.stop);
    }

    /** Ends the stream in order behind so many bytes of a connection; what follows is lost. */
    public synchronized void endAfter(long bytes) {
        rules = new Rules(rules.piece, bytes, Stop.END);
    }

    /** Resets both sides of a connection as soon as so many of its bytes have passed. */
    public synchronized void resetAfter(long bytes) {
        rules = new Rules(rules.piece, bytes, Stop.RESET);
    }

    /** Lets everything pass again as it comes. */
    public synchronized void clear() {
        rules = NONE;
        delay = Duration.ZERO;
        resume();
    }

    /** How many bytes have passed, of all connections. */
    public synchronized long passed() {
        return passed;
    }

    synchronized Rules rules() {
        return rules;
    }

    synchronized void pass(int bytes) {
        passed += bytes;
    }

    /** Waits as long as there is a stall, and then for the delay. */
    synchronized void hold() throws InterruptedException {
        while (stalled) wait();
        long end = System.nanoTime() + delay.toNanos();
        for (long left = delay.toNanos(); left > 0 && !delay.isZero(); left = end - System.nanoTime()) {
            wait(left / 1_000_000, (int) (left % 1_000_000));
        }
        while (stalled) wait();
    }
}

package io.penstock.net.event;

import io.penstock.net.ConnectionException;

/**
 * An operation of the event face that is under way on one half of a stream: so many bytes are to be moved, so many have been.
 *
 * <p>From its start to the event that ends it the half is its own: whoever would receive, or send, there meanwhile is refused as if a thread
 * were at it, and the operation is refused while a thread is. Its events are told to its continuation, one at a time, never inside a call.
 *
 * <p>Answers to Traffic Server's {@code TSVIO}. Any thread.
 */
public sealed interface Vio extends Action permits ReadVio, WriteVio {
    /** What to request for as much as there will be. */
    long UNBOUNDED = Long.MAX_VALUE;

    Continuation continuation();

    /** How many bytes are to be moved. */
    long requested();

    /**
     * How many bytes have been moved: into the buffer, or out of it and into the connection. A thread that has seen bytes where they went
     * finds them counted; what an event loop runs itself, such as a tap, may find the count a moment behind.
     */
    long done();

    /** How many bytes are still to be moved. */
    default long left() {
        return requested() - done();
    }

    /**
     * Changes how many bytes are to be moved. Lowered to what is done, the operation completes. Raised after its completion, it goes on, and
     * tells of another completion.
     *
     * @throws IllegalArgumentException when more have been moved already; nothing has changed then
     * @throws IllegalStateException when it has ended otherwise, or was cancelled: start another
     * @throws ConnectionException {@code BUSY_READING} or {@code BUSY_WRITING} when it was complete and the half is in use by now; nothing
     *     has changed then
     */
    void request(long bytes) throws ConnectionException;

    /**
     * Has it look again: at what was put into the buffer, or consumed from a full one; and starts its clock anew, after a timeout. Not needed
     * for what was done while one of its events is told. Never waits, and does nothing when it has ended.
     */
    void reenable();

    /**
     * Ends it without an event, as its owner's {@code close} of the connection does; what has been moved stays moved. The half is free for
     * whoever asks next, and the buffer is not touched any more: where it is just being, this waits those moments, unless
     * an event loop runs it itself.
     *
     * @return true when no event of it is told any more; false when the one that ends it has been told, is being told, or it was cancelled
     *     before
     */
    @Override
    boolean cancel();
}

package io.penstock.net;

/**
 * What became of a connection that was {@linkplain Connection#release(KeepAlive) released}. Whatever it is, the connection is no longer
 * the caller's, so that it may be ignored: all but {@link #KEPT} have closed it.
 */
public enum Released {
    /** It waits in the pool for its next user, or has gone to one who waited. */
    KEPT,
    /** Input that nobody had received was waiting; {@link Input#buffered()} tells beforehand, so that it can be received. */
    UNREAD,
    /** A read had timed out: the answer may still come, and would be taken for that to the next user's question. */
    DIRTY,
    /** One of its halves had ended, or what was sent last could not be delivered. */
    ENDED,
    /** It was too old, or had been used often enough; see {@link KeepAlive}. */
    WORN,
    /** The pool keeps no more, or has been closed. */
    SURPLUS
}

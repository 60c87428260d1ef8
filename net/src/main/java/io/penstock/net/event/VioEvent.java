package io.penstock.net.event;

import io.penstock.net.ConnectionException;

/**
 * What a continuation is told about an operation on a stream. Answers to Traffic Server's {@code TS_EVENT_VCONN_*}.
 *
 * <p>Of each {@link Vio} there is one event that ends it, unless it is cancelled: the completion, {@link EndOfStream}, {@link Reset},
 * {@link Failed} or {@link Closed}; or the half was ended by its owner, who is told no more of it. The others come any number of times before, never two of the same kind in wait at once.
 */
public sealed interface VioEvent extends Event {
    /** The operation that it is about. */
    Vio vio();

    /**
     * More can be read from the buffer, and more is to come. Answers to {@code TS_EVENT_VCONN_READ_READY}.
     *
     * <p>Told when at least the buffer's {@linkplain IoBuffer#lowWater low-water mark} is readable. A buffer that has no more room lets the
     * operation stand still until its handler has consumed something, or the operation is {@linkplain Vio#reenable re-enabled}.
     */
    record ReadReady(ReadVio vio) implements VioEvent {}

    /** All that was requested has been read. Answers to {@code TS_EVENT_VCONN_READ_COMPLETE}. */
    record ReadComplete(ReadVio vio) implements VioEvent {}

    /** The buffer has room for more of what is to be written. Answers to {@code TS_EVENT_VCONN_WRITE_READY}. */
    record WriteReady(WriteVio vio) implements VioEvent {}

    /**
     * All that was requested is with the operating system, or with the other end of an in-memory pair. Answers to
     * {@code TS_EVENT_VCONN_WRITE_COMPLETE}.
     */
    record WriteComplete(WriteVio vio) implements VioEvent {}

    /**
     * The peer has ended its stream in order before all that was requested had come; it may still receive. Answers to
     * {@code TS_EVENT_VCONN_EOS}, and never to a reset.
     */
    record EndOfStream(ReadVio vio) implements VioEvent {}

    /** The peer, or the network, has reset the connection. Traffic Server's {@code TS_EVENT_VCONN_EOS} or {@code TS_EVENT_ERROR}. */
    record Reset(Vio vio, ConnectionException cause) implements VioEvent {}

    /** The operation has failed otherwise, as the cause tells. Answers to {@code TS_EVENT_ERROR}. */
    record Failed(Vio vio, ConnectionException cause) implements VioEvent {}

    /**
     * Somebody else on this side has ended it: the scope of the connection, the loops, whoever closed the buffer; or it had been ended before
     * the operation began.
     *
     * <p>Behind {@link io.penstock.net.Connection#close close}, {@code abort}, {@code shutdownInput} or {@code shutdownOutput} no event of the
     * half comes at all, be it due, as none comes behind Traffic Server's {@code TSVConnClose}: whoever calls them frees the buffers.
     */
    record Closed(Vio vio) implements VioEvent {}

    /**
     * No byte has moved for as long as {@link io.penstock.net.Timeouts} say, a minute unless they were set: {@code read} for reading,
     * {@code write} for writing, where the peer takes nothing or there is nothing to write. A buffer without room is no silence. Zero
     * switches it off. Answers to {@code TS_EVENT_VCONN_INACTIVITY_TIMEOUT}, which comes after a day unless it was set.
     *
     * <p>Ends nothing, and is told once for each silence: a byte, or {@link Vio#reenable()}, starts the clock anew.
     */
    record InactivityTimeout(Vio vio) implements VioEvent {}

    /**
     * The {@linkplain io.penstock.net.Connection#deadline deadline} has passed. Answers to {@code TS_EVENT_VCONN_ACTIVE_TIMEOUT}.
     *
     * <p>Ends nothing: the operation stands still until it is {@linkplain Vio#reenable re-enabled}, behind a later deadline or none.
     */
    record ActiveTimeout(Vio vio) implements VioEvent {}
}

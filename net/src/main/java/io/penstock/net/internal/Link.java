package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import java.net.SocketAddress;
import java.net.SocketOption;

/**
 * What carries the bytes of a connection: a socket, or memory. It fills the input half and empties the output half, the halves do all
 * the rest; or there is a layer between, which is a link to the halves and {@link Halves} to this one. Methods may be called from any thread and never wait.
 */
interface Link {
    /** Says what to fill and to empty from now on. Before the first byte, or inside {@link #betweenDeliveries}. */
    void feed(Halves halves);

    /** Runs the work at a moment at which nothing is being delivered, on the thread that delivers. */
    void betweenDeliveries(Runnable work);

    SocketAddress localAddress();

    SocketAddress remoteAddress();

    /** The input half has enough for now: deliver no more, or little more. */
    void pauseReading();

    /** The input half has room again. */
    void resumeReading();

    /** How much of what {@link #receiveRest} would deliver there is; 0 also where that cannot be known. On the loop. */
    default int waiting() {
        return 0;
    }

    /** Delivers at once what has come from the peer and was not noticed yet; on the loop. */
    default void receiveRest() {}

    /** The output half has something to be taken, or is to be ended; called once until it is taken. */
    void drainSoon();

    /** As {@link #drainSoon}, but within this call where that is possible. On the loop. */
    default void drainNow() {
        drainSoon();
    }

    /** Falls as the peer takes what was taken from the output half: it tells a slow peer from a stalled one, and is no count. */
    long backlog();

    /** Whether something that has left may not have come to the peer's system yet; so also where that cannot be known. On the loop. */
    default boolean isUnderWay() {
        return true;
    }

    /** Whether a file can be sent without being copied through this process. */
    boolean sendsFiles();

    /** Whether what comes behind {@link #close} is answered by a reset, which takes back what the peer has not received yet. */
    default boolean resets() {
        return false;
    }

    /** Ends everything at once, quietly if all was sent, otherwise as good as it can. */
    void close();

    /** Ends everything at once, with a reset where the transport has one. */
    void abort();

    /** Runs short work, on any thread, when the operating system has closed it, so that the peer is about to know. At once if it has. */
    void whenGone(Runnable work);

    <T> void option(SocketOption<T> name, T value) throws ConnectionException;

    <T> T option(SocketOption<T> name) throws ConnectionException;
}

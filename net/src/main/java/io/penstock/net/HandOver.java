package io.penstock.net;

import org.jspecify.annotations.Nullable;

/**
 * Passes descriptors to another process, and takes them from it, over a UNIX stream: live connections with the bytes they have received,
 * listeners, datagram sockets.
 *
 * <p>{@snippet :
 * // the process that goes
 * try (var handOver = HandOver.over(Connector.of(loops).connect(path))) {
 *     handOver.send(client.detach(), "user=anna".getBytes());
 * }
 * // the process that comes
 * Listener.open(loops, path, connection -> {
 *     try (var handOver = HandOver.over(connection)) {
 *         for (var handed = handOver.receive(); handed != null; handed = handOver.receive()) {
 *             try (var detached = handed.detached()) {
 *                 serve(Connection.adopt(detached), handed.state());
 *             } catch (ConnectionException e) {
 *                 // that client has gone meanwhile; the others have not
 *             }
 *         }
 *     }
 * });
 * }
 *
 * <p>One side sends at a time, while the other one receives; which it is may change. One thread at a time uses it; it waits by the timeouts that the connection had. Owned by whoever opened it. Linux only.
 *
 * <p>Whoever can connect to the other side can send anything there: have the UNIX socket in a directory of your own.
 */
public interface HandOver extends AutoCloseable {
    /** The most bytes of a state. */
    int LONGEST_STATE = 64 * 1024;

    /**
     * What has come: it is the receiver's, who has to adopt it or to close it.
     *
     * @param detached the descriptor, and what was received from it already
     * @param state what the sender says about it
     */
    record Received(Detached detached, byte[] state) {}

    /**
     * Makes a way for descriptors of a UNIX connection, which is {@linkplain Connection#detach() detached} for it. Waits until the other side has
     * done the same, at most the read timeout.
     *
     * @throws IllegalArgumentException when it is no UNIX connection; nothing has changed
     * @throws ConnectionException as {@link Connection#detach()}; {@code MALFORMED} when the other side speaks of something else. The connection
     *     has ended then
     */
    static HandOver over(Connection connection) throws ConnectionException {
        return io.penstock.net.internal.UnixHandOver.over(connection);
    }

    /**
     * Sends a descriptor, and returns when the other process has it. Then it is closed here.
     *
     * @param state anything that the receiver is to know, at most {@link #LONGEST_STATE} bytes
     * @throws ConnectionException when that failed, {@code MALFORMED} when the other side sends as well instead of receiving: the descriptor
     *     is open and still the caller's. Only when the other side is lost between
     *     its taking the descriptor and its saying so, it may have it as well
     */
    void send(Detached detached, byte[] state) throws ConnectionException;

    /**
     * Waits for a descriptor; null when the other side has closed.
     *
     * @throws ConnectionException {@code TIMEOUT} when none came within the read timeout, and one may come later; any other failure, of this
     *     and of {@link #send}, ends the hand-over
     */
    @Nullable
    Received receive() throws ConnectionException;

    /** Ends it: the other side sees the end behind what was sent. Idempotent; any thread. */
    @Override
    void close();
}

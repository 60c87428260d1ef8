package io.penstock.net;

import io.penstock.net.event.Action;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A byte stream to a peer that can be held: two halves and a life.
 *
 * <p>Accepted, dialled, adopted or one end of an in-memory {@linkplain #pair pair}: every kind has the same methods, the same
 * endings and the same back-pressure. The connection belongs to one {@link Loop}; whoever holds the object owns it and
 * must end it, by one of four verbs that are never confused:
 *
 * <table class="plain">
 * <caption>Endings</caption>
 * <tr><th>verb</th><th>what the peer sees</th><th>what is left</th></tr>
 * <tr><td>{@link #shutdownOutput()}</td><td>everything sent, then the end of the stream</td><td>receiving goes on</td></tr>
 * <tr><td>{@link #shutdownInput()}</td><td>nothing</td><td>sending goes on; what comes is dropped</td></tr>
 * <tr><td>{@link #close()}</td><td>everything sent, then the end of the stream</td><td>nothing</td></tr>
 * <tr><td>{@link #abort()}</td><td>a reset; unsent bytes are dropped</td><td>nothing</td></tr>
 * </table>
 *
 * <p>Two more ways out end nothing: {@link #release(KeepAlive)} gives a pooled connection back, {@link #detach()} gives the descriptor to
 * its next owner.
 *
 * <p>One thread may receive while another sends. What else comes while one of them is inside a call, or a TLS handshake is under way, does
 * not disturb it, unless it is an end:
 *
 * <table class="plain">
 * <caption>What another thread gets</caption>
 * <tr><th>call</th><th>while one receives</th><th>while one sends</th><th>in a handshake</th></tr>
 * <tr><td>receive and the like</td><td>{@code BUSY_READING}</td><td>goes</td><td>{@code BUSY_CONNECTING}</td></tr>
 * <tr><td>send and the like</td><td>goes</td><td>{@code BUSY_WRITING}</td><td>{@code BUSY_CONNECTING}</td></tr>
 * <tr><td>{@code startTls}</td><td>{@code BUSY_READING}</td><td>{@code BUSY_WRITING}</td><td>{@code BUSY_CONNECTING}</td></tr>
 * <tr><td>{@code release}</td><td>{@link IllegalStateException}</td><td>{@link IllegalStateException}</td>
 *     <td>{@link IllegalStateException}</td></tr>
 * <tr><td>{@code detach}</td><td>{@code BUSY_READING}</td><td>{@code BUSY_WRITING}</td><td>{@code BUSY_CONNECTING}</td></tr>
 * <tr><td>{@code close}, {@code abort}</td><td>ends it: {@code CLOSED} for the one inside</td><td>as left</td><td>as left</td></tr>
 * <tr><td>{@code receiveUntil}, timeouts, options, {@code cork}</td><td>goes</td><td>goes</td><td>goes</td></tr>
 * </table>
 */
public interface Connection extends Input, Output, AutoCloseable {
    /** How a connection came to be. */
    enum Origin {
        /** A {@link Listener} accepted it. */
        ACCEPTED,
        /** A {@link Connector} dialled it. */
        DIALLED,
        /** It was a descriptor of somebody else's. */
        ADOPTED,
        /** It is one end of an in-memory pair. */
        PAIRED,
        /** It has spoken HTTP, and the handler of a server, or the client, has taken it over. */
        TAKEN_OVER
    }

    /**
     * Opens two connections that are each other's peer, without a system call: what one sends, the other receives.
     *
     * @param here the loop of the first
     * @param there the loop of the second; may be the same
     */
    static Pair pair(Loop here, Loop there) {
        return io.penstock.net.internal.PairLink.open(here, there);
    }

    /** As {@link #adopt(int, AdoptOptions)}, with the usual options. */
    static Connection adopt(int descriptor) throws ConnectionException {
        return adopt(descriptor, AdoptOptions.DEFAULT);
    }

    /**
     * Makes a connection of a connected stream socket, TCP or UNIX, that was opened elsewhere: by native code, by whoever started this
     * process, or by another process that has sent it here. Any thread.
     *
     * <p>The connection owns the socket from then on: the number given is closed, since the connection has one of its own, and must not be
     * used any more. The socket is made non-blocking and is not inherited by programs that this one starts.
     *
     * <p>When it is refused, the descriptor is as it was, flags included, and still the caller's. Only an error that the socket had pending
     * is consumed: it is the reason of the refusal then.
     *
     * <p>Answers to {@code TSVConnFdCreate} of Traffic Server, which checks nothing. To be secured by {@link #startTls} like any other.
     *
     * @throws ConnectionException {@code INVALID_DESCRIPTOR}, {@code NOT_A_SOCKET}, {@code NOT_A_STREAM}, {@code LISTENING},
     *     {@code NOT_CONNECTED}, also while it is still connecting, {@code ALREADY_ADOPTED}, or what has ended the connection; in the phase
     *     {@code ADOPT}
     * @throws UnsupportedOperationException when the loops do not run on epoll
     * @throws IllegalStateException when there are no loops
     */
    static Connection adopt(int descriptor, AdoptOptions options) throws ConnectionException {
        return io.penstock.net.internal.AdoptedStream.adopt(descriptor, options);
    }

    /** Takes back what was {@linkplain #detach() detached}, here or by the process that has sent it. */
    static Connection adopt(Detached detached) throws ConnectionException {
        Connection adopted = adopt(detached.descriptor(), AdoptOptions.DEFAULT.withUnread(detached.unread()));
        detached.leave();
        return adopted;
    }

    /** The two ends of an in-memory pair. */
    record Pair(Connection first, Connection second) {}

    /** A number unique in this process, for logs. */
    long id();

    Origin origin();

    /** The address of this end; with a {@link #proxyHeader()} the one that the client connected to. */
    SocketAddress localAddress();

    /**
     * The peer's address; for an accepted UNIX connection the address of the listener, since clients are unnamed; with a
     * {@link #proxyHeader()} the client's.
     */
    SocketAddress remoteAddress();

    /** What the proxy in front of a {@link Listener} has told about the client; empty where none was asked to. */
    Optional<ProxyHeader> proxyHeader();

    /** The loop that owns this connection. */
    Loop loop();

    Stats stats();

    /** What was agreed on in the TLS handshake; empty where there was none. */
    Optional<TlsSession> tls();

    /**
     * Secures the stream from here on, in the role of the client: everything sent before leaves in clear, everything received and not yet
     * consumed is taken for the peer's part of the handshake. Parks until the peer has proved who it is, at most for the connect timeout
     * and up to the deadline; no other operation is possible meanwhile ({@code BUSY_CONNECTING}).
     *
     * <p>When it fails, the connection is closed.
     *
     * @param host whose certificate the peer must have, a name or an address, and what is asked for (SNI); the options may overrule it
     * @throws ConnectionException with one of the reasons {@code TLS_...}, or what ended the connection meanwhile
     * @throws IllegalArgumentException when the options are not possible here; nothing has changed then
     */
    void startTls(TlsClient options, String host) throws ConnectionException;

    /** Secures the stream from here on as {@link #startTls(TlsClient, String)} does, in the role of the server. */
    void startTls(TlsServer options) throws ConnectionException;

    /** False as soon as the connection was closed, aborted or lost, or both halves have ended. */
    boolean isOpen();

    /**
     * Why the input has ended, as soon as that is known here, however much of it is still to be received; empty while it runs.
     *
     * <p>{@code EOF} when the peer has ended its stream, be it that half or all: it may still want to receive. {@code RESET} or
     * {@code FAILED} when the connection was lost, {@code CLOSED} when this side gave the input up. The end is not seen behind more
     * than 64 KiB that nobody has received.
     */
    Optional<ConnectionException.Reason> inputEnd();

    /**
     * Has the reason told on a virtual thread of the loop as soon as there is an {@link #inputEnd()}; once.
     *
     * <p>{@snippet :
     * Thread worker = Thread.currentThread();
     * Action watch = connection.onInputEnd(reason -> worker.interrupt());   // whoever asked has gone
     * }
     *
     * <p>The wish ends with the connection's use: {@link #release()} takes it back.
     *
     * @return takes the wish back
     */
    Action onInputEnd(Consumer<ConnectionException.Reason> told);

    Timeouts timeouts();

    /**
     * Sets the inactivity limits of the operations that start from now on; an operation that is waiting keeps its own.
     */
    void timeouts(Timeouts timeouts);

    /**
     * Sets one limit over everything that follows: no operation waits beyond it, however often bytes trickle in.
     * Lift it with {@link Deadline#close()}. Setting a new one replaces it.
     */
    Deadline deadline(Duration total);

    /**
     * Sets a socket option of {@link java.net.StandardSocketOptions} or {@code jdk.net.ExtendedSocketOptions}: {@code TCP_NODELAY},
     * {@code SO_KEEPALIVE}, {@code TCP_KEEPIDLE}, {@code TCP_KEEPINTERVAL}, {@code TCP_KEEPCOUNT}, {@code TCP_QUICKACK}, {@code SO_RCVBUF},
     * {@code SO_SNDBUF}, {@code SO_LINGER}, {@code SO_REUSEADDR}, {@code IP_TOS}.
     *
     * @throws UnsupportedOperationException when this kind of connection has no such option
     */
    <T> void option(SocketOption<T> name, T value) throws ConnectionException;

    /**
     * The value of a socket option as the operating system has it: Linux doubles the sizes of buffers.
     *
     * @throws UnsupportedOperationException when this kind of connection has no such option
     */
    <T> T option(SocketOption<T> name) throws ConnectionException;

    /**
     * This connection as a {@link Socket}, for libraries that want one: blocking is parking, closing closes the connection.
     *
     * <p>Its {@code SO_TIMEOUT} is the read timeout of this connection, and setting it sets that. A read that times out throws
     * {@link java.net.SocketTimeoutException} and loses nothing. It has no channel, and refuses urgent data. An option that this kind of
     * connection does not have is taken and ignored, as {@code TCP_NODELAY} of a UNIX socket.
     */
    Socket asSocket();

    /** Ends the writing half: the peer receives everything sent and then the end of the stream. Idempotent. */
    void shutdownOutput() throws ConnectionException;

    /** Ends the reading half: buffered and coming bytes are dropped, a reader gets {@code CLOSED}. Idempotent. */
    void shutdownInput() throws ConnectionException;

    /**
     * Ends the connection in order: waits, at most the write timeout, until everything sent is with the operating system,
     * then closes. Idempotent; a second call does nothing.
     *
     * @throws ConnectionException when bytes that were sent could not be delivered; the connection is closed all the same
     */
    @Override
    void close() throws ConnectionException;

    /** Ends the connection at once: the peer sees a reset, unsent bytes are dropped. Any thread, never waits. Idempotent. */
    void abort();

    /**
     * Gives the connection back to the pool that handed it out, which ends the caller's ownership whatever the outcome is. Waits, at most
     * the write timeout, until everything sent is with the operating system.
     *
     * <p>What would confuse the next user is closed instead: a connection with unread input, a timed-out read or an ended half. Who wants
     * to keep such a one receives what is {@linkplain #buffered() buffered} first. Timeouts and a deadline end with their user.
     *
     * <p>The next user gets another object. This one, and whatever was made from it, has ended as if by {@link #close()}: what would
     * receive, send or set something on the socket throws {@code CLOSED}, what would end it does nothing, and neither reaches the stream.
     *
     * @return whether it was kept, and if not, why not
     * @throws IllegalStateException when the connection did not come from a {@link Pool}, was released before, or another thread is
     *     receiving or sending on it; nothing has changed then
     */
    Released release(KeepAlive keepAlive);

    /** As {@link #release(KeepAlive)}, with the limits in the options of the pool. */
    Released release();

    /**
     * Gives the descriptor to the caller, who may use it as they like or send it to another process: the inverse of
     * {@link #adopt(int, AdoptOptions)}. The peer notices nothing.
     *
     * <p>Waits, at most the write timeout, until everything sent is with the operating system. What was received and not yet consumed is
     * handed out. Then the object is dead ({@code CLOSED}) and no loop watches the socket. An end of the output that was asked for has been told
     * to the peer; one of the input is for the next owner to find.
     *
     * <p>Of threads that detach, close or abort at the same time one wins, and the others find the connection closed.
     *
     * @throws ConnectionException {@code BUSY_READING} or {@code BUSY_WRITING} while another thread is at it, nothing has changed then;
     *     {@code CLOSED} or what ended the connection when it or both its halves have ended, or its input was shut down; {@code TIMEOUT} when the peer does not take
     *     what was sent
     * @throws IllegalStateException when there is no descriptor that could be of use to somebody else: the stream is secured by TLS, whose
     *     keys would be missing, or is in memory. Nothing has changed
     * @throws UnsupportedOperationException when the loops do not run on epoll
     */
    Detached detach() throws ConnectionException;

    /** Who answers for this connection: when that scope ends, it is closed, unless it is closed or released before. */
    Scope scope();

    /**
     * Moves the connection to another scope, so that it outlives the one it was opened in. Any thread; does nothing to a connection that
     * has ended.
     *
     * <p>{@snippet :
     * Connection feed = connector.connect("feed.example", 7000).transfer(Scope.PROCESS); // outlives this handler
     * }
     *
     * @return this connection
     * @throws IllegalStateException when that scope has ended; nothing is changed
     */
    Connection transfer(Scope to);

    /**
     * Gives a connection that was taken over from an HTTP server back to it: the next byte to be received is the first of the next
     * request. For the caller it is dead then, with all that was made of it, as one that was {@linkplain #release() released}: operations
     * fail with {@code CLOSED}, and ending it ends nothing.
     *
     * <p>Waits until everything sent is with the operating system; timeouts and a deadline that were set here are forgotten. May be
     * called while the handler runs or after it.
     *
     * @throws IllegalStateException when it was not taken over, or no request can follow: the exchange's answer was begun and not
     *     finished, the body of its request not read to the end, one side has announced the end, or the output was ended. Nothing
     *     has changed then
     */
    void resumeHttp() throws ConnectionException;
}

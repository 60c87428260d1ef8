package io.penstock.net.client;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import io.penstock.net.client.ClientEnd.Cause;
import io.penstock.net.internal.SpinLock;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One use of a client, from {@code connect} to its last event: straight-line code on the client's thread, the only one that tells the
 * handler. What others want of it they leave as word: a field, and then {@link #tell()}.
 */
abstract sealed class Session implements SendQueue.Outlet permits StreamSession, DatagramSession {
    private static final Logger LOG = LoggerFactory.getLogger(Client.class);

    private enum State {
        OPENING,
        OPEN,
        ENDED
    }

    final Client client;
    final ClientHandler handler;
    final ClientOptions options;
    final SendQueue queue;
    private final Silence silence;

    private final SpinLock lock = new SpinLock();
    private volatile State state = State.OPENING;
    private volatile @Nullable Thread thread;

    /** How it ends: what came first. */
    private volatile @Nullable ClientEnd end;

    /** It is to be closed as soon as nothing waits to be sent. */
    private volatile boolean closing;

    /** It was to be ended at once, whatever was under way. */
    private volatile boolean aborted;

    private volatile boolean paused;

    /** The peer has ended its stream. */
    private volatile boolean inputOver;

    /** The output was shut down, behind all that was sent. */
    private volatile boolean outputOver;

    /** Another thread has ended the dialling, and is about to interrupt it. */
    private volatile boolean interrupting;

    /** The handler waits for the end of a TLS handshake. */
    private volatile boolean securing;

    /** There is word for the thread: it looks, before it tells another packet. */
    private volatile boolean word;

    /** Whether the handler was last told that the queue is full. */
    private boolean toldFull;

    Session(Client client) {
        this.client = client;
        this.handler = client.handler();
        this.options = client.options();
        this.queue = new SendQueue(this, options);
        this.silence = new Silence(options.idle(), this::tell);
    }

    // ---- what the kinds differ in

    abstract @Nullable SocketAddress target();

    abstract void dial() throws ConnectionException;

    /** Tells the packets that are there, until there {@linkplain #hasWord() is word}. */
    abstract void receive() throws Exception;

    /** Has {@link #readable()} called once when there is more to receive; false when there is by now. */
    abstract boolean watch();

    /** Receives nothing any more, so that the peer is not held up by that. */
    abstract void dropInput();

    /** Fails when it was lost, whatever is still to be received. */
    abstract void requireAlive() throws ConnectionException;

    /** Gives up what was opened; returns how it has ended after all. */
    abstract ClientEnd leave(ClientEnd how);

    /** Ends what is open at once, whoever waits for it. */
    abstract void breakOff();

    abstract Loop loop();

    abstract SocketAddress localAddress();

    abstract SocketAddress remoteAddress();

    /** Accepts bytes, or, for want of room, does not. */
    abstract boolean send(byte[] bytes, int from, int count);

    /** Tells what could not be sent and is not the end. */
    void tellFailures() throws Exception {}

    // ---- the client's thread

    final void live() {
        ConnectionException failure = open();
        if (failure == null) {
            attend();
            ClientEnd how = leave();
            tellLast(() -> handler.onClose(client, how));
        } else {
            tellLast(() -> handler.onError(client, failure));
        }
    }

    /** Null when it is open then. */
    private @Nullable ConnectionException open() {
        ConnectionException failure;
        try {
            if (begin()) {
                dial();
                if (opened()) {
                    reopen();
                    return null;
                }
                queue.discard();
                breakOff();
            }
            failure = closedEarly();
        } catch (ConnectionException e) {
            failure = e;
        } catch (RuntimeException | Error e) {
            failure = ConnectionException.of(Reason.FAILED, Phase.CONNECT, target(), "it cannot be dialled: " + e, e);
        }
        ended();
        return end == null ? failure : closedEarly();
    }

    private ConnectionException closedEarly() {
        return ConnectionException.of(
                Reason.CLOSED, Phase.CONNECT, target(), "the client was closed before it was connected", null);
    }

    private void attend() {
        try {
            handler.onConnect(client);
            silence.begin(loop());
            while (true) {
                word = false; // before looking: what comes from here on is seen, or says so again
                tellChanges();
                if (isWanted()) tellFailures();
                if (isReceiving()) receive();
                if (isReceiving() && !word && silence.isDue()) handler.onIdle(client); // word may be of a packet
                mayEnd();
                if (end != null) return;
                await();
            }
        } catch (HandlerException e) {
            handlerFailed(e.thrown);
        } catch (Throwable e) {
            handlerFailed(e);
        }
    }

    /** A connection that has ended is told already. */
    private void handlerFailed(Throwable e) {
        boolean first = end(new ClientEnd(Cause.HANDLER, 0, e));
        if (!first && !(e instanceof ConnectionException))
            LOG.error("The handler of {} failed while that ended", client, e);
    }

    /** What a handler has thrown while a packet was told, which is told apart from what receiving throws. */
    static final class HandlerException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient Throwable thrown;

        HandlerException(Throwable thrown) {
            super(null, thrown, false, false);
            this.thrown = thrown;
        }
    }

    /** Whether this side has not begun to end it: then the handler is told no more than the end. */
    private boolean isWanted() {
        return end == null && !closing;
    }

    final boolean isReceiving() {
        return isWanted() && !paused && !inputOver;
    }

    private void tellChanges() throws Exception {
        while (isWanted() && queue.takeChange()) {
            toldFull = !toldFull;
            if (toldFull) {
                handler.onBufferFull(client);
            } else {
                handler.onBufferEmpty(client);
            }
        }
    }

    /** Ends it where nothing more is to come of it. */
    private void mayEnd() {
        if (end != null || isReceiving()) return; // or its input will say so
        if (closing) dropInput();
        if ((closing || inputOver && outputOver) && queue.isIdle()) {
            end(ClientEnd.of(Cause.CLOSED));
            return;
        }
        try {
            requireAlive();
        } catch (ConnectionException e) {
            failed(e);
        }
    }

    /** Parks until there is something to receive, or word. */
    private void await() {
        if (isReceiving() && !watch()) return;
        if (!word) LockSupport.park(this);
        Thread.interrupted(); // was not meant for what comes next
    }

    private ClientEnd leave() {
        silence.end();
        ClientEnd how = Objects.requireNonNull(end).withUnsent(queue.discard());
        try {
            return leave(how);
        } catch (RuntimeException e) {
            breakOff();
            return how.instead(ConnectionException.of(
                    Reason.FAILED, Phase.CLOSE, target(), "it cannot be closed in order: " + e, e));
        } finally {
            ended();
        }
    }

    private void tellLast(Runnable event) {
        try {
            event.run();
        } catch (Throwable e) {
            LOG.error("The handler of {} failed at its last event", client, e);
        }
    }

    // ---- for the kinds, on the client's thread

    final boolean hasWord() {
        return word;
    }

    /** Its stream has ended behind a packet. */
    final void peerEnded() throws Exception {
        inputOver = true;
        handler.onEnd(client);
    }

    /** On the thread that sends. */
    final void outputEnds() {
        outputOver = true;
    }

    final boolean isOutputOver() {
        return outputOver;
    }

    /** It ends behind what was accepted. */
    final boolean isClosing() {
        return closing;
    }

    final boolean isAborted() {
        return aborted;
    }

    /** Waits, on the client's thread, until everything that was accepted has been sent; false when it has ended instead. */
    final boolean awaitSent() {
        while (!queue.isIdle() && end == null) {
            LockSupport.park(this);
            Thread.interrupted();
        }
        return end == null;
    }

    /** A handshake begins, or has ended; false when it is not to begin any more. */
    final boolean secures(boolean begins) {
        securing = begins;
        return end == null;
    }

    final void requireHandler(String what) {
        if (Thread.currentThread() != thread || hasEnded()) {
            throw new IllegalStateException(what + " is for the handler to call, while it is told something");
        }
    }

    /** On the thread that notices. */
    final void readable() {
        silence.broken();
        LockSupport.unpark(thread);
    }

    /** Accepts sends again. */
    final void reopen() {
        queue.open();
        if (!isOpen()) queue.refuse("it is being closed");
    }

    final void heard() {
        silence.broken();
    }

    final boolean wasSilent() {
        return silence.wasDue();
    }

    // ---- word for it; any thread

    final void tell() {
        word = true;
        LockSupport.unpark(thread);
    }

    @Override
    public final void changed() {
        tell();
    }

    @Override
    public final void failed(ConnectionException failure) {
        end(ClientEnd.of(failure));
    }

    /** False when it has ended before. */
    final boolean end(ClientEnd how) {
        lock.lock();
        try {
            if (state != State.OPEN || end != null) return false;
            end = inputOver ? how.behindPeersEnd() : how;
        } finally {
            lock.unlock();
        }
        queue.refuse("it is closed");
        tell();
        return true;
    }

    /** False when it has ended before. */
    final boolean close() {
        boolean opening;
        lock.lock();
        try {
            if (state == State.ENDED || end != null) return false;
            opening = state == State.OPENING;
            if (opening) {
                end = ClientEnd.of(Cause.CLOSED);
                interrupting = true;
            }
        } finally {
            lock.unlock();
        }
        if (opening) return giveUpDialling();
        boolean first = end(ClientEnd.of(Cause.CLOSED));
        if (first && securing) breakOff();
        return first;
    }

    private boolean giveUpDialling() {
        Thread dialling = thread;
        if (dialling != null) dialling.interrupt();
        interrupting = false;
        return true;
    }

    final boolean abort() {
        aborted = true; // before the client's thread ends it in order
        boolean first = close();
        ClientEnd how = end;
        if (how == null || how.cause() != Cause.TAKEN_OVER) breakOff();
        return first;
    }

    final boolean closeAfterFlush() {
        lock.lock();
        try {
            if (state == State.OPEN) {
                if (end != null || closing) return false;
                closing = true;
            }
        } finally {
            lock.unlock();
        }
        if (!closing) return close();
        queue.refuse("it is being closed");
        tell();
        return true;
    }

    final void pause() {
        paused = true;
        tell();
    }

    final void resume() {
        paused = false;
        silence.broken();
        tell();
    }

    // ---- where it is

    private boolean begin() {
        lock.lock();
        try {
            thread = Thread.currentThread();
            return end == null;
        } finally {
            lock.unlock();
        }
    }

    private boolean opened() {
        lock.lock();
        try {
            if (end != null) return false;
            state = State.OPEN;
        } finally {
            lock.unlock();
        }
        Thread.interrupted();
        return true;
    }

    private void ended() {
        lock.lock();
        state = State.ENDED;
        lock.unlock();
        while (interrupting) Thread.yield(); // for moments: it must not hit what comes behind the dialling
        Thread.interrupted();
    }

    @Override
    public final String toString() {
        SocketAddress to = target();
        return to == null ? "client" : "client of " + to;
    }

    final boolean hasEnded() {
        return state == State.ENDED;
    }

    /** Whether packets are told, and sends accepted, or would be but for a pause. */
    final boolean isOpen() {
        lock.lock();
        try {
            return state == State.OPEN && end == null && !closing;
        } finally {
            lock.unlock();
        }
    }
}

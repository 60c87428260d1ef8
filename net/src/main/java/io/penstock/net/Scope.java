package io.penstock.net;

import io.penstock.net.internal.ConnectionScope;

/**
 * Who answers for connections: what is opened inside a scope and still open at its end is closed with it.
 *
 * <p>There is one for each connection that a {@link Listener} accepts, one for each HTTP exchange, one for each task of {@link Tasks},
 * and {@link #PROCESS}, which never ends, for everything else. Dialling, borrowing from a {@link Pool} and pairing put a connection
 * into the scope of the calling thread; {@link Connection#close()}, {@link Connection#abort()} and {@link Connection#release} take it out;
 * {@link Connection#transfer} moves it, which is how a connection outlives the handler that opened it.
 *
 * <p>{@snippet :
 * try (var job = Scope.open("nightly import")) {
 *     Connection source = connector.connect("source.example", 7000);
 *     // whatever happens in here, no connection is left behind
 * }
 * }
 *
 * <p>What a scope has to close is closed in order, without waiting for it; but aborted while another thread uses it. It is logged at
 * debug level and counted in {@link Loops#abandoned()}: good code leaves nothing to its scope.
 *
 * <p>Answers to the rule of OpenResty that a cosocket dies with the handler that made it, and to its lack of exceptions.
 */
public interface Scope extends AutoCloseable {
    /** The scope that never ends, in which nothing is closed by itself. */
    Scope PROCESS = ConnectionScope.PROCESS;

    /** The innermost scope that the calling thread is in. A thread that was {@linkplain Loop#spawn spawned} begins in {@link #PROCESS}. */
    static Scope current() {
        return ConnectionScope.ofCurrentThread();
    }

    /**
     * Opens a scope inside the current one and makes it the current one of the calling thread, until it is closed.
     *
     * @param name for the log
     */
    static Scope open(String name) {
        return ConnectionScope.enter(name);
    }

    String name();

    /** False as soon as the scope has ended, or has begun to. */
    boolean isOpen();

    /**
     * Ends the scope, those opened inside it that are still open, and all their connections. Does not wait. Idempotent.
     *
     * @throws IllegalStateException on another thread than the one that opened it, and for {@link #PROCESS}
     */
    @Override
    void close();
}

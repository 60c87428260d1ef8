package io.penstock.net.internal;

import io.penstock.net.Scope;
import org.jspecify.annotations.Nullable;

/**
 * A scope, with the list of the connections it answers for: linked through the connections themselves, because borrowing one from a
 * pool and giving it back must cost next to nothing.
 *
 * <p>The scopes of a thread are a chain that only this thread changes, in a thread-local rather than a {@link ScopedValue}: a scope that
 * is closed by {@code try} has no body to be bound to. The list is anybody's, as connections are closed by whoever likes to.
 */
public final class ConnectionScope implements Scope {
    public static final ConnectionScope PROCESS = new ConnectionScope("process");

    private static final ThreadLocal<@Nullable ConnectionScope> CURRENT = new ThreadLocal<>();

    private final String name;
    private @Nullable ConnectionScope outer;
    private final SpinLock lock = new SpinLock();
    private @Nullable Owned first;
    private volatile boolean ended;

    private ConnectionScope(String name) {
        this.name = name;
    }

    public static ConnectionScope ofCurrentThread() {
        ConnectionScope current = CURRENT.get();
        return current == null ? PROCESS : current;
    }

    public static ConnectionScope enter(String name) {
        ConnectionScope entered = unentered(name);
        entered.enter();
        return entered;
    }

    /** One for a task that is done by one thread after the other: each {@linkplain #enter() enters} it and leaves it, and the last closes it. */
    public static ConnectionScope unentered(String name) {
        return new ConnectionScope(name);
    }

    /** The calling thread is in it from now on. */
    public void enter() {
        outer = CURRENT.get();
        CURRENT.set(this);
    }

    /** The calling thread is where it was before; whatever the scope answers for is its still. */
    public void leave() {
        CURRENT.set(outer);
        outer = null;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public boolean isOpen() {
        return !ended;
    }

    @Override
    public void close() {
        if (ended) return;
        ConnectionScope innermost = CURRENT.get();
        if (innermost != this) endInside(innermost);
        CURRENT.set(outer);
        end();
    }

    /** Ends those of the calling thread that were opened inside this one, from the innermost on. */
    private void endInside(@Nullable ConnectionScope innermost) {
        requireOneOf(innermost);
        for (ConnectionScope each = innermost; each != null && each != this; each = each.outer) each.end();
    }

    private void requireOneOf(@Nullable ConnectionScope innermost) {
        for (ConnectionScope each = innermost; each != null; each = each.outer) {
            if (each == this) return;
        }
        throw new IllegalStateException(
                this == PROCESS
                        ? "the scope of the process never ends"
                        : this + " can be closed only by the thread that opened it");
    }

    private void end() {
        ended = true;
        for (Owned left = takeFirst(); left != null; left = takeFirst()) left.abandonedBy(this);
    }

    private @Nullable Owned takeFirst() {
        lock.lock();
        try {
            Owned taken = first;
            if (taken != null) unlink(taken);
            return taken;
        } finally {
            lock.unlock();
        }
    }

    /** False when it has ended. Of threads that transfer the same connection at the same time one wins, as if it were the last. */
    boolean add(Owned connection) {
        if (this == PROCESS) return true;
        lock.lock();
        try {
            if (ended) return false;
            if (!connection.claimFor(this)) return true;
            Owned before = first;
            connection.next = before;
            if (before != null) before.previous = connection;
            first = connection;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether it was this scope's. */
    boolean remove(Owned connection) {
        lock.lock();
        try {
            if (connection.owner() != this) return false;
            unlink(connection);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void unlink(Owned connection) {
        Owned before = connection.previous;
        Owned behind = connection.next;
        if (before == null) {
            first = behind;
        } else {
            before.next = behind;
        }
        if (behind != null) behind.previous = before;
        connection.previous = null;
        connection.next = null;
        connection.disclaim();
    }

    @Override
    public String toString() {
        return "scope " + name;
    }
}

package io.penstock.net.internal;

import io.penstock.net.Scope;
import org.jspecify.annotations.Nullable;

/** What a scope can answer for: an element of its list. */
abstract class Owned {
    /** Who answers for it; null for the process. Changed under the lock of that scope. */
    volatile @Nullable ConnectionScope owner;

    // the owner's, under its lock
    @Nullable
    Owned previous;

    @Nullable
    Owned next;

    /** The scope has ended and nobody has closed this, released it or transferred it. */
    abstract void abandonedBy(ConnectionScope scope);

    public final Scope scope() {
        ConnectionScope mine = owner;
        return mine == null ? ConnectionScope.PROCESS : mine;
    }

    /** Makes it a matter of the scope that the calling thread is in, if it is nobody's so far. */
    final void joinScope() {
        if (owner == null) ConnectionScope.ofCurrentThread().add(this);
    }

    /** Makes it nobody's: it is ended, or goes elsewhere. */
    final void leaveScope() {
        for (ConnectionScope mine = owner; mine != null; mine = owner) {
            if (mine.remove(this)) return;
        }
    }

    final void moveTo(ConnectionScope to) {
        if (!to.isOpen()) throw new IllegalStateException(to + " has ended: it cannot answer for " + this);
        leaveScope();
        if (!to.add(this)) abandonedBy(to); // it has ended at this moment, and this with it
    }
}

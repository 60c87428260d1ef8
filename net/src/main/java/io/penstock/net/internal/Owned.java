package io.penstock.net.internal;

import io.penstock.net.Scope;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/** What a scope can answer for: an element of its list. */
abstract class Owned {
    private static final AtomicReferenceFieldUpdater<Owned, @Nullable ConnectionScope> OWNER =
            AtomicReferenceFieldUpdater.newUpdater(Owned.class, ConnectionScope.class, "owner");

    /** Who answers for it; null for the process. */
    private volatile @Nullable ConnectionScope owner;

    // the owner's, under its lock
    @Nullable
    Owned previous;

    @Nullable
    Owned next;

    /** The scope has ended and nobody has closed this, released it or transferred it. */
    abstract void abandonedBy(ConnectionScope scope);

    /** Whether it has been closed and holds nothing any more, so that there is nothing to answer for. */
    abstract boolean isGone();

    @Nullable
    ConnectionScope owner() {
        return owner;
    }

    /** Makes it a scope's, under the lock of that scope; false when it is another's. */
    final boolean claimFor(ConnectionScope scope) {
        return OWNER.compareAndSet(this, null, scope);
    }

    /** Makes it nobody's, under the lock of the scope whose it is. */
    final void disclaim() {
        owner = null;
    }

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

    /** Takes the place of another in its scope. */
    final void succeed(Owned other) {
        ConnectionScope theirs = other.owner;
        other.leaveScope();
        if (theirs != null && !theirs.add(this)) abandonedBy(theirs);
        if (isGone()) leaveScope();
    }

    final void moveTo(ConnectionScope to) {
        if (!to.isOpen()) throw new IllegalStateException(to + " has ended: it cannot answer for " + this);
        leaveScope();
        if (!to.add(this)) abandonedBy(to); // it has ended at this moment, and this with it
        if (isGone()) leaveScope(); // closed meanwhile by somebody who did not see it here
    }
}

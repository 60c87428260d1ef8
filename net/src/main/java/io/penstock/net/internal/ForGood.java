package io.penstock.net.internal;

import io.penstock.net.Connection;
import io.penstock.net.internal.StreamConnection.Lender;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The lender of what nobody wants back. */
final class ForGood implements Lender {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    private volatile @Nullable Throwable place;

    /** @param place whose stack is told when it is forgotten */
    ForGood(Throwable place) {
        this.place = place;
    }

    @Override
    public void requireResumable() {
        throw new IllegalStateException(
                "the connection was taken over as a client, or given to a server: there is none to give it back to");
    }

    @Override
    public void claim() {
        requireResumable();
    }

    @Override
    public void resumed() {
        requireResumable();
    }

    @Override
    public void kept() {
        place = null;
    }

    @Override
    public void forgotten(StreamConnection home) {
        LOG.warn("Nobody has {} any more, which was taken over and not ended: it is closed", home, place);
    }
}

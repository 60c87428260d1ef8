package io.penstock.http.websocket.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;

/** Asks a peer that says nothing whether it is there, once; anything it says is an answer. The reader's. */
final class KeepAlive {
    private static final byte[] NOTHING = {};

    private final Sending sending;
    private boolean asked;

    KeepAlive(Sending sending) {
        this.sending = sending;
    }

    void heard() {
        asked = false;
    }

    /** Waiting for the peer has failed; returns when it is to be gone on with. */
    void silent(ConnectionException failure) throws ConnectionException {
        if (failure.reason() != Reason.TIMEOUT || asked) {
            asked = false; // whoever wants to go on may have it asked again
            throw failure;
        }
        asked = true;
        sending.ping(NOTHING);
    }
}

package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.net.internal.ChunkOutput;

/** A body without framing: it ends with the connection, or, where the message has none, is dropped. */
final class PlainOutput extends MessageOutput {
    private final boolean passes;

    private PlainOutput(ChunkOutput wire, boolean passes) {
        super(wire);
        this.passes = passes;
    }

    static PlainOutput untilClose(ChunkOutput wire) {
        return new PlainOutput(wire, true);
    }

    static PlainOutput dropping(ChunkOutput wire) {
        return new PlainOutput(wire, false);
    }

    @Override
    protected void admit(long size) {
        // as many as there are
    }

    @Override
    protected boolean passes() {
        return passes;
    }

    @Override
    protected void end(Headers trailers) {
        // there is no place for trailers
    }
}

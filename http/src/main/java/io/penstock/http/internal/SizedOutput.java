package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.net.internal.ChunkOutput;

/** A body of the length that its head has told. */
final class SizedOutput extends MessageOutput {
    private final long length;
    private long left;

    SizedOutput(long length, ChunkOutput wire) {
        super(wire);
        this.length = length;
        this.left = length;
    }

    @Override
    protected void admit(long size) {
        if (size > left) {
            throw new IllegalStateException("the body has " + length + " bytes by its Content-Length: of " + size
                    + " more, only " + left + " have room");
        }
        left -= size;
    }

    @Override
    protected void end(Headers trailers) {
        if (left > 0) {
            throw new IllegalStateException(
                    "the body has " + length + " bytes by its Content-Length: " + left + " of them were not sent");
        }
    }
}

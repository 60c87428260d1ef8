package io.penstock.http.internal;

import io.penstock.http.Headers;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.ChunkOutput;

/** A body in chunks: each piece that is sent is one. Source: RFC 9112 §7.1. */
final class ChunkedOutput extends MessageOutput {
    private static final byte[] CRLF = {'\r', '\n'};

    private final byte[] line = new byte[18];

    ChunkedOutput(ChunkOutput wire) {
        super(wire);
    }

    @Override
    protected void admit(long size) {
        // as many as there are
    }

    @Override
    protected void before(long size) throws ConnectionException {
        int at = line.length;
        line[--at] = '\n';
        line[--at] = '\r';
        for (long rest = size; rest != 0; rest >>>= 4) line[--at] = (byte) Character.forDigit((int) rest & 15, 16);
        wire.send(line, at, line.length - at);
    }

    @Override
    protected void behind() throws ConnectionException {
        wire.send(CRLF, 0, CRLF.length);
    }

    @Override
    protected void end(Headers trailers) throws ConnectionException {
        var last = new HeadEncoder();
        last.lastChunk(trailers);
        last.sendTo(wire);
    }
}

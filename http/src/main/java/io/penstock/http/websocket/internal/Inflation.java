package io.penstock.http.websocket.internal;

import io.penstock.http.websocket.CloseCode;
import io.penstock.net.ConnectionException;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** Makes compressed messages whole again, as much of them at once as is asked for. The reader's. Source: RFC 7692 §7.2.2. */
final class Inflation {
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};

    /** Where the compressed bytes come from. */
    interface Source {
        /** At least one and at most {@code max} bytes; -1 at the end of the message. */
        int read(byte[] into, int at, int max) throws ConnectionException, Violation;
    }

    private final boolean keeps;
    private final Source source;
    private @Nullable Inflater inflater;
    private byte[] compressed = {};
    private int fed;
    private boolean ending;

    /** @param keeps whether a message may look back into those before */
    Inflation(boolean keeps, Source source) {
        this.keeps = keeps;
        this.source = source;
    }

    /** Reads at least one and at most {@code max} bytes of the message; -1 at its end. */
    int read(byte[] into, int at, int max) throws ConnectionException, Violation {
        Inflater zlib = inflater;
        if (zlib == null) {
            inflater = zlib = new Inflater(true);
            compressed = new byte[4096];
        }
        while (true) {
            int count = inflate(zlib, into, at, max);
            if (count > 0) return count;
            if (zlib.finished()) {
                restart(zlib);
            } else if (zlib.needsDictionary()) {
                throw Violation.ofProtocol("a compressed message needs a dictionary");
            } else if (ending) {
                ended();
                return -1;
            } else {
                feed(zlib);
            }
        }
    }

    private static int inflate(Inflater zlib, byte[] into, int at, int max) throws Violation {
        try {
            return zlib.inflate(into, at, max);
        } catch (DataFormatException e) {
            throw new Violation(CloseCode.INVALID_DATA, "a compressed message is malformed: " + e.getMessage());
        }
    }

    private void feed(Inflater zlib) throws ConnectionException, Violation {
        int size = source.read(compressed, 0, compressed.length);
        if (size < 0) {
            ending = true;
            zlib.setInput(TAIL);
        } else {
            fed = size;
            zlib.setInput(compressed, 0, size);
        }
    }

    /** The peer has ended the stream within the message, as it may, and begins another one. */
    private void restart(Inflater zlib) {
        int rest = zlib.getRemaining();
        byte[] held = ending ? TAIL : compressed;
        int end = ending ? TAIL.length : fed;
        zlib.reset();
        zlib.setInput(held, end - rest, rest);
    }

    private void ended() {
        ending = false;
        if (!keeps) close();
    }

    /** Gives the memory back, which is not on the heap. */
    void close() {
        Inflater zlib = inflater;
        inflater = null;
        compressed = new byte[0];
        if (zlib != null) zlib.end();
    }
}

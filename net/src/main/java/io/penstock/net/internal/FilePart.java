package io.penstock.net.internal;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Loop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/** A region of a file to send. */
record FilePart(FileChannel file, long position, long count) {
    FilePart {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException(
                    "a file region starts at 0 or later and has 0 bytes or more: " + position + ", " + count);
        }
    }

    /** Fails when the file is shorter. */
    void requireThere() throws ConnectionException {
        long size;
        try {
            size = file.size();
        } catch (IOException e) {
            throw failure("the file could not be read", e);
        }
        if (size - position < count) {
            throw failure("the file has " + size + " bytes, " + count + " were to be sent from " + position, null);
        }
    }

    /** Reads the piece behind the first {@code done} bytes, not on the loop: a disk may be slow, and nobody else of the loop shall wait. */
    void read(long done, ByteBuffer piece, Loop loop) throws IOException {
        piece.clear().limit((int) Math.min(piece.capacity(), count - done));
        int got;
        try {
            got = loop.offload(() -> file.read(piece, position + done));
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("reading the file was given up", e);
        }
        if (got < 0) throw new IOException("the file was cut short");
        piece.flip();
    }

    private static ConnectionException failure(String text, @Nullable IOException cause) {
        return ConnectionException.of(Reason.FILE, Phase.WRITE, null, text, cause);
    }
}

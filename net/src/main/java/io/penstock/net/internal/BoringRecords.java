package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.Buffer;
import io.netty.internal.tcnative.SSL;
import javax.net.ssl.SSLException;

/**
 * The records of a BoringSSL engine whose handshake is done, past the engine: Netty's ends both directions at the peer's
 * {@code close_notify}, which BoringSSL itself does not.
 *
 * <p>It is given memory to read records from or to write them to, one call at a time. What it has to say while it reads goes into a small
 * buffer of its own, until there is memory to write to. It belongs to the engine, and ends with it.
 */
final class BoringRecords {
    /** For an alert, or the answer to a key update. */
    private static final int OWN_WORDS = 512;

    /** What a record, and its own words before it, may be longer than what is plain. */
    static final int OVERHEAD = OWN_WORDS + 256;

    private static final int MOST_PLAIN = 16 * 1024;

    private static final int FLIGHT = 4 * 1024;

    private final long ssl;
    private final long bio;
    private boolean inboundDone;
    private boolean closed;

    /** The engine must have nothing more to say of its handshake. */
    BoringRecords(ReferenceCountedOpenSslEngine engine) {
        ssl = engine.sslPointer();
        bio = SSL.bioNewByteBuffer(ssl, OWN_WORDS); // and frees the one that the engine had
    }

    /** Decrypts one record, consumes it, and adds to what is plain. */
    void unwrap(ByteBuf from, int length, ByteBuf plain) throws SSLException {
        if (!isAddressable(from)) {
            ByteBuf copy = direct(from, length);
            try {
                unwrap(copy, length, plain);
            } finally {
                copy.release();
            }
            return;
        }
        SSL.bioSetByteBuffer(bio, address(from, from.readerIndex(), length), length, false);
        try {
            do {
                plain.ensureWritable(Math.min(length, MOST_PLAIN));
                int room = plain.writableBytes();
                int count = SSL.readFromSSL(ssl, address(plain, plain.writerIndex(), room), room);
                if (count <= 0) {
                    nothingRead(SSL.getError(ssl, count));
                    break;
                }
                plain.writerIndex(plain.writerIndex() + count);
            } while (SSL.sslPending(ssl) > 0);
            int left = SSL.bioLengthByteBuffer(bio);
            if (left == length) throw new SSLException("the TLS engine takes nothing"); // nor would it the next time
            from.skipBytes(length - left);
        } finally {
            SSL.bioClearByteBuffer(bio);
        }
    }

    private void nothingRead(int error) throws SSLException {
        if (error == SSL.SSL_ERROR_ZERO_RETURN) {
            inboundDone = true;
        } else if (error != SSL.SSL_ERROR_WANT_READ && error != SSL.SSL_ERROR_WANT_WRITE) {
            throw failure();
        }
    }

    private static SSLException failure() {
        String text = SSL.getErrorString(SSL.getLastErrorNumber());
        SSL.clearError();
        return new SSLException(text);
    }

    /**
     * Adds what BoringSSL holds back until something is written: its session tickets. They are as large as the chain of the client's
     * certificate, and so would not fit before a record.
     */
    void flush(ByteBuf into) throws SSLException {
        int count;
        do {
            into.ensureWritable(FLIGHT);
            int start = into.writerIndex();
            SSL.bioSetByteBuffer(bio, address(into, start, FLIGHT), FLIGHT, true);
            try {
                SSL.bioFlushByteBuffer(bio);
                count = SSL.writeToSSL(ssl, address(into, start, FLIGHT), 0);
                into.writerIndex(start + FLIGHT - SSL.bioLengthByteBuffer(bio));
            } finally {
                SSL.bioClearByteBuffer(bio);
            }
        } while (count < 0 && SSL.getError(ssl, count) == SSL.SSL_ERROR_WANT_WRITE);
        if (count < 0) throw failure();
    }

    /** Writes a record of what is plain, or of as much as fits into one, behind its own words; returns how many bytes that makes. */
    int wrap(ByteBuf plain, ByteBuf record) throws SSLException {
        int room = record.capacity(); // as much as was asked for, at least
        SSL.bioSetByteBuffer(bio, address(record, 0, room), room, true);
        try {
            SSL.bioFlushByteBuffer(bio);
            int count = Math.min(plain.readableBytes(), MOST_PLAIN);
            if (count > 0) write(plain, count);
            return room - SSL.bioLengthByteBuffer(bio);
        } finally {
            SSL.bioClearByteBuffer(bio);
        }
    }

    private void write(ByteBuf plain, int count) throws SSLException {
        ByteBuf bytes = isAddressable(plain) ? plain.readRetainedSlice(count) : direct(plain, count);
        try {
            if (SSL.writeToSSL(ssl, address(bytes, bytes.readerIndex(), count), count) != count) throw failure();
        } finally {
            bytes.release();
        }
    }

    private static boolean isAddressable(ByteBuf bytes) {
        return bytes.isDirect() && bytes.nioBufferCount() == 1;
    }

    private static ByteBuf direct(ByteBuf bytes, int count) {
        return ByteBufAllocator.DEFAULT.directBuffer(count).writeBytes(bytes, count);
    }

    /** Whether it has words of its own. */
    boolean needsWrap() {
        return SSL.bioLengthNonApplication(bio) > 0;
    }

    void closeOutbound() {
        if (closed) return;
        closed = true;
        SSL.shutdownSSL(ssl);
    }

    boolean isOutboundDone() {
        return closed && !needsWrap();
    }

    boolean isInboundDone() {
        return inboundDone;
    }

    private static long address(ByteBuf direct, int index, int length) {
        if (direct.hasMemoryAddress()) return direct.memoryAddress() + index;
        var bytes = direct.internalNioBuffer(index, length);
        return Buffer.address(bytes) + bytes.position();
    }
}

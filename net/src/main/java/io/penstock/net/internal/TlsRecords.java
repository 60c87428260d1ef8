package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * An engine, and the part of a record that it waits for the rest of: bytes of the application on one side, records of TLS on the other.
 *
 * <p>One thread at a time: whoever shakes hands, or the worker that computes for it, then the connection's loop.
 */
final class TlsRecords {
    private static final int HEADER = 5;
    private static final int MOST = HEADER + 16 * 1024 + 2048; // RFC 5246 §6.2.3; RFC 8446 has 256 instead of 2048
    private static final int HANDSHAKE = 22;
    private static final ByteBuffer NOTHING = ByteBuffer.allocateDirect(0);

    private final SSLEngine engine;
    private final boolean openSsl;
    private final ByteBufAllocator buffers = ByteBufAllocator.DEFAULT;

    /** What has come, and is not unwrapped: in the data phase the beginning of a record. Empty or owned. */
    private ByteBuf rest = Unpooled.EMPTY_BUFFER;

    /** Behind the handshake, where it is BoringSSL. */
    private @Nullable BoringRecords boring;

    private boolean begun;
    private boolean halfCloses;
    private boolean released;

    TlsRecords(SSLEngine engine) {
        this.engine = engine;
        this.openSsl = engine instanceof ReferenceCountedOpenSslEngine;
    }

    SSLEngine engine() {
        return engine;
    }

    // ---- the handshake

    /**
     * What a step of the handshake has come to.
     *
     * @param reply to be sent to the peer; also when it failed: an alert
     * @param done whether this was the last step
     */
    record Step(byte[] reply, boolean done, @Nullable SSLException failure) {}

    /** Begins, or goes on as far as possible with what has come from the peer. Computes for long. */
    Step shake() {
        ByteBuf reply = Unpooled.buffer();
        try {
            if (!begun) {
                begun = true;
                engine.beginHandshake();
            }
            while (true) {
                switch (engine.getHandshakeStatus()) {
                    case NEED_TASK -> runTasks();
                    case NEED_WRAP -> wrap(Unpooled.EMPTY_BUFFER, to(reply));
                    case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                        if (openSsl && notices()) continue;
                        if (!isRecord(rest)) return new Step(ByteBufUtil.getBytes(reply), false, null);
                        receiveOne();
                    }
                    case NOT_HANDSHAKING, FINISHED -> {
                        if (engine.isInboundDone()) throw new SSLException("close_notify within the handshake");
                        halfCloses =
                                openSsl || engine.getSession().getProtocol().equals("TLSv1.3");
                        if (openSsl) goOnWith((ReferenceCountedOpenSslEngine) engine, to(reply));
                        return new Step(ByteBufUtil.getBytes(reply), true, null);
                    }
                }
            }
        } catch (SSLException e) {
            wrapAlert(to(reply));
            return new Step(ByteBufUtil.getBytes(reply), false, e);
        }
    }

    /** BoringSSL has its session tickets ready by now, and does not say so. */
    private void goOnWith(ReferenceCountedOpenSslEngine done, Consumer<ByteBuf> out) throws SSLException {
        wrap(Unpooled.EMPTY_BUFFER, out);
        boring = new BoringRecords(done);
        ByteBuf tickets = buffers.directBuffer();
        try {
            boring.flush(tickets);
            out.accept(tickets.retain());
        } finally {
            tickets.release();
        }
    }

    private static Consumer<ByteBuf> to(ByteBuf reply) {
        return record -> {
            reply.writeBytes(record);
            record.release();
        };
    }

    /** BoringSSL notices only when it is asked again that this was the last record, or that its verification has failed. */
    private boolean notices() throws SSLException {
        engine.unwrap(NOTHING.duplicate(), NOTHING.duplicate());
        return engine.getHandshakeStatus() != HandshakeStatus.NEED_UNWRAP;
    }

    private void receiveOne() throws SSLException {
        ByteBuf none = plainBuffer(MOST);
        try {
            unwrap(rest, none);
            if (none.isReadable()) throw new SSLException("application data within the handshake");
        } finally {
            none.release();
        }
    }

    private void runTasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) task.run();
    }

    /** After a failure: what the engine has to say to the peer, if it does. */
    void wrapAlert(Consumer<ByteBuf> out) {
        try {
            for (int i = 0; i < 4 && wrap(Unpooled.EMPTY_BUFFER, out) > 0; i++) {
                // until nothing is left
            }
        } catch (SSLException e) {
            // that was the failure again
        }
    }

    /** What has come and is not taken for anything yet; still owned here. */
    ByteBuf rest() {
        return rest;
    }

    /** What came behind the handshake; the caller owns it. */
    ByteBuf takeRest() {
        ByteBuf taken = rest;
        rest = Unpooled.EMPTY_BUFFER;
        return taken;
    }

    // ---- from the peer

    /** A buffer for as much as can come out of that many bytes of records. */
    ByteBuf plainBuffer(int size) {
        int room = size + rest.readableBytes();
        return openSsl ? buffers.directBuffer(room) : buffers.heapBuffer(room);
    }

    /** Decrypts what has come, which it takes over, and keeps the beginning of a record for later. Stops behind close_notify. */
    void open(ByteBuf chunk, ByteBuf plain) throws SSLException {
        try {
            if (rest.isReadable()) {
                fill(chunk);
                if (!isRecord(rest)) return;
                unwrapChecked(rest, plain);
                takeRest().release();
            }
            while (!isInboundDone() && isRecord(chunk)) unwrapChecked(chunk, plain);
            if (!isInboundDone() && chunk.isReadable()) {
                rest = buffers.buffer(missing(chunk) + chunk.readableBytes()).writeBytes(chunk);
            }
        } finally {
            chunk.release();
        }
    }

    /** Moves what belongs to the record that has begun. */
    private void fill(ByteBuf chunk) throws SSLException {
        for (int more = missing(rest); more > 0 && chunk.isReadable(); more = missing(rest)) {
            rest.writeBytes(chunk, Math.min(more, chunk.readableBytes()));
        }
    }

    /** Takes over what has come from the peer. */
    void keep(ByteBuf chunk) {
        if (!rest.isReadable()) {
            takeRest().release();
            rest = chunk;
            return;
        }
        ByteBuf joined = buffers.buffer(rest.readableBytes() + chunk.readableBytes())
                .writeBytes(rest)
                .writeBytes(chunk);
        takeRest().release();
        chunk.release();
        rest = joined;
    }

    private void unwrapChecked(ByteBuf from, ByteBuf plain) throws SSLException {
        if (from.getByte(from.readerIndex()) == HANDSHAKE) { // TLS 1.3 has no more of them in clear by now
            throw new SSLException("the peer wants to renegotiate, which is refused");
        }
        if (boring != null) {
            boring.unwrap(from, HEADER + from.getUnsignedShort(from.readerIndex() + 3), plain);
            return;
        }
        unwrap(from, plain);
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
            throw new SSLException("the peer wants another handshake, which is refused");
        }
    }

    /** One record and no more: BoringSSL would take what is behind the handshake for a part of it. */
    private void unwrap(ByteBuf from, ByteBuf plain) throws SSLException {
        int start = from.readerIndex();
        var record = from.nioBuffer(start, HEADER + from.getUnsignedShort(start + 3));
        while (true) {
            SSLEngineResult result =
                    engine.unwrap(record, plain.internalNioBuffer(plain.writerIndex(), plain.writableBytes()));
            from.skipBytes(result.bytesConsumed());
            plain.writerIndex(plain.writerIndex() + result.bytesProduced());
            if (result.getStatus() != Status.BUFFER_OVERFLOW) {
                if (result.bytesConsumed() == 0) throw new SSLException("the TLS engine takes nothing: " + result);
                return;
            }
            plain.ensureWritable(MOST);
        }
    }

    private static boolean isRecord(ByteBuf bytes) throws SSLException {
        return missing(bytes) == 0;
    }

    /** How many bytes are missing until there is a record, or until its length is known. */
    private static int missing(ByteBuf bytes) throws SSLException {
        int size = bytes.readableBytes();
        int start = bytes.readerIndex();
        if (size > 0 && (bytes.getByte(start) < 20 || bytes.getByte(start) > 24)) throw noTls(bytes);
        if (size < HEADER) return HEADER - size;
        int length = HEADER + bytes.getUnsignedShort(start + 3);
        if (bytes.getByte(start + 1) != 3 || length > MOST) throw noTls(bytes);
        return Math.max(0, length - size);
    }

    private static SSLException noTls(ByteBuf bytes) {
        return new SSLException("the peer does not speak TLS here: "
                + ByteBufUtil.hexDump(bytes, bytes.readerIndex(), Math.min(HEADER, bytes.readableBytes())));
    }

    // ---- to the peer

    /** Encrypts all of it into records, which the consumer then owns; returns their bytes. */
    long seal(ByteBuf plain, Consumer<ByteBuf> out) throws SSLException {
        long size = 0;
        while (plain.isReadable()) {
            int before = plain.readableBytes();
            int count = wrap(plain, out);
            if (isOutboundDone()) throw new SSLException("the engine sends no more");
            if (count == 0 && plain.readableBytes() == before) {
                throw new SSLException("the TLS engine takes nothing to send");
            }
            size += count;
        }
        return size;
    }

    /** What the engine itself has to say, such as the answer to a key update. */
    long sealPending(Consumer<ByteBuf> out) throws SSLException {
        long size = 0;
        while (needsWrap()) {
            int count = wrap(Unpooled.EMPTY_BUFFER, out);
            if (count == 0) break;
            size += count;
        }
        return size;
    }

    boolean needsWrap() {
        return boring == null ? engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP : boring.needsWrap();
    }

    /** Ends the stream to the peer: there is close_notify to be sent then. */
    void closeOutbound() {
        if (boring == null) {
            engine.closeOutbound();
        } else {
            boring.closeOutbound();
        }
    }

    boolean isOutboundDone() {
        return boring == null ? engine.isOutboundDone() : boring.isOutboundDone();
    }

    boolean isInboundDone() {
        return boring == null ? engine.isInboundDone() : boring.isInboundDone();
    }

    /** Whether the engine can go on sending after the peer has ended its stream. */
    boolean halfCloses() {
        return halfCloses;
    }

    private int wrap(ByteBuf plain, Consumer<ByteBuf> out) throws SSLException {
        return boring == null ? wrapByEngine(plain, out) : wrap(boring, plain, out);
    }

    private int wrap(BoringRecords by, ByteBuf plain, Consumer<ByteBuf> out) throws SSLException {
        ByteBuf record = buffers.directBuffer(Math.min(MOST, plain.readableBytes() + BoringRecords.OVERHEAD));
        try {
            int count = by.wrap(plain, record);
            if (count > 0) out.accept(record.retain().writerIndex(count));
            return count;
        } finally {
            record.release();
        }
    }

    /** The JDK's engine wants room for the largest record, however little there is to send. */
    private int wrapByEngine(ByteBuf plain, Consumer<ByteBuf> out) throws SSLException {
        int most = engine.getSession().getPacketBufferSize();
        int room = most;
        while (true) {
            ByteBuf record = openSsl ? buffers.directBuffer(room) : buffers.heapBuffer(room);
            try {
                SSLEngineResult result = engine.wrap(plain.nioBuffer(), record.internalNioBuffer(0, record.capacity()));
                plain.skipBytes(result.bytesConsumed());
                if (result.getStatus() == Status.BUFFER_OVERFLOW) {
                    room = Math.max(2 * room, most);
                    continue;
                }
                int count = result.bytesProduced();
                if (count > 0) {
                    out.accept(record.retain().writerIndex(count));
                }
                return count;
            } finally {
                record.release();
            }
        }
    }

    /** Idempotent; nothing else may be called afterwards. */
    void release() {
        if (released) return;
        released = true;
        takeRest().release();
        boring = null; // what it points to is the engine's
        ReferenceCountUtil.release(engine);
    }
}

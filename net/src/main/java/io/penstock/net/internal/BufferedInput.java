package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Delimited;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.Input;
import io.penstock.net.Output;
import io.penstock.net.Until;
import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Every receiving method, once, on top of one question: {@link #next() what comes next?}
 *
 * <p>A connection answers it from its socket, the body of an HTTP message from its connection. The reader owns everything in
 * here but the busy mark; chunks change hands by being taken, never by being shared.
 */
public abstract class BufferedInput implements Input {
    private static final byte[] NOTHING = {};
    private static final VarHandle READER;

    static {
        try {
            READER = MethodHandles.lookup().findVarHandle(BufferedInput.class, "reader", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through READER
    private volatile @Nullable Thread reader;

    /** A reader that is about to give the input free, and is waited for. */
    private volatile @Nullable Thread leaver;

    /** The operation that has the input, if it is one of the event face. */
    private volatile @Nullable InputVio holder;

    /** The chunk being consumed: received already, or put back. Null or readable. */
    private @Nullable ByteBuf current;

    /** How often somebody has begun to read. The reader's. */
    private int turns;

    /** Why nothing can be made of what comes, and nobody is to try. The reader's. */
    private @Nullable ConnectionException broken;

    /**
     * The next chunk, which the caller owns and which has at least one byte; null at the end of the stream. Parks until there
     * is one.
     */
    protected abstract @Nullable ByteBuf next() throws ConnectionException;

    /** The bytes that {@link #next()} could hand out without parking. */
    protected abstract int waiting();

    /** A thread has become the reader: what bounds its operation is settled now, whatever others set meanwhile. */
    protected void begun() {}

    /** The peer, for failures. */
    protected abstract @Nullable SocketAddress peer();

    /** Whether this side has given the input up, so that what is left of it is dropped. */
    protected boolean isDropped() {
        return false;
    }

    /** Why the calling thread may not read just now. */
    protected ConnectionException refusal() {
        InputVio vio = holder;
        String busy = OneWay.isHolder(reader) ? OneWay.BUSY : vio == null ? null : vio.busy();
        return busy == null
                ? failure(Reason.BUSY_READING)
                : ConnectionException.of(Reason.BUSY_READING, Phase.READ, peer(), busy, null);
    }

    /** Whether whoever owns it has ended it, and wants to hear no more of it. */
    boolean isGivenUp() {
        return false;
    }

    final void holder(@Nullable InputVio vio) {
        holder = vio;
    }

    /** The connection that carries it; null when there is none. */
    public @Nullable StreamConnection connection() {
        return null;
    }

    // ---- the methods of Input

    @Override
    public final byte[] receive(int size) throws ConnectionException {
        if (size < 0) throw new IllegalArgumentException("cannot receive " + size + " bytes");
        begin();
        try {
            var bytes = new byte[size];
            int got = 0;
            try {
                while (got < size) {
                    ByteBuf chunk = chunk();
                    if (chunk == null) throw endOfStream();
                    int count = Math.min(size - got, chunk.readableBytes());
                    chunk.readBytes(bytes, got, count);
                    got += count;
                    dropIfConsumed();
                }
            } catch (ConnectionException e) {
                throw e.withPartial(Arrays.copyOf(bytes, got));
            }
            return bytes;
        } finally {
            end();
        }
    }

    @Override
    public final String receiveLine(int limit) throws ConnectionException {
        if (limit < 0) throw new IllegalArgumentException("a line cannot be limited to " + limit + " bytes");
        byte[] line = receiveLineBytes(limit);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException e) {
            throw ConnectionException.of(Reason.MALFORMED, Phase.READ, peer(), "the line is not UTF-8", e)
                    .withPartial(line);
        }
    }

    /** {@link #receiveLine(int)} without the decoding. */
    public final byte[] receiveLineBytes(int limit) throws ConnectionException {
        begin();
        var line = Collected.EMPTY;
        try {
            while (true) {
                ByteBuf chunk = chunk();
                if (chunk == null) throw endOfStream();
                int length = chunk.bytesBefore((byte) '\n');
                int count = length < 0 ? chunk.readableBytes() : length;
                // one more than the limit may be the CR of the line end
                if (line.size() + (long) count > limit + 1L) {
                    line = line.plus(chunk, limit + 1 - line.size());
                    dropIfConsumed();
                    throw tooLong(limit);
                }
                line = line.plus(chunk, count);
                if (length >= 0) {
                    byte[] bytes = line.withoutCarriageReturn();
                    if (bytes.length > limit) throw tooLong(limit);
                    chunk.skipBytes(1);
                    dropIfConsumed();
                    return bytes;
                }
                dropIfConsumed();
            }
        } catch (ConnectionException e) {
            throw e.withPartial(line.bytes());
        } finally {
            end();
        }
    }

    @Override
    public final byte[] receiveAll(int limit) throws ConnectionException {
        if (limit < 0) throw new IllegalArgumentException("the input cannot be limited to " + limit + " bytes");
        begin();
        var all = Collected.EMPTY;
        try {
            while (true) {
                ByteBuf chunk = chunk();
                if (chunk == null) return all.bytes();
                if (all.size() + (long) chunk.readableBytes() > limit) {
                    all = all.plus(chunk, limit - all.size());
                    dropIfConsumed();
                    throw tooLong(limit);
                }
                all = all.plus(chunk, chunk.readableBytes());
                dropIfConsumed();
            }
        } catch (ConnectionException e) {
            throw e.withPartial(all.bytes());
        } finally {
            end();
        }
    }

    @Override
    public final byte[] receiveAny(int max) throws ConnectionException {
        if (max < 1) throw new IllegalArgumentException("receiveAny needs room for at least one byte, not " + max);
        begin();
        var bytes = NOTHING;
        int got = 0;
        try {
            ByteBuf chunk = chunk();
            if (chunk == null) throw endOfStream();
            bytes = new byte[(int) Math.min(max, (long) chunk.readableBytes() + waiting())];
            while (chunk != null) {
                int count = Math.min(bytes.length - got, chunk.readableBytes());
                chunk.readBytes(bytes, got, count);
                got += count;
                dropIfConsumed();
                chunk = got < bytes.length && waiting() > 0 ? chunk() : null;
            }
            return got == bytes.length ? bytes : Arrays.copyOf(bytes, got);
        } catch (ConnectionException e) {
            throw e.withPartial(Arrays.copyOf(bytes, got));
        } finally {
            end();
        }
    }

    @Override
    public final Delimited receiveUntil(byte[] delimiter, Until options) {
        return new Pieces(this, Delimiter.of(delimiter), options);
    }

    @Override
    public final Framed framed(Framing framing) {
        return new Packets(this, framing);
    }

    @Override
    public final int read(ByteBuffer into) throws ConnectionException {
        if (into.isReadOnly()) throw new IllegalArgumentException("the buffer to read into is read-only");
        begin();
        try {
            if (!into.hasRemaining()) return 0;
            ByteBuf chunk = chunk();
            if (chunk == null) return -1;
            int count = Math.min(into.remaining(), chunk.readableBytes());
            int limit = into.limit();
            chunk.readBytes(into.limit(into.position() + count));
            into.limit(limit);
            dropIfConsumed();
            return count;
        } finally {
            end();
        }
    }

    @Override
    public final ByteBuffer peek(int size) throws ConnectionException {
        if (size < 0 || size > LINE_LIMIT) {
            throw new IllegalArgumentException("can peek at 0 to " + LINE_LIMIT + " bytes, not " + size);
        }
        begin();
        try {
            while (held() < size && append()) {
                // until it is all there, or the stream ends
            }
            var bytes = new byte[Math.min(size, held())];
            if (bytes.length > 0) copy(bytes, 0);
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        } finally {
            end();
        }
    }

    @Override
    public final void unread(ByteBuffer bytes) throws ConnectionException {
        begin();
        try {
            if (!bytes.hasRemaining()) return;
            ByteBuf joined = Unpooled.buffer(bytes.remaining() + held()).writeBytes(bytes);
            if (current != null) {
                joined.writeBytes(current);
                current.release();
            }
            current = joined;
        } finally {
            end();
        }
    }

    @Override
    public final int buffered() {
        return held() + waiting();
    }

    @Override
    public final long transferTo(Output output) throws ConnectionException {
        Objects.requireNonNull(output);
        if (output instanceof GuardedConnection guarded) throw guarded.refusal(); // before something is taken out
        long total = 0;
        for (ByteBuf chunk = take(Integer.MAX_VALUE); chunk != null; chunk = take(Integer.MAX_VALUE)) {
            int size = chunk.readableBytes();
            if (output instanceof ChunkOutput direct) {
                direct.write(chunk);
            } else {
                try {
                    output.send(ByteBufUtil.getBytes(chunk));
                } finally {
                    chunk.release();
                }
            }
            total += size;
        }
        return total;
    }

    @Override
    public final ReadVio read(Continuation reader, IoBuffer into, long bytes) throws ConnectionException {
        return InputVio.start(this, reader, into, bytes);
    }

    @Override
    public final InputStream inputStream() {
        return new InputAsStream(this);
    }

    // ---- for the protocols on top

    /** Takes the next bytes out as a chunk of at most {@code max} that the caller then owns; null at the end. Parks. */
    public final @Nullable ByteBuf take(int max) throws ConnectionException {
        begin();
        try {
            return takeClaimed(max);
        } finally {
            end();
        }
    }

    /** The next bytes, as {@link #take} has them, for whoever has the claim. */
    final @Nullable ByteBuf takeClaimed(int max) throws ConnectionException {
        ByteBuf chunk = chunk();
        if (chunk == null) return null;
        if (chunk.readableBytes() > max) return chunk.readRetainedSlice(max);
        current = null;
        return chunk;
    }

    /** Takes back what {@link #takeClaimed} has given last, or the rest of it. */
    final void giveBack(ByteBuf chunk) {
        ByteBuf rest = current;
        if (rest == null) {
            current = chunk;
        } else {
            rest.readerIndex(rest.readerIndex() - chunk.readableBytes());
            chunk.release();
        }
    }

    /** What is held, which the caller then owns, for whoever has the claim; null when that is nothing. */
    final @Nullable ByteBuf takeHeld() {
        ByteBuf chunk = current;
        current = null;
        return chunk;
    }

    /** Parks until at least one byte can be taken, for whoever has the claim; false at the end of the stream. */
    final boolean awaitClaimed() throws ConnectionException {
        if (isDropped()) throw dropped();
        begun();
        return chunk() != null;
    }

    /** Parks until at least one byte can be looked at; false at the end of the stream. */
    public final boolean ready() throws ConnectionException {
        begin();
        try {
            return chunk() != null;
        } finally {
            end();
        }
    }

    /** The bytes that {@link #copyTo} can see. */
    public final int held() {
        ByteBuf chunk = current;
        return chunk == null ? 0 : chunk.readableBytes();
    }

    /** Copies held bytes, from the {@code from}th on, to the same place in {@code into}; consumes nothing. Returns how many. */
    public final int copyTo(byte[] into, int from) throws ConnectionException {
        begin();
        try {
            return copy(into, from);
        } finally {
            end();
        }
    }

    /** Parks for the next chunk and holds it behind the bytes already held; false at the end of the stream. */
    public final boolean grow() throws ConnectionException {
        begin();
        try {
            return append();
        } finally {
            end();
        }
    }

    /** Consumes held bytes. */
    public final void skip(int count) throws ConnectionException {
        if (count == 0) return;
        begin();
        try {
            Objects.requireNonNull(current).skipBytes(count);
            dropIfConsumed();
        } finally {
            end();
        }
    }

    /** Copies held bytes between {@link #begin} and {@link #end}; consumes nothing. */
    protected final void copy(byte[] into) {
        copy(into, 0);
    }

    private int copy(byte[] into, int from) {
        ByteBuf chunk = current;
        if (chunk == null) return 0;
        int count = Math.min(chunk.readableBytes(), into.length) - from;
        if (count <= 0) return 0;
        chunk.getBytes(chunk.readerIndex() + from, into, from, count);
        return count;
    }

    /** Parks for the next chunk and puts it behind what is held; false at the end of the stream. */
    private boolean append() throws ConnectionException {
        ByteBuf more = arrival();
        if (more == null) return false;
        ByteBuf before = current;
        if (before == null) {
            current = more;
            return true;
        }
        try {
            if (before.isReadOnly() || before.refCnt() > 1 || before.maxWritableBytes() < more.readableBytes()) {
                ByteBuf joined = Unpooled.buffer(before.readableBytes() + more.readableBytes())
                        .writeBytes(before);
                before.release();
                before = joined;
                current = joined;
            } else if (before.readerIndex() > before.readableBytes()) {
                before.discardReadBytes(); // or a long search would keep what it has passed
            }
            before.writeBytes(more);
            return true;
        } finally {
            more.release();
        }
    }

    /** Whether a thread is inside a receiving method right now. */
    protected final boolean isBeingRead() {
        return reader != null;
    }

    /** Keeps all others from reading; false when another thread is at it. */
    final boolean claim() {
        return claim(Thread.currentThread());
    }

    /** Keeps all others than that thread from reading; false when another thread is at it. */
    final boolean claim(Thread by) {
        return tryClaim(by) || StreamVio.hasLeft(leaver, reader, connection()) && tryClaim(by);
    }

    private boolean tryClaim(Thread by) {
        if (!READER.compareAndSet(this, (Thread) null, by)) return false;
        turns++;
        return true;
    }

    /** That thread is about to give the input free. */
    final void leaves(Thread who) {
        leaver = who;
    }

    /** Makes the calling thread the reader, until {@link #end}. */
    protected final void begin() throws ConnectionException {
        if (!claim()) throw refusal();
        if (isDropped()) {
            end();
            throw dropped();
        }
        begun();
    }

    protected final void end() {
        unclaim();
        if (current != null && isDropped()) tidy();
    }

    final void unclaim() {
        READER.setVolatile(this, (Thread) null);
    }

    /** The claim of the calling thread is that one's from now on. */
    final void pass(Thread to) {
        READER.setVolatile(this, to);
    }

    /** Releases what is held once nobody may read it any more; whoever reads at the moment does it at the end of the call. */
    protected final void tidy() {
        if (tryClaim(Thread.currentThread())) {
            drop();
            unclaim();
        } else {
            LockSupport.unpark(reader); // the one of an operation that stands still would never come to the end of it
        }
    }

    /** Releases what is held, for whoever has the claim. */
    final void drop() {
        if (current != null) {
            current.release();
            current = null;
        }
    }

    final @Nullable ByteBuf chunk() throws ConnectionException {
        if (current == null) current = arrival();
        return current;
    }

    /** The next chunk, as {@link #next} has it, unless nothing could be made of what came before. */
    final @Nullable ByteBuf arrival() throws ConnectionException {
        ConnectionException flaw = broken;
        if (flaw != null) throw ConnectionException.of(flaw.reason(), flaw.phase(), peer(), flaw.text(), flaw);
        return next();
    }

    /** Whoever receives from now on gets this failure, once what is held is consumed. For whoever has the claim. */
    final ConnectionException breaks(ConnectionException flaw) {
        broken = flaw;
        return flaw;
    }

    final boolean isBroken() {
        return broken != null;
    }

    /** How often somebody has begun to read so far: as long as it is the same, nobody else has consumed anything. */
    final int turns() {
        return turns;
    }

    /** Holds another chunk in the place of the one that is held. For whoever has the claim. */
    final void replace(@Nullable ByteBuf chunk) {
        drop();
        current = chunk;
    }

    /** The chunk being consumed, longer by what comes next; null at the end of the stream. */
    final @Nullable ByteBuf longer() throws ConnectionException {
        return append() ? current : null;
    }

    /** Takes over what another one holds, for whoever has the claim of both. */
    final void hold(BufferedInput other) {
        current = other.current;
        other.current = null;
    }

    /** What is held, for whoever has the claim. */
    final @Nullable ByteBuf kept() {
        return current;
    }

    /** Consumes what is held. */
    final Collected drainInto(Collected bytes) {
        ByteBuf chunk = current;
        if (chunk == null) return bytes;
        Collected all = bytes.plus(chunk, chunk.readableBytes());
        dropIfConsumed();
        return all;
    }

    final void dropIfConsumed() {
        ByteBuf chunk = current;
        if (chunk != null && !chunk.isReadable()) {
            current = null;
            chunk.release();
        }
    }

    /** What a receiver gets who wants more than there is. */
    protected ConnectionException endOfStream() {
        return failure(Reason.EOF);
    }

    /** What a receiver gets once this side has given the input up. */
    protected ConnectionException dropped() {
        return failure(Reason.CLOSED);
    }

    private ConnectionException failure(Reason reason) {
        return ConnectionException.of(reason, Phase.READ, peer());
    }

    final ConnectionException tooLong(int limit) {
        return ConnectionException.of(
                Reason.TOO_LONG, Phase.READ, peer(), "the input is longer than the limit of " + limit + " bytes", null);
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The packets of an input, cut where they lie: in the chunk that the input holds.
 *
 * <p>Where one goes on in the next chunk, its beginning gets as much of that as it may need, and what was too much is taken from there again:
 * of many packets in a chunk the last one alone is copied. Everything in here is the reader's.
 */
public final class Packets implements Framed {
    private static final int NOT_HERE = 0;
    private static final int END = -1;

    /** What is asked for of a packet whose length nobody knows yet, at least. */
    private static final int SOME = 128;

    private final BufferedInput input;
    private final Ruler ruler;

    /** The turn of the last look: if the one behind it is ours, too, the input begins as it did then. */
    private int lastTurn;

    /** The chunk behind the one that is held, as long as an operation is under way; the beginning of it is the end of that one, too. */
    private @Nullable ByteBuf behind;

    /** Of the chunk that is held, from this index on, as long as nothing is added to it; null when no packet of it has been shown. */
    private @Nullable ByteBuffer view;

    private int viewed;

    /** How long that beginning is. */
    private int overlap;

    /** An operation with a handler is under way, which the handler may {@linkplain #leave() end}. */
    private boolean handing;

    Packets(BufferedInput input, Framing framing) {
        this.input = input;
        this.ruler = Ruler.of(framing);
    }

    @Override
    public byte @Nullable [] receive() throws ConnectionException {
        return packet(true);
    }

    @Override
    public byte @Nullable [] poll() throws ConnectionException {
        return packet(false);
    }

    private byte @Nullable [] packet(boolean waiting) throws ConnectionException {
        begin();
        try {
            int length = next(waiting);
            if (length <= 0) return null;
            ByteBuf chunk = chunk();
            byte[] packet = ByteBufUtil.getBytes(chunk, chunk.readerIndex(), length - ruler.cutOff(chunk, length));
            chunk.skipBytes(length);
            consumed();
            return packet;
        } finally {
            end();
        }
    }

    @Override
    public <X extends Exception> boolean receive(Handler<X> handler) throws ConnectionException, X {
        return receive(handler, true);
    }

    /** As {@link #receive(Handler)}, and if it is not to wait: true also when there is no packet yet. */
    public <X extends Exception> boolean receive(Handler<X> handler, boolean waiting) throws ConnectionException, X {
        begin();
        handing = true;
        try {
            int length = next(waiting);
            if (length == END) return false;
            boolean more = true;
            while (more && length > 0) {
                ByteBuf chunk = chunk();
                ByteBuffer packet = view(chunk, length - ruler.cutOff(chunk, length));
                chunk.skipBytes(length);
                try {
                    more = handler.handle(packet) && handing && !input.isDropped();
                } finally {
                    if (handing) consumed();
                }
                if (more) length = next(false);
            }
            return true;
        } finally {
            if (handing) finish();
        }
    }

    /** Ends the operation under way from within its handler, which has no packet any more, so that it can do something else with the input. */
    public void leave() {
        if (!handing) return;
        consumed();
        finish();
    }

    private void finish() {
        handing = false;
        view = null;
        end();
    }

    /** What the chunk begins with. One view of all of it is made, of which each packet gets a slice. */
    private ByteBuffer view(ByteBuf chunk, int size) {
        ByteBuffer all = view;
        if (all == null) {
            all = chunk.nioBuffer().asReadOnlyBuffer();
            view = all;
            viewed = chunk.readerIndex();
        }
        return all.slice(chunk.readerIndex() - viewed, size);
    }

    private void begin() throws ConnectionException {
        input.begin();
        if (input.turns() != lastTurn + 1) ruler.restart();
    }

    private void end() {
        settle();
        lastTurn = input.turns();
        input.end();
    }

    private ByteBuf chunk() {
        return Objects.requireNonNull(input.kept());
    }

    /** The packet that the chunk began with is skipped. */
    private void consumed() {
        ruler.restart();
        if (behind == null) input.dropIfConsumed();
        else settle();
        if (input.kept() == null) view = null;
    }

    /** How long the next packet is, which is held then, whole and in one piece. */
    private int next(boolean waiting) throws ConnectionException {
        try {
            ByteBuf chunk = waiting || has() ? input.chunk() : null;
            if (chunk == null) return waiting ? END : NOT_HERE;
            while (true) {
                if (ruler.wantsAll()) chunk = gather(chunk);
                long length = measure(chunk);
                int held = chunk.readableBytes();
                if (length != Ruler.UNKNOWN && length <= held) return (int) length;
                if (!waiting && behind == null && input.waiting() == 0) return NOT_HERE;
                long wanted = length == Ruler.UNKNOWN ? Math.max(SOME, 2L * held) : length;
                ByteBuf longer = lengthen(chunk, wanted);
                if (longer == null) throw cut(held);
                chunk = longer;
            }
        } catch (ConnectionException e) {
            throw goesOn(e.reason())
                    ? e
                    : e.withPartial(input.drainInto(Collected.EMPTY).bytes());
        }
    }

    private ConnectionException cut(int held) {
        ConnectionException end = input.endOfStream();
        if (end.reason() != Reason.EOF) return end;
        String text = "the stream has ended within a packet, " + held + " bytes behind its beginning";
        return ConnectionException.of(Reason.EOF, end.phase(), input.peer(), text, null);
    }

    private boolean has() {
        return input.held() > 0 || input.waiting() > 0 || input.isBroken();
    }

    private long measure(ByteBuf chunk) throws ConnectionException {
        long length = ruler.length(chunk);
        int held = chunk.readableBytes();
        if (length < 0) throw broken(ruler.flaw());
        if (length > ruler.max) {
            throw broken("a packet of " + length + " bytes is longer than the " + ruler.max
                    + " that the framing allows; its withMaxPacket says otherwise, if you trust the peer");
        }
        if (length == Ruler.UNKNOWN && held >= ruler.max) {
            throw broken("the packet is not at its end behind the " + ruler.max
                    + " bytes that the framing allows; its withMaxPacket says otherwise, if you trust the peer");
        }
        return length;
    }

    private ConnectionException broken(String text) throws ConnectionException {
        settle();
        return input.breaks(ConnectionException.of(
                Reason.FRAMING,
                Phase.READ,
                input.peer(),
                text + "; nothing more can be received: close the connection",
                null));
    }

    /** All that has come, as far as one packet may reach. */
    private ByteBuf gather(ByteBuf chunk) throws ConnectionException {
        ByteBuf all = chunk;
        while (all.readableBytes() < ruler.max && (behind != null || input.waiting() > 0)) {
            ByteBuf longer = lengthen(all, ruler.max);
            if (longer == null) return all;
            all = longer;
        }
        return all;
    }

    /** The chunk with some bytes more, at most as long as wanted; null at the end of the stream. Parks when nothing has come behind it. */
    private @Nullable ByteBuf lengthen(ByteBuf chunk, long wanted) throws ConnectionException {
        ByteBuf more = behind;
        if (more == null) {
            more = input.arrival();
            if (more == null) return null;
            overlap = 0;
            behind = more;
        }
        int count = (int) Math.min(wanted - chunk.readableBytes(), more.readableBytes() - overlap);
        ByteBuf longer = withRoom(chunk, count, wanted);
        longer.writeBytes(more, more.readerIndex() + overlap, count);
        view = null;
        overlap += count;
        if (overlap == more.readableBytes()) {
            behind = null;
            more.release();
        }
        return longer;
    }

    /** Room is made for what has come, and as much again, whatever is wanted: a length that was announced costs nothing. */
    private ByteBuf withRoom(ByteBuf chunk, int count, long wanted) {
        if (!chunk.isReadOnly() && chunk.refCnt() == 1 && chunk.writableBytes() >= count) return chunk;
        int held = chunk.readableBytes();
        long room = Math.min(Math.max(held + (long) count, 2L * held), wanted);
        ByteBuf roomy = Unpooled.buffer((int) room);
        roomy.writeBytes(chunk, chunk.readerIndex(), held);
        input.replace(roomy);
        return roomy;
    }

    /** Puts the input in order: what follows is held, and nothing is behind it. */
    private void settle() {
        ByteBuf more = behind;
        if (more == null) return;
        behind = null;
        view = null;
        ByteBuf chunk = input.kept();
        int left = chunk == null ? 0 : chunk.readableBytes();
        if (left <= overlap) {
            input.replace(more.skipBytes(overlap - left));
        } else {
            int rest = more.readableBytes() - overlap;
            ByteBuf joined = Unpooled.buffer(left + rest).writeBytes(chunk);
            input.replace(joined.writeBytes(more, more.readerIndex() + overlap, rest));
            more.release();
        }
    }

    /** Whether the stream can be received from after such a failure: what has come is then better left in it. */
    private static boolean goesOn(Reason reason) {
        return switch (reason) {
            case TIMEOUT, CANCELLED, BUSY_READING -> true;
            default -> false;
        };
    }
}

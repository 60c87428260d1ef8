package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.http.Headers;
import io.penstock.net.ConnectionException;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A body in chunks, with trailers behind the last one. Source: RFC 9112 §7.1. */
final class ChunkedBody extends MessageBody {
    /** Fields that would change how the message is framed, routed, authorized or understood after the fact (RFC 9110 §6.5.1). */
    private static final Set<String> NOT_IN_TRAILERS = Set.of(
            "authorization",
            "cache-control",
            "connection",
            "content-encoding",
            "content-length",
            "content-range",
            "content-type",
            "cookie",
            "date",
            "expect",
            "expires",
            "host",
            "keep-alive",
            "location",
            "max-forwards",
            "pragma",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "range",
            "retry-after",
            "set-cookie",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "vary",
            "www-authenticate");

    private final HeadLimits limits;
    private final long limit;

    /** The bytes of the current chunk that have not come yet. */
    private volatile long left;

    private boolean begun;
    private boolean last;
    private long total;
    private final ChunkLine line = new ChunkLine();

    ChunkedBody(BufferedInput wire, @Nullable SocketAddress peer, HeadLimits limits, long limit) {
        super(wire, peer);
        this.limits = limits;
        this.limit = limit;
    }

    @Override
    public long length() {
        return -1;
    }

    @Override
    boolean isOnWire() {
        return !begun;
    }

    @Override
    protected int waiting() {
        return (int) Math.min(left, wire.buffered());
    }

    @Override
    protected @Nullable ByteBuf receiveNext() throws ConnectionException, BadMessage {
        if (left == 0 && !last) {
            long size = receiveSize();
            if (size > limit - total) throw new BadMessage(413, "it has more than " + limit + " bytes");
            total += size;
            left = size;
            begun = true;
            last = size == 0;
        }
        if (last) {
            completed(receiveTrailers());
            return null;
        }
        ByteBuf piece = wire.take((int) Math.min(left, PIECE));
        if (piece == null) throw cut("whose current chunk misses " + left + " bytes");
        left -= piece.readableBytes();
        return piece;
    }

    /** Receives the end of the chunk before, if there was one, and the line with the size of the next. */
    private long receiveSize() throws ConnectionException, BadMessage {
        if (!wire.ready()) throw cut("where a chunk was to begin");
        while (true) {
            if (line.parse(wire, begun)) {
                wire.skip(line.length());
                return line.size();
            }
            if (!wire.grow()) throw cut("within the size of a chunk");
        }
    }

    private Headers receiveTrailers() throws ConnectionException, BadMessage {
        if (!wire.ready()) throw cut("behind the last chunk");
        var parser = new HeadParser(limits);
        var bytes = new byte[64];
        Headers received = null;
        while (received == null) {
            int held = wire.held();
            if (held > bytes.length)
                bytes = Arrays.copyOf(bytes, Math.min(Math.max(2 * bytes.length, held), limits.whole()));
            received = parser.trailers(bytes, wire.copyTo(bytes, 0));
            if (received == null && !wire.grow()) throw cut("within the trailers");
        }
        wire.skip(parser.length());
        return allowed(received);
    }

    private static Headers allowed(Headers received) {
        for (int i = received.size() - 1; i >= 0; i--) {
            if (NOT_IN_TRAILERS.contains(received.name(i).toLowerCase(Locale.ROOT))) received.removeAt(i);
        }
        return received;
    }
}

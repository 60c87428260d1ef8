package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Delimited;
import io.penstock.net.Until;
import org.jspecify.annotations.Nullable;

/** The pieces of an input. What has matched so far stays in the input: whoever receives next finds it there. */
final class Pieces implements Delimited {
    private final BufferedInput input;
    private final Delimiter delimiter;
    private final Until options;

    /** The delimiter has come, and nobody has been told. Only the reader touches it. */
    private boolean atEnd;

    Pieces(BufferedInput input, Delimiter delimiter, Until options) {
        this.input = input;
        this.delimiter = delimiter;
        this.options = options;
    }

    @Override
    public byte @Nullable [] next() throws ConnectionException {
        return next(Long.MAX_VALUE, options.limit(), false);
    }

    @Override
    public byte @Nullable [] next(int size) throws ConnectionException {
        if (size < 1) throw new IllegalArgumentException("a part of a piece has at least one byte, not " + size);
        return next(size, Long.MAX_VALUE, true);
    }

    private byte @Nullable [] next(long wanted, long limit, boolean sized) throws ConnectionException {
        input.begin();
        var piece = Collected.EMPTY;
        try {
            if (atEnd) {
                atEnd = false;
                return null;
            }
            Delimiter.Search search = delimiter.new Search();
            while (true) {
                ByteBuf chunk = search.matched() == 0 ? input.chunk() : input.longer();
                if (chunk == null) throw input.endOfStream();
                search.in(chunk, wanted - piece.size());
                if (piece.size() + (long) search.before() > limit) {
                    piece = piece.plus(chunk, (int) (limit - piece.size()));
                    input.dropIfConsumed();
                    throw input.tooLong((int) limit);
                }
                boolean found = search.isFound();
                piece = piece.plus(chunk, search.before() + (found && options.inclusive() ? delimiter.length() : 0));
                if (found && !options.inclusive()) chunk.skipBytes(delimiter.length());
                input.dropIfConsumed();
                if (found) atEnd = sized;
                if (found || piece.size() >= wanted) return piece.bytes();
            }
        } catch (ConnectionException e) {
            throw e.withPartial((goesOn(e.reason()) ? piece : input.drainInto(piece)).bytes());
        } finally {
            input.end();
        }
    }

    /** Whether the stream can be received from after such a failure: what has matched is then better left in it. */
    private static boolean goesOn(Reason reason) {
        return switch (reason) {
            case TIMEOUT, CANCELLED, TOO_LONG, BUSY_READING -> true;
            default -> false;
        };
    }
}

package io.penstock.net.internal;

import io.netty.buffer.ByteBuf;

/**
 * A byte sequence to search for, as an automaton that looks at no byte twice: that of Knuth, Morris and Pratt. Immutable.
 *
 * <p>Nearly all bytes of a stream are not the first one of the delimiter, and are skipped over many at a time.
 */
final class Delimiter {
    private final byte[] bytes;

    /** For each number of matched bytes, the length of the longest beginning of the delimiter that is also their end, but not all of them. */
    private final int[] borders;

    private final TwoBytes ends;

    private Delimiter(byte[] bytes, int[] borders) {
        this.bytes = bytes;
        this.borders = borders;
        this.ends = new TwoBytes(bytes[0], bytes[bytes.length - 1], bytes.length - 1);
    }

    static Delimiter of(byte[] delimiter) {
        if (delimiter.length == 0) throw new IllegalArgumentException("a delimiter has at least one byte");
        byte[] bytes = delimiter.clone();
        var borders = new int[bytes.length];
        for (int i = 1, border = 0; i < bytes.length - 1; i++) {
            while (border > 0 && bytes[border] != bytes[i]) border = borders[border];
            if (bytes[border] == bytes[i]) border++;
            borders[i + 1] = border;
        }
        return new Delimiter(bytes, borders);
    }

    int length() {
        return bytes.length;
    }

    /** How many bytes are a beginning of the delimiter when behind {@code matched} of them comes this one, which is not the next. */
    private int fallback(int matched, byte next) {
        int border = borders[matched];
        while (border > 0 && bytes[border] != next) border = borders[border];
        return bytes[border] == next ? border + 1 : 0;
    }

    /** One search through a stream, chunk by chunk. */
    final class Search {
        private int before;
        private int matched;

        /** How many bytes of the last chunk stand before the delimiter, or before what may be its beginning, or were wanted. */
        int before() {
            return before;
        }

        /** How many bytes behind those are a beginning of the delimiter: the next chunk must have them in front. */
        int matched() {
            return matched;
        }

        boolean isFound() {
            return matched == bytes.length;
        }

        /**
         * Searches on until the delimiter is found, the chunk ends, or {@code wanted} bytes are known to stand before it. Consumes nothing.
         *
         * <p>Of the wanted number there may be a few more, as bytes that were a beginning and then none are passed together.
         */
        void in(ByteBuf chunk, long wanted) {
            in(chunk, chunk.readerIndex(), wanted);
        }

        /** As {@link #in(ByteBuf, long)}, in what the chunk has from that place on. */
        void in(ByteBuf chunk, int start, long wanted) {
            int end = chunk.writerIndex();
            int enough = (int) Math.min(end, start + Math.min(wanted, Integer.MAX_VALUE));
            int candidate = start;
            int at = start + matched;
            int found = matched;
            while (found < bytes.length && candidate < enough) {
                if (found == 0) {
                    candidate = next(chunk, candidate, enough);
                    if (candidate < enough) {
                        at = candidate + 1;
                        found = 1;
                    }
                } else if (at == end) {
                    break;
                } else if (chunk.getByte(at) == bytes[found]) {
                    at++;
                    found++;
                } else {
                    int kept = fallback(found, chunk.getByte(at));
                    if (kept > 0) at++;
                    candidate = at - kept;
                    found = kept;
                }
            }
            before = candidate - start;
            matched = found;
        }

        /** The next place to look at; {@code to} when there is none. What begins near the end may go on behind it. */
        private int next(ByteBuf chunk, int from, int to) {
            int whole = Math.max(from, to - bytes.length + 1);
            int place = ends.in(chunk, from, whole);
            if (place < 0) place = chunk.indexOf(whole, to, bytes[0]);
            return place < 0 ? to : place;
        }
    }
}

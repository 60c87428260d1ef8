package io.penstock.net;

import org.jspecify.annotations.Nullable;

/**
 * The pieces of an {@link Input} between its delimiters, received one after the other.
 *
 * <p>{@snippet :
 * Delimited parts = body.receiveUntil("\r\n--boundary");
 * for (byte[] some = parts.next(8192); some != null; some = parts.next(8192)) {
 *     file.write(some);                         // one part, as it comes
 * }
 * }
 *
 * <p>It keeps no bytes. What may be the beginning of a delimiter stays in front of the input until it is known to be one or not: it
 * counts as {@linkplain Input#buffered() buffered}, any other method may receive it, and a piece that times out goes on where it
 * stopped. So it needs no end, and several may be used on one input in turn.
 *
 * <p>Threads and failures are those of {@link Input}. Answers to the iterator of OpenResty's {@code receiveuntil}; bytes that matched in
 * vain before the end of the stream are lost there, and are in {@link ConnectionException#partial()} here.
 */
public interface Delimited {
    /**
     * Receives the bytes up to the next delimiter, and the delimiter, which is dropped unless the options say otherwise.
     *
     * @return the piece, which may be empty; null, once, when the {@linkplain #next(int) call before} has received the last bytes of a
     *     piece
     * @throws ConnectionException {@code EOF} when the stream ends before a delimiter, {@code TOO_LONG} when the piece has more bytes
     *     than the {@linkplain Until#limit() limit}; {@code partial()} has the consumed bytes, and the next call goes on behind them
     */
    byte @Nullable [] next() throws ConnectionException;

    /**
     * Receives the next {@code size} bytes of the piece, or its rest: fewer, even none, when the delimiter comes before.
     *
     * <p>It may be a few more, by less than the length of the delimiter: bytes that had to be looked at together.
     *
     * @param size at least 1
     * @return the bytes; null, once, when the call before has come to the delimiter; the call after that begins the next piece
     * @throws ConnectionException as {@link #next()} does
     */
    byte @Nullable [] next(int size) throws ConnectionException;
}

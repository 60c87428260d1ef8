package io.penstock.net;

import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.ReadVio;
import io.penstock.net.event.Vio;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The reading half of a byte stream: bytes arrive once, in order, and are consumed by exactly one reader.
 *
 * <p>A connection is an {@code Input}; so is the body of an HTTP message, and so will be a cached object. Every method
 * behaves the same on all of them.
 *
 * <p><b>Threads.</b> The methods block by parking the calling thread, which is meant to be a virtual thread of the
 * {@link Loop} that owns the stream but may be any other. On the loop's own carrier thread they throw
 * {@link IllegalStateException}, because waiting there would stop every connection of the loop. One reader at a time: a
 * second one gets {@link ConnectionException.Reason#BUSY_READING} and disturbs nothing. A blocked reader that is
 * interrupted closes both halves and gets {@link ConnectionException.Reason#INTERRUPTED}.
 *
 * <p><b>Failures.</b> Whatever a failing call had consumed is in {@link ConnectionException#partial()}; nothing is lost
 * and nothing is delivered twice. A timeout leaves the stream usable: the next call continues behind the partial bytes.
 *
 * <p>Answers to the receiving methods of OpenResty's cosockets, without their buffer-size caps.
 */
public interface Input {
    /** The longest line {@link #receiveLine()} accepts, in bytes without its line end. */
    int LINE_LIMIT = 64 * 1024;

    /** The most {@link #receiveAll()} accepts, in bytes. */
    int ALL_LIMIT = 16 * 1024 * 1024;

    /**
     * Receives exactly {@code size} bytes.
     *
     * @param size 0 or more; 0 answers at once without touching the stream
     * @throws ConnectionException {@code EOF} when the stream ends earlier, or any other failure, with the bytes
     *     received so far as {@code partial()}
     */
    byte[] receive(int size) throws ConnectionException;

    /** Receives a line as {@link #receiveLine(int)} does, with {@link #LINE_LIMIT}. */
    default String receiveLine() throws ConnectionException {
        return receiveLine(LINE_LIMIT);
    }

    /**
     * Receives the bytes up to the next LF as UTF-8 text; the LF, and one CR directly before it, are removed.
     *
     * <p>{@snippet :
     * String status = redis.receiveLine();            // "+PONG"
     * }
     *
     * @param limit the most bytes the line may have, its end not counted
     * @throws ConnectionException {@code EOF} when the stream ends before a LF, {@code TOO_LONG} when the limit is
     *     passed, {@code MALFORMED} when the bytes are not UTF-8; {@code partial()} has the consumed bytes
     */
    String receiveLine(int limit) throws ConnectionException;

    /** Receives everything up to the end of the stream as {@link #receiveAll(int)} does, with {@link #ALL_LIMIT}. */
    default byte[] receiveAll() throws ConnectionException {
        return receiveAll(ALL_LIMIT);
    }

    /**
     * Receives everything up to the end of the stream; the end is success, even with no bytes at all.
     *
     * @throws ConnectionException {@code TOO_LONG} when more than {@code limit} bytes come, with those read as
     *     {@code partial()}
     */
    byte[] receiveAll(int limit) throws ConnectionException;

    /**
     * Receives what is there: at least one and at most {@code max} bytes, waiting only when nothing is buffered. All of it, however many
     * packets it came in.
     *
     * @throws ConnectionException {@code EOF} at the end of the stream
     */
    byte[] receiveAny(int max) throws ConnectionException;

    /** Receives up to a delimiter in UTF-8 as {@link #receiveUntil(byte[], Until)} does, with {@link Until#DEFAULT}. */
    default Delimited receiveUntil(String delimiter) {
        return receiveUntil(delimiter.getBytes(StandardCharsets.UTF_8), Until.DEFAULT);
    }

    /** Receives up to a delimiter as {@link #receiveUntil(byte[], Until)} does, with {@link Until#DEFAULT}. */
    default Delimited receiveUntil(byte[] delimiter) {
        return receiveUntil(delimiter, Until.DEFAULT);
    }

    /**
     * Makes an iterator over the pieces that the delimiter separates, wherever packets begin and end. Receives nothing itself, and may
     * be called whatever state the stream is in.
     *
     * <p>The first occurrence counts, and occurrences do not overlap.
     *
     * @param delimiter at least one byte, any bytes; copied
     */
    Delimited receiveUntil(byte[] delimiter, Until options);

    /**
     * Makes an iterator over the packets that the stream consists of, wherever they were cut on their way. Receives nothing itself, and
     * may be called whatever state the stream is in.
     */
    Framed framed(Framing framing);

    /**
     * Reads at least one byte into the buffer, as many as are there and fit.
     *
     * @return the number of bytes, 0 only when {@code into} has no room, -1 at the end of the stream
     */
    int read(ByteBuffer into) throws ConnectionException;

    /**
     * Shows the next {@code size} bytes without consuming them; waits for them, and shows fewer only at the end of the
     * stream.
     *
     * @param size at most {@link #LINE_LIMIT}
     * @return a read-only copy, empty at the end of the stream
     */
    ByteBuffer peek(int size) throws ConnectionException;

    /** Puts bytes back in front of the stream: they are the next ones to be received. The buffer's content is copied. */
    void unread(ByteBuffer bytes) throws ConnectionException;

    /** The number of bytes that can be received without waiting. */
    int buffered();

    /**
     * Moves everything up to the end of the stream into {@code output}, without copying where both ends allow it, and
     * with back-pressure: no more is read than the output takes.
     *
     * @return the number of bytes moved
     */
    long transferTo(Output output) throws ConnectionException;

    /**
     * Reads into a buffer while the caller goes on, and tells the continuation how far it has come, on this stream's loop if it is bound to
     * no other: the event face. Never waits, and tells nothing inside this call; whatever has become of the stream is told.
     *
     * <p>{@snippet :
     * Continuation reader = Continuation.of((self, event) -> {
     *     switch ((VioEvent) event) {
     *         case VioEvent.ReadReady _, VioEvent.ReadComplete _ -> parse(bytes.read(Integer.MAX_VALUE));
     *         case VioEvent.EndOfStream _ -> connection.close();
     *         case VioEvent.InactivityTimeout _ -> {} // a peer may have nothing to say for a minute
     *         default -> connection.abort();
     *     }
     * });
     * ReadVio reading = connection.read(reader, buffer, Vio.UNBOUNDED);
     * }
     *
     * <p>Answers to {@code TSVConnRead}.
     *
     * @param into where to; no more than it has {@linkplain IoBuffer#room() room} for
     * @param bytes how many, 0 or more; {@link Vio#UNBOUNDED} for all that will come. 0 completes as everything does
     * @throws ConnectionException {@code BUSY_READING} while somebody else receives, or reads; nothing has changed then
     */
    ReadVio read(Continuation reader, IoBuffer into, long bytes) throws ConnectionException;

    /** This input as a stream for libraries that want one; closing it does not close the connection. */
    InputStream inputStream();
}

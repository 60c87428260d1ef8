package io.penstock.net;

import io.penstock.net.event.Continuation;
import io.penstock.net.event.IoBuffer;
import io.penstock.net.event.Vio;
import io.penstock.net.event.WriteVio;
import io.penstock.net.internal.AnyOutput;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * The writing half of a byte stream.
 *
 * <p>{@code send} accepts bytes into a bounded queue that the event loop writes at the end of the current turn, so several
 * sends in a row become one system call; it parks while the queue is above its mark, which is the back-pressure. {@link #flush()}
 * waits until the operating system has taken everything. A failure of an earlier send is thrown by the next call.
 *
 * <p><b>Threads.</b> As for {@link Input}: one writer at a time, a second gets
 * {@link ConnectionException.Reason#BUSY_WRITING}; a reader and a writer never disturb each other.
 */
public interface Output {
    /**
     * Sends the bytes; the array may be reused as soon as the call returns.
     *
     * @return the number of bytes, {@code bytes.length}
     */
    default long send(byte[] bytes) throws ConnectionException {
        return send(bytes, 0, bytes.length);
    }

    /** Sends {@code length} bytes of the array from {@code offset}; the array may be reused as soon as the call returns. */
    long send(byte[] bytes, int offset, int length) throws ConnectionException;

    /** Sends the text as UTF-8. */
    long send(CharSequence text) throws ConnectionException;

    /** Sends the remaining bytes of several buffers as one; their positions are moved to their limits. */
    long send(ByteBuffer... buffers) throws ConnectionException;

    /**
     * Sends a region of a file, without copying it through this process where the connection allows it, and returns when
     * the operating system has taken all of it.
     *
     * @throws ConnectionException {@code FILE} when the file is shorter than {@code position + count}, and nothing was sent; or
     *     when it turns out to be while it is sent, and the connection was aborted, as its peer could not tell
     */
    long send(FileChannel file, long position, long count) throws ConnectionException;

    /** Waits until the operating system (or, for an in-memory pair, the peer's buffer) has taken everything sent so far. */
    void flush() throws ConnectionException;

    /**
     * Holds back what is sent from now on, and what has not left yet, until the cork is removed. Never waits. An output that does not send
     * by itself has nothing to hold back.
     */
    default Cork cork() {
        return () -> {};
    }

    /**
     * Writes out of a buffer while the caller goes on, and tells the continuation how far it has come, on this stream's loop if it is bound
     * to no other: the event face. Never waits, and tells nothing inside this call; whatever has become of the stream is told.
     *
     * <p>{@snippet :
     * buffer.write("hello\n");
     * connection.write(Continuation.of((self, event) -> connection.shutdownOutput()), buffer.reader(), 6);
     * }
     *
     * <p>Answers to {@code TSVConnWrite}, whose writes of nothing never complete.
     *
     * @param from what to write; consumed as it is handed over
     * @param bytes how many, 0 or more, whether they are in the buffer yet or not; {@link Vio#UNBOUNDED} for all that will be
     * @throws ConnectionException {@code BUSY_WRITING} while somebody else sends, or writes; nothing has changed then
     */
    default WriteVio write(Continuation writer, IoBuffer.Reader from, long bytes) throws ConnectionException {
        return new AnyOutput(this).write(writer, from, bytes);
    }

    /** This output as a stream for libraries that want one; its {@code close} flushes but does not close the connection. */
    OutputStream outputStream();
}

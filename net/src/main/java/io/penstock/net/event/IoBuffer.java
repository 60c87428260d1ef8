package io.penstock.net.event;

import io.penstock.net.internal.BlockChain;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A bounded chain of pooled blocks, written at its end and consumed by any number of independent {@link Reader}s.
 *
 * <p>A byte stays until every reader has passed it; with no reader at all, everything stays until there is one. What is copied from one
 * buffer to another shares its blocks: no byte is moved.
 *
 * <p>Two marks, which have nothing to do with each other:
 *
 * <ul>
 *   <li>The {@linkplain #lowWater low-water mark} batches: so much must be readable before a continuation is told
 *       {@link VioEvent.ReadReady}.
 *   <li>The {@linkplain #highWater high-water mark} holds back: so much is kept for the slowest reader and no more. A {@link ReadVio}
 *       stops there until something was consumed, and a {@link WriteVio} asks for more, by {@link VioEvent.WriteReady}, while less waits.
 * </ul>
 *
 * <p>{@snippet :
 * try (IoBuffer buffer = IoBuffer.open()) {
 *     IoBuffer.Reader reader = buffer.reader();
 *     buffer.write("hello\n");
 *     connection.write(self, reader, 6);              // WriteComplete, once the operating system has it
 * }
 * }
 *
 * <p>Belongs to whoever opened it and must be closed, which frees what is left. One thread at a time may write and consume, as the
 * handler of a continuation does; what an operation does with it meanwhile on its loop is safe. Answers to {@code TSIOBuffer}, whose one
 * "water mark" was both marks at once.
 */
public sealed interface IoBuffer extends AutoCloseable permits BlockChain {
    /** The size of a block, in bytes, where none is asked for: 32 KiB. */
    int BLOCK_SIZE = 32 * 1024;

    /** The high-water mark of a new buffer, in bytes: 64 KiB. */
    int HIGH_WATER = 64 * 1024;

    static IoBuffer open() {
        return open(BLOCK_SIZE);
    }

    /** @param blockSize how many bytes that are written share a block, at least 1 */
    static IoBuffer open(int blockSize) {
        return BlockChain.open(blockSize);
    }

    /** A reader of its own from the oldest byte that is kept: on a fresh buffer the first one. */
    Reader reader();

    /** How many bytes can be written before the high-water mark is reached. */
    int room();

    /** How many bytes are kept for the slowest reader, or for the first one to come. */
    int kept();

    /**
     * Writes the remaining bytes as far as there is room, and moves the position behind them.
     *
     * @return how many there were written
     */
    int write(ByteBuffer bytes);

    /**
     * Writes the bytes.
     *
     * @throws IllegalStateException when there is no room for all of them; none is written then
     */
    default void write(byte[] bytes) {
        if (bytes.length > room()) {
            throw new IllegalStateException("there is room for " + room() + " bytes, not for " + bytes.length
                    + ": wait for WriteReady, or raise the high-water mark of " + highWater());
        }
        write(ByteBuffer.wrap(bytes));
    }

    /** Writes the text in UTF-8, as {@link #write(byte[])} does. */
    default void write(CharSequence text) {
        write(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The free part of the last block, or of a new one where it is full, to be filled and then {@linkplain #produce produced}; no longer
     * than there is room. Valid until the next call of this buffer's writing methods, and not where a {@link ReadVio} fills the buffer too.
     */
    ByteBuffer space();

    /** Takes the first so many bytes of {@link #space()} for written. */
    void produce(int count);

    /**
     * Writes what the reader of any buffer has before it, by sharing the blocks; as far as there is room. Nothing of it is consumed.
     *
     * @param offset how many of the reader's bytes to leave out
     * @return how many bytes were written
     */
    int append(Reader from, int offset, int count);

    /** As {@link #append(Reader, int, int)}, all that it has. */
    default int append(Reader from) {
        return append(from, 0, from.available());
    }

    /** How many bytes must be readable before {@link VioEvent.ReadReady} is told; 0, the default, and 1 are any at all. */
    int lowWater();

    /** @param bytes 0 or more, at most the high-water mark */
    void lowWater(int bytes);

    /** How many bytes the buffer keeps before it has no more room. */
    int highWater();

    /** @param bytes 1 or more, at least the low-water mark; when more are kept, they stay */
    void highWater(int bytes);

    boolean isOpen();

    /** Frees what is left and ends its readers. An operation that uses it ends with {@link VioEvent.Closed}. Idempotent. */
    @Override
    void close();

    /**
     * A place in the buffer, before which everything has been consumed. Must be closed, by itself or with its buffer, or what it has not
     * passed would be kept for ever.
     */
    interface Reader extends AutoCloseable {
        IoBuffer buffer();

        /** How many bytes lie before it. */
        int available();

        /**
         * Shows the next bytes as far as they lie in one block, without consuming them; empty when there are none. Read-only, and valid
         * until they are consumed.
         */
        ByteBuffer block();

        /** Consumes up to {@code max} bytes; fewer only where fewer are available. */
        byte[] read(int max);

        /** Consumes as many bytes as there are and fit, and returns how many. */
        int read(ByteBuffer into);

        /**
         * Passes bytes without looking at them.
         *
         * @throws IllegalArgumentException when so many are not available; nothing is consumed then
         */
        void consume(int count);

        /** Another reader at the same place, which goes on by itself. */
        Reader duplicate();

        /** Gives up everything that is still before it. Idempotent. */
        @Override
        void close();
    }
}

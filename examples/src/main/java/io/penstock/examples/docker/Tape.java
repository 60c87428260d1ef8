package io.penstock.examples.docker;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a job has written: the last mebibyte of it, for any number of readers, each at its own pace. A job that is ahead of a reader by all of
 * that waits for it; one that nobody reads never waits.
 */
final class Tape {
    private static final int LIMIT = 1 << 20;

    /** What an entry costs besides its bytes, so that many small ones are bounded as well. */
    private static final int ENTRY = 64;

    private final TreeMap<Long, Chunk> chunks = new TreeMap<>();
    private final Set<Reader> readers = new HashSet<>();
    private long end;
    private int size;
    private boolean complete;

    synchronized void write(Chunk chunk) throws InterruptedException {
        while (size > 0 && size + cost(chunk) > LIMIT) {
            long oldest = chunks.firstKey();
            if (readers.stream().anyMatch(reader -> reader.position <= oldest)) wait();
            else size -= cost(chunks.pollFirstEntry().getValue());
        }
        chunks.put(end++, chunk);
        size += cost(chunk);
        notifyAll();
    }

    /** Nothing more will be written. */
    synchronized void end() {
        complete = true;
        notifyAll();
    }

    /** What is kept at this moment. */
    synchronized List<Chunk> kept() {
        return List.copyOf(chunks.values());
    }

    /** Reads from the oldest chunk that is kept, and goes on with what will be written. */
    synchronized Reader fromStart() {
        return new Reader(chunks.isEmpty() ? end : chunks.firstKey());
    }

    /** Reads what will be written from now on. */
    synchronized Reader fromNow() {
        return new Reader(end);
    }

    private static int cost(Chunk chunk) {
        return ENTRY + chunk.bytes().length;
    }

    /** To be closed: the job may wait for it. */
    final class Reader implements AutoCloseable {
        private long position;

        private Reader(long position) {
            this.position = position;
            readers.add(this);
        }

        /** Waits for the next chunk; empty at the end of the tape. */
        Optional<Chunk> next() throws InterruptedException {
            synchronized (Tape.this) {
                while (position == end && !complete) Tape.this.wait();
                Tape.this.notifyAll();
                return Optional.ofNullable(chunks.get(position++));
            }
        }

        @Override
        public void close() {
            synchronized (Tape.this) {
                readers.remove(this);
                Tape.this.notifyAll();
            }
        }
    }
}

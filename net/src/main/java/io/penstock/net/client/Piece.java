package io.penstock.net.client;

import io.penstock.net.Datagram;
import io.penstock.net.Loop;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/** Something that waits to be sent. */
sealed interface Piece {
    /** How much it counts for the marks. */
    long weight();

    /** How many bytes it is. */
    long size();

    /** Bytes, to which others may be added as long as it waits. */
    final class Bytes implements Piece {
        static final int LEAST = 16 * 1024;

        private final byte[] bytes;
        private int size;

        private Bytes(int capacity) {
            bytes = new byte[capacity];
        }

        static Bytes of(byte[] from, int offset, int count) {
            var copy = new Bytes(Math.max(LEAST, count));
            copy.add(from, offset, count);
            return copy;
        }

        /** False, and nothing is added, when it has no room. */
        boolean add(byte[] from, int offset, int count) {
            if (count > bytes.length - size) return false;
            System.arraycopy(from, offset, bytes, size, count);
            size += count;
            return true;
        }

        byte[] bytes() {
            return bytes;
        }

        @Override
        public long weight() {
            return size;
        }

        @Override
        public long size() {
            return size;
        }
    }

    /** A part of a file, which is this one's to close. It takes no memory, but it does take a descriptor. */
    record File(FileChannel file, long offset, long size) implements Piece {
        private static final int WEIGHT = 64 * 1024;

        @Override
        public long weight() {
            return WEIGHT;
        }

        /** All of a file. On a loop's thread a worker opens it. */
        static File open(Path path) throws IOException {
            Loop loop = Loop.current();
            if (loop == null) return opened(path);
            var opening = new CompletableFuture<File>();
            try {
                return loop.offload(() -> {
                    File file = opened(path);
                    opening.complete(file);
                    return file;
                });
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                opening.thenAccept(File::close); // now, or as soon as it is open
                throw new IOException("opening the file was given up", e);
            }
        }

        private static File opened(Path path) throws IOException {
            if (!Files.isRegularFile(path) && Files.exists(path)) {
                throw new FileSystemException(path.toString(), null, "is no regular file");
            }
            FileChannel file = FileChannel.open(path);
            try {
                return new File(file, 0, file.size());
            } catch (IOException e) {
                file.close();
                throw e;
            }
        }

        File part(long from, long length) {
            if (from < 0 || length < 0 || length > size - from) {
                close();
                throw new IllegalArgumentException(
                        "a file of " + size + " bytes has no part of " + length + " from " + from);
            }
            return new File(file, from, length);
        }

        void close() {
            try {
                file.close();
            } catch (IOException e) {
                // it was only read
            }
        }
    }

    /** A datagram. */
    record Message(Datagram datagram) implements Piece {
        /** What one takes in memory besides its bytes, of which there may be none. */
        private static final int OVERHEAD = 256;

        @Override
        public long weight() {
            return OVERHEAD + size();
        }

        @Override
        public long size() {
            return datagram.data().length;
        }
    }

    /** The end of the stream. */
    record End() implements Piece {
        @Override
        public long weight() {
            return 0;
        }

        @Override
        public long size() {
            return 0;
        }
    }
}

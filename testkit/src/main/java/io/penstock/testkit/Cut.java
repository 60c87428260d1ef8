package io.penstock.testkit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * How bytes are cut on their way: nothing that reads a stream may notice.
 *
 * <p>Immutable. Its text names the seed, so a failure can be repeated with {@code -Dpenstock.seed=}.
 */
public sealed interface Cut {
    /** All bytes at once. */
    record Whole() implements Cut {
        @Override
        public List<byte[]> pieces(byte[] bytes) {
            return bytes.length == 0 ? List.of() : List.of(bytes);
        }

        @Override
        public String toString() {
            return "whole";
        }
    }

    /**
     * Pieces of the same size, the last one excepted.
     *
     * @param size of a piece in bytes; 1 or more
     */
    record Every(int size) implements Cut {
        public Every {
            if (size < 1) throw new IllegalArgumentException("a piece has at least one byte, not " + size);
        }

        @Override
        public List<byte[]> pieces(byte[] bytes) {
            var pieces = new ArrayList<byte[]>();
            for (int from = 0; from < bytes.length; from += size) {
                pieces.add(Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + size)));
            }
            return pieces;
        }

        @Override
        public String toString() {
            return size == 1 ? "byte by byte" : "every " + size + " bytes";
        }
    }

    /**
     * Two pieces.
     *
     * @param place how many bytes the first one has; the second may be empty, and is none then
     */
    record At(int place) implements Cut {
        @Override
        public List<byte[]> pieces(byte[] bytes) {
            if (place <= 0 || place >= bytes.length) return WHOLE.pieces(bytes);
            return List.of(Arrays.copyOf(bytes, place), Arrays.copyOfRange(bytes, place, bytes.length));
        }

        @Override
        public String toString() {
            return "behind " + place + " bytes";
        }
    }

    /**
     * Pieces of random sizes, small ones more often than large ones; the same for the same seed.
     *
     * @param seed what the sizes are drawn from
     */
    record AtRandom(long seed) implements Cut {
        @Override
        public List<byte[]> pieces(byte[] bytes) {
            var random = new Random(seed);
            var pieces = new ArrayList<byte[]>();
            int largest = Math.max(8, bytes.length / 4);
            for (int from = 0; from < bytes.length; ) {
                int size = random.nextBoolean() ? 1 + random.nextInt(8) : 1 + random.nextInt(largest);
                int to = Math.min(bytes.length, from + size);
                pieces.add(Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            return pieces;
        }

        @Override
        public String toString() {
            return "at random, seed " + seed;
        }
    }

    Cut WHOLE = new Whole();
    Cut BYTE_BY_BYTE = new Every(1);

    /** Random pieces, from the seed of this run. */
    static Cut random() {
        return new AtRandom(Payload.SEED);
    }

    /** The pieces: joined, they are the bytes; none is empty. */
    List<byte[]> pieces(byte[] bytes);
}

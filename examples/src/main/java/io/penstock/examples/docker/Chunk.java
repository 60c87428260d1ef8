package io.penstock.examples.docker;

/**
 * A piece of what a job has written.
 *
 * @param channel through which it has: {@link #OUTPUT}, {@link #ERROR}, or for the engine itself {@link #SYSTEM}
 */
record Chunk(int channel, byte[] bytes) {
    static final int OUTPUT = 1;
    static final int ERROR = 2;
    static final int SYSTEM = 3;
}

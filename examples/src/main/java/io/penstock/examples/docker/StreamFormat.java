package io.penstock.examples.docker;

import io.penstock.net.ConnectionException;
import io.penstock.net.Output;
import java.nio.ByteBuffer;

/** How a job's output is written to a client; its input is never framed. */
enum StreamFormat {
    /** Output and error apart: before each piece its channel, three zero bytes and its length. For jobs without a terminal. */
    MULTIPLEXED("application/vnd.docker.multiplexed-stream") {
        @Override
        void send(Chunk chunk, Output to) throws ConnectionException {
            byte[] bytes = chunk.bytes();
            to.send(
                    ByteBuffer.allocate(8)
                            .put((byte) chunk.channel())
                            .putInt(4, bytes.length)
                            .rewind(),
                    ByteBuffer.wrap(bytes));
        }
    },

    /** The bytes as they are. For jobs with a terminal, and over WebSocket. */
    RAW("application/vnd.docker.raw-stream") {
        @Override
        void send(Chunk chunk, Output to) throws ConnectionException {
            to.send(chunk.bytes());
        }
    };

    private final String mediaType;

    StreamFormat(String mediaType) {
        this.mediaType = mediaType;
    }

    String mediaType() {
        return mediaType;
    }

    abstract void send(Chunk chunk, Output to) throws ConnectionException;
}

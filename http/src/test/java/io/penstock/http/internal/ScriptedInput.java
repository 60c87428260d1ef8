package io.penstock.http.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** An input whose chunks are known beforehand; behind them the stream ends. */
final class ScriptedInput extends BufferedInput {
    private final ArrayDeque<byte[]> chunks = new ArrayDeque<>();

    static ScriptedInput of(byte[]... chunks) {
        var input = new ScriptedInput();
        for (byte[] chunk : chunks) {
            if (chunk.length > 0) input.chunks.add(chunk);
        }
        return input;
    }

    /** The text in chunks of that many bytes. */
    static ScriptedInput inPieces(String text, int size) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        var input = new ScriptedInput();
        for (int at = 0; at < bytes.length; at += size) {
            input.chunks.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size)));
        }
        return input;
    }

    /** The text in two chunks. */
    static ScriptedInput cutAt(String text, int place) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return of(Arrays.copyOf(bytes, place), Arrays.copyOfRange(bytes, place, bytes.length));
    }

    @Override
    protected @Nullable ByteBuf next() {
        byte[] chunk = chunks.poll();
        return chunk == null ? null : Unpooled.buffer(chunk.length).writeBytes(chunk);
    }

    @Override
    protected int waiting() {
        return chunks.stream().mapToInt(chunk -> chunk.length).sum();
    }

    @Override
    protected @Nullable SocketAddress peer() {
        return null;
    }
}

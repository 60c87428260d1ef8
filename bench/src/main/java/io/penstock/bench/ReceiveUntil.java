package io.penstock.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.penstock.net.ConnectionException;
import io.penstock.net.Delimited;
import io.penstock.net.internal.BufferedInput;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Cuts an endless stream into parts of 5 KB at their boundary: 5,000 bytes an operation, so 1 op/us are 5 GB/s. One thread. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class ReceiveUntil {
    private static final int PART = 5000;
    private static final int CHUNK = 64 * 1024;
    private static final String BOUNDARY = "\r\n--penstock-boundary-7MA4YWxkTrZu0gW";

    /** What the parts consist of: one letter, random bytes, or lines of 60 bytes that end as the boundary begins. */
    @Param({"letter", "random", "lines"})
    public String content = "letter";

    @Param({"true", "false"})
    public boolean direct = true;

    private Delimited parts = input(new byte[0], true);

    @Setup
    public void open() {
        var stream = new StringBuilder();
        var random = new Random(1);
        for (int i = 0; i < 64; i++) {
            int from = stream.length();
            while (stream.length() < from + PART - BOUNDARY.length()) {
                switch (content) {
                    case "letter" -> stream.append('x');
                    case "random" -> stream.append((char) random.nextInt(256));
                    default -> stream.append("a line of a text file, of the length that is usual for it..\r\n");
                }
            }
            stream.setLength(from + PART - BOUNDARY.length());
            stream.append(BOUNDARY);
        }
        parts = input(stream.toString().getBytes(StandardCharsets.ISO_8859_1), direct);
    }

    @Benchmark
    public byte @Nullable [] whole() throws ConnectionException {
        return parts.next();
    }

    @Benchmark
    public int sized() throws ConnectionException {
        int total = 0;
        for (byte[] some = parts.next(4096); some != null; some = parts.next(4096)) total += some.length;
        return total;
    }

    private static Delimited input(byte[] stream, boolean direct) {
        ByteBuf all = direct
                ? PooledByteBufAllocator.DEFAULT.directBuffer(stream.length + 1)
                : PooledByteBufAllocator.DEFAULT.heapBuffer(stream.length + 1);
        all.writeBytes(stream);
        return new BufferedInput() {
            private int at;

            @Override
            protected ByteBuf next() {
                int from = at;
                int size = Math.min(CHUNK, all.readableBytes() - from);
                at = from + size == all.readableBytes() ? 0 : from + size;
                return all.retainedSlice(from, size);
            }

            @Override
            protected int waiting() {
                return 0;
            }

            @Override
            protected @Nullable SocketAddress peer() {
                return null;
            }
        }.receiveUntil(BOUNDARY);
    }
}

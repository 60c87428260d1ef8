package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.penstock.net.Spawned;
import io.penstock.net.event.IoBuffer;
import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** What operations do with a buffer on their loop while its owner is at it. */
class BlockChainTest {
    private static final int PIECE = 100;
    private static final int THEIRS = 0x80;

    private final BlockChain buffer = BlockChain.open(1000);

    /** For half a second: writes again and again, and returns how many bytes that were. */
    private static Spawned<Integer> writing(IntUnaryOperator write) {
        long end = System.nanoTime() + 500_000_000;
        return Spawned.onPlatformThread(() -> {
            int written = 0;
            while (System.nanoTime() - end < 0) written += write.applyAsInt(written);
            return written;
        });
    }

    /** The next bytes of one of two writers: seven bits of their number, and whose they are. */
    private static byte[] piece(int from, int whose) {
        var bytes = new byte[PIECE];
        for (int i = 0; i < PIECE; i++) bytes[i] = (byte) ((from + i) & 0x7f | whose);
        return bytes;
    }

    /** As where a handler puts something of its own into what is being received. */
    @Test
    void whatIsWrittenAndWhatIsReceivedMeanwhileDoNotTouchEachOther() {
        try (buffer) {
            IoBuffer.Reader reader = buffer.reader();
            var owner = writing(from -> buffer.write(ByteBuffer.wrap(piece(from, 0))));
            var operation = writing(from -> {
                if (buffer.room() < PIECE) return 0;
                assertThat(buffer.append(Unpooled.wrappedBuffer(piece(from, THEIRS))))
                        .isTrue();
                return PIECE;
            });
            int ours = 0;
            int theirs = 0;
            int wrong = 0;
            while (!owner.isDone() || !operation.isDone() || reader.available() > 0) {
                for (byte each : reader.read(Integer.MAX_VALUE)) {
                    int number = (each & THEIRS) == 0 ? ours++ : theirs++;
                    if ((each & 0x7f) != (number & 0x7f)) wrong++;
                }
            }
            assertThat(wrong).isZero();
            assertThat(ours).isEqualTo(owner.value());
            assertThat(theirs).isEqualTo(operation.value());
        }
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Output;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input#transferTo}. */
interface TransferContract extends Contract {
    @Test
    default void aLargeBodyIsMovedToAnotherConnection() throws Exception {
        Ends from = open();
        Ends to = open();
        byte[] body = Payload.random(4 << 20);
        var sending = Call.onPlatformThread(() -> {
            from.peer().send(body, Cut.random());
            from.peer().halfClose();
            return true;
        });
        var moving = from.call(c -> {
            long count = c.transferTo(to.connection());
            to.connection().shutdownOutput();
            return count;
        });
        Payload.expectSame(body, to.peer().readAll());
        assertThat(moving.value()).isEqualTo(body.length);
        sending.value();
    }

    @EveryCut
    default void whatWasBufferedOrPutBackIsMovedFirst(Cut cut) throws Exception {
        Ends from = open();
        Ends to = open();
        var moving = from.call(c -> {
            assertThat(c.receiveLine()).isEqualTo("head");
            c.unread(ByteBuffer.wrap(Payload.bytes("put back, ")));
            return c.transferTo(to.connection());
        });
        from.feed("head\nand the rest", cut);
        from.peer().halfClose();
        assertThat(moving.value()).isEqualTo(22);
        assertThat(to.peer().read(22)).isEqualTo(Payload.bytes("put back, and the rest"));
    }

    @Test
    default void anEmptyStreamMovesNothing() throws Exception {
        Ends from = open();
        Ends to = open();
        from.peer().halfClose();
        assertThat(from.call(c -> c.transferTo(to.connection())).value()).isZero();
    }

    @EveryCut
    default void anyOutputWillDo(Cut cut) throws Exception {
        Ends from = open();
        var recorder = new Recorder();
        byte[] sent = Payload.random(250);
        var moving = from.call(c -> c.transferTo(recorder));
        from.feed(sent, cut);
        from.peer().halfClose();
        assertThat(moving.value()).isEqualTo(sent.length);
        assertThat(recorder.bytes.toByteArray()).isEqualTo(sent);
    }

    @Test
    default void noMoreIsReadThanTheOutputTakes() throws Exception {
        Ends from = open();
        Ends to = open();
        long total = kind().mostUnderWay() * 2;
        var sending = Call.onPlatformThread(() -> {
            var stream = new Stream();
            while (stream.position() < total) from.peer().send(stream.next(64 * 1024));
            from.peer().halfClose();
            return true;
        });
        var moving = from.call(c -> {
            long count = c.transferTo(to.connection());
            to.connection().shutdownOutput();
            return count;
        });
        BackPressureContract.settled(() -> from.received());
        assertThat(from.received()).isLessThan(kind().mostUnderWay());
        var expected = new Stream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (to.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(total);
        assertThat(moving.value()).isEqualTo(total);
        sending.value();
    }

    @Test
    default void anOutputThatFailsFailsTheMove() throws Exception {
        Ends from = open();
        Ends to = open();
        to.connection().abort();
        from.feed("lost", Cut.WHOLE);
        from.call(c -> c.transferTo(to.connection())).failing(Reason.CLOSED);
        from.act(c -> c.send("still here")).value();
        assertThat(from.peer().read(10)).isEqualTo(Payload.bytes("still here"));
    }

    /** An output that is no connection of ours. */
    final class Recorder implements Output {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        byte[] bytes() {
            return bytes.toByteArray();
        }

        @Override
        public long send(byte[] sent, int offset, int length) {
            bytes.writeBytes(Arrays.copyOfRange(sent, offset, offset + length));
            return length;
        }

        @Override
        public long send(CharSequence text) {
            byte[] sent = text.toString().getBytes(StandardCharsets.UTF_8);
            return send(sent, 0, sent.length);
        }

        @Override
        public long send(ByteBuffer... buffers) {
            long total = 0;
            for (ByteBuffer buffer : buffers) {
                var sent = new byte[buffer.remaining()];
                buffer.get(sent);
                total += send(sent, 0, sent.length);
            }
            return total;
        }

        @Override
        public long send(FileChannel file, long position, long count) {
            throw new UnsupportedOperationException("a recorder takes no files");
        }

        @Override
        public void flush() {
            // there is nothing on its way
        }

        @Override
        public OutputStream outputStream() {
            return bytes;
        }
    }
}

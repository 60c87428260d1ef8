package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * {@link Packets} against a parser that has the whole stream before it: random packets of every kind, in random chunks, with timeouts, by every
 * form of receiving in turn, plain ones between. More of them with {@code -Dpenstock.packets=}.
 */
final class RandomPacketsTest {
    private static final long SEED = Long.getLong("penstock.seed", System.nanoTime() & 0xffff_ffffL);
    private static final long PACKETS = Long.getLong("penstock.packets", 400_000);

    @Test
    void packetsAreThoseOfANaiveParser() throws Exception {
        long seed = SEED;
        for (long count = 0; count < PACKETS; seed++) {
            var round = new Round(new Random(seed));
            try {
                round.run();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "with -Dpenstock.seed=" + seed + ", " + round.model.framing() + ": " + e.getMessage(), e);
            }
            count += 1 + round.received;
        }
    }

    private static final class Round {
        private final Random random;
        private final NaivePackets model;
        private final byte[] stream;
        private final Chunks input;
        private final Framed packets;

        private int at;
        private int received;

        Round(Random random) {
            this.random = random;
            model = NaivePackets.random(random);
            stream = model.stream();
            input = new Chunks(stream, random);
            packets = input.framed(model.framing());
        }

        private void run() throws Exception {
            while (true) {
                if (random.nextInt(40) == 0 && at < stream.length) {
                    receivePlainly();
                    continue;
                }
                int length = model.length(at);
                try {
                    switch (random.nextInt(3)) {
                        case 0 -> {
                            byte[] packet = packets.receive();
                            if (packet == null) {
                                expectEnd();
                                return;
                            }
                            check(length, ByteBuffer.wrap(packet));
                        }
                        case 1 -> {
                            byte[] packet = packets.poll();
                            if (packet == null) continue;
                            check(length, ByteBuffer.wrap(packet));
                        }
                        default -> {
                            boolean one = packets.receive(packet -> {
                                check(model.length(at), packet);
                                return random.nextInt(8) > 0;
                            });
                            if (!one) {
                                expectEnd();
                                return;
                            }
                        }
                    }
                } catch (ConnectionException e) {
                    if (e.reason() == Reason.TIMEOUT) continue;
                    expectEnd(e);
                    return;
                }
            }
        }

        private void check(int length, ByteBuffer packet) {
            int cut = length > 0 ? model.cutOff(at, length) : 0;
            if (!packet.equals(ByteBuffer.wrap(stream, at, Math.max(0, length - cut)))) {
                throw new AssertionError("at " + at + " came " + packet + " instead of " + length + " bytes");
            }
            at += length;
            received++;
        }

        private void receivePlainly() throws ConnectionException {
            try {
                byte[] some = input.receiveAny(1 + random.nextInt(5));
                assertThat(some).isEqualTo(Arrays.copyOfRange(stream, at, at + some.length));
                if (random.nextBoolean()) input.unread(ByteBuffer.wrap(some));
                else at += some.length;
            } catch (ConnectionException e) {
                assertThat(e.reason()).isEqualTo(Reason.TIMEOUT);
                at += e.partial().length;
            }
        }

        private void expectEnd() {
            assertThat(at).isEqualTo(stream.length);
            input.expectRelease();
        }

        private void expectEnd(ConnectionException e) throws ConnectionException {
            int length = model.length(at);
            assertThat(e.reason()).isEqualTo(length < 0 ? Reason.FRAMING : Reason.EOF);
            byte[] rest = Arrays.copyOfRange(stream, at, stream.length);
            if (e.reason() == Reason.EOF) assertThat(length).isZero();
            assertThat(rest).startsWith(e.partial());
            if (e.reason() == Reason.EOF) assertThat(rest).isEqualTo(e.partial());
            input.expectRelease();
        }
    }

    /** Chunks as links make them: large and small, direct and not, with room behind them, or none as others share them. Some are late. */
    private static final class Chunks extends BufferedInput {
        private static final ConnectionException LATE = ConnectionException.of(Reason.TIMEOUT, Phase.READ, null);

        private final Random random;
        private final ByteBuf all;
        private final int largest;
        private boolean late;

        Chunks(byte[] stream, Random random) {
            this.random = random;
            this.all = random.nextInt(50) == 0
                    ? Unpooled.directBuffer().writeBytes(stream)
                    : Unpooled.wrappedBuffer(stream);
            this.largest = 1 << random.nextInt(11);
        }

        /** Nobody else has anything of it any more. */
        void expectRelease() {
            assertThat(held()).isZero();
            assertThat(all.refCnt()).isEqualTo(1);
            all.release();
        }

        @Override
        protected @Nullable ByteBuf next() throws ConnectionException {
            if (late && random.nextInt(8) == 0) throw LATE;
            late = random.nextInt(3) == 0;
            if (!all.isReadable()) return null;
            int size = Math.min(all.readableBytes(), 1 + random.nextInt(largest));
            return switch (random.nextInt(3)) {
                case 0 -> all.readRetainedSlice(size);
                case 1 -> all.readRetainedSlice(size).asReadOnly();
                default ->
                    Unpooled.buffer(size + random.nextInt(largest))
                            .writeZero(2)
                            .skipBytes(2)
                            .writeBytes(all, size);
            };
        }

        @Override
        protected int waiting() {
            return late ? 0 : all.readableBytes();
        }

        @Override
        protected java.net.@Nullable SocketAddress peer() {
            return null;
        }
    }
}

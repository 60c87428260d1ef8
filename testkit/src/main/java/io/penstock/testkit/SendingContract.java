package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Output}: bytes, text, buffers, flushing, and the stream view. */
interface SendingContract extends Contract {
    @EveryCut
    default void bytesArriveAsSent(Cut cut) throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(300);
        var call = ends.call(c -> {
            long total = 0;
            for (byte[] piece : cut.pieces(sent)) total += c.send(piece);
            return total;
        });
        assertThat(ends.peer().read(sent.length)).isEqualTo(sent);
        assertThat(call.value()).isEqualTo(sent.length);
    }

    @Test
    default void aPartOfAnArrayIsSent() throws Exception {
        Ends ends = open();
        assertThat(ends.call(c -> c.send(Payload.bytes("hello world"), 6, 5)).value())
                .isEqualTo(5);
        assertThat(ends.peer().read(5)).isEqualTo(Payload.bytes("world"));
    }

    @Test
    default void sendingNothingIsNothing() throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            long nothing =
                    c.send(new byte[0]) + c.send("") + c.send(new ByteBuffer[0]) + c.send(ByteBuffer.allocate(0));
            c.flush();
            return nothing;
        });
        assertThat(call.value()).isZero();
        ends.act(c -> c.send("x")).value();
        assertThat(ends.peer().read(1)).isEqualTo(Payload.bytes("x"));
    }

    @Test
    default void aPartOutsideTheArrayIsRefusedAndChangesNothing() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    var three = new byte[3];
                    for (int[] part : new int[][] {{0, 4}, {-1, 2}, {2, 2}, {0, -1}}) {
                        assertThatThrownBy(() -> c.send(three, part[0], part[1]))
                                .isInstanceOfAny(IndexOutOfBoundsException.class, IllegalArgumentException.class);
                    }
                    c.send("fine");
                    c.shutdownOutput();
                })
                .value();
        assertThat(ends.peer().readAll()).isEqualTo(Payload.bytes("fine"));
    }

    @Test
    default void theArrayMayBeReusedAsSoonAsTheCallReturns() throws Exception {
        Ends ends = open();
        for (int size : new int[] {10, 100_000}) {
            byte[] sent = Payload.random(size);
            var call = ends.act(c -> {
                byte[] mine = sent.clone();
                c.send(mine);
                Arrays.fill(mine, (byte) 0);
                ByteBuffer direct = ByteBuffer.allocateDirect(size).put(sent).flip();
                c.send(direct);
                direct.clear().put(new byte[size]);
            });
            assertThat(ends.peer().read(size)).isEqualTo(sent);
            assertThat(ends.peer().read(size)).isEqualTo(sent);
            call.value();
        }
    }

    @Test
    default void textIsSentAsUtf8() throws Exception {
        Ends ends = open();
        String text = "Grüße, 世界 \uD83C\uDF0A\n";
        byte[] expected = Payload.bytes(text);
        var call = ends.call(c -> c.send(text) + c.send(new StringBuilder(text)));
        assertThat(call.value()).isEqualTo(2L * expected.length);
        assertThat(ends.peer().read(2 * expected.length)).isEqualTo(Payload.join(expected, expected));
    }

    @Test
    default void severalBuffersAreSentAsOne() throws Exception {
        Ends ends = open();
        ByteBuffer heap = ByteBuffer.wrap(Payload.bytes("..heap")).position(2);
        ByteBuffer slice = ByteBuffer.wrap(Payload.bytes("..slice..")).slice(2, 5);
        ByteBuffer direct =
                ByteBuffer.allocateDirect(6).put(Payload.bytes("direct")).flip();
        ByteBuffer readOnly = ByteBuffer.wrap(Payload.bytes("read-only")).asReadOnlyBuffer();
        ByteBuffer[] all = {heap, ByteBuffer.allocate(0), slice, direct, readOnly};
        assertThat(ends.call(c -> c.send(all)).value()).isEqualTo(24);
        assertThat(ends.peer().read(24)).isEqualTo(Payload.bytes("heapslicedirectread-only"));
        for (ByteBuffer buffer : all) assertThat(buffer.remaining()).isZero();
    }

    @Test
    default void afterAFlushTheOperatingSystemHasEverything() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    c.flush();
                    c.send(new byte[30_000]);
                    c.flush();
                    assertThat(ends.sent()).isEqualTo(30_000);
                })
                .value();
        assertThat(ends.peer().read(30_000)).isEqualTo(new byte[30_000]);
    }

    @Test
    default void withoutAFlushEverythingIsSentAllTheSame() throws Exception {
        Ends ends = open();
        ends.act(c -> c.send("soon")).value();
        assertThat(ends.peer().read(4)).isEqualTo(Payload.bytes("soon"));
    }

    @Test
    default void manySmallSendsArriveInOrder() throws Exception {
        Ends ends = open();
        var expected = new ByteArrayOutputStream();
        var random = new Random(Payload.SEED);
        byte[][] pieces = new byte[5000][];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = new byte[1 + random.nextInt(7)];
            random.nextBytes(pieces[i]);
            expected.writeBytes(pieces[i]);
        }
        var call = ends.act(c -> {
            for (byte[] piece : pieces) c.send(piece);
            c.shutdownOutput();
        });
        assertThat(ends.peer().readAll()).isEqualTo(expected.toByteArray());
        call.value();
    }

    @Test
    default void aLargeBodyArrivesWholeAtAPeerThatReadsInSmallPieces() throws Exception {
        Ends ends = open();
        byte[] body = Payload.random(4 << 20);
        var call = ends.act(c -> {
            c.send(body);
            c.shutdownOutput();
        });
        var digest = Payload.sha256();
        var random = new Random(Payload.SEED);
        ByteBuffer into = ByteBuffer.allocate(40_000);
        while (ends.peer().read(into.clear().limit(1 + random.nextInt(40_000))) >= 0) {
            digest.update(into.flip());
        }
        assertThat(digest.digest()).isEqualTo(Payload.sha256().digest(body));
        call.value();
    }

    @Test
    default void theStreamViewSendsTheSameBytes() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    OutputStream stream = c.outputStream();
                    stream.write('a');
                    stream.write(Payload.bytes("..bc.."), 2, 2);
                    stream.write(Payload.bytes("d"));
                    stream.flush();
                    assertThat(ends.sent()).isEqualTo(4);
                    stream.write('e');
                    stream.close();
                    assertThat(ends.sent()).isEqualTo(5);
                    c.send("f");
                })
                .value();
        assertThat(ends.peer().read(6)).isEqualTo(Payload.bytes("abcdef"));
    }

    @Test
    default void theFailureOfASendIsThrownByALaterOne() throws Exception {
        Ends ends = open();
        ends.act(c -> {
                    c.send("unread");
                    c.flush();
                })
                .value();
        ends.peer().reset();
        ConnectionException failure = ends.act(c -> {
                    long end = System.nanoTime() + Await.LIMIT.toNanos(); // a reset is noticed when it is there
                    while (System.nanoTime() - end < 0) {
                        c.send("into the void");
                        c.flush();
                    }
                })
                .failing(Reason.RESET);
        assertThat(failure.phase()).isEqualTo(Phase.WRITE);
        assertThat(failure.peer()).isEqualTo(ends.connection().remoteAddress());
        ends.act(c -> c.send("more")).throwing(ConnectionException.class);
    }
}

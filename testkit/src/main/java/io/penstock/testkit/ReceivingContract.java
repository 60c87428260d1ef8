package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input}: bytes by number, by what is there, and to the end. */
interface ReceivingContract extends Contract {
    @EveryCut
    default void exactlyTheBytesAskedForAreReceived(Cut cut) throws Exception {
        Ends ends = open();
        var all = new byte[256];
        for (int i = 0; i < all.length; i++) all[i] = (byte) i;
        var pieces = ends.call(c -> List.of(c.receive(1), c.receive(100), c.receive(155)));
        ends.feed(all, cut);
        assertThat(pieces.value().get(0)).isEqualTo(Arrays.copyOf(all, 1));
        assertThat(pieces.value().get(1)).isEqualTo(Arrays.copyOfRange(all, 1, 101));
        assertThat(pieces.value().get(2)).isEqualTo(Arrays.copyOfRange(all, 101, 256));
    }

    @Test
    default void noBytesAreReceivedAtOnce() throws Exception {
        Ends ends = open();
        assertThat(ends.call(c -> c.receive(0)).value()).isEmpty();
        ends.peer().halfClose();
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
        assertThat(ends.call(c -> c.receive(0)).value()).isEmpty();
    }

    @EveryCut
    default void theEndBeforeTheLastByteIsAFailureThatCarriesTheOthers(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(c -> c.receive(10));
        ends.feed("foo", cut);
        ends.peer().halfClose();
        ConnectionException failure = call.failing(Reason.EOF);
        assertThat(failure.partial()).isEqualTo(Payload.bytes("foo"));
        assertThat(failure.phase()).isEqualTo(Phase.READ);
        assertThat(failure.peer()).isEqualTo(ends.connection().remoteAddress());
        assertThat(ends.call(c -> c.receive(1)).failing(Reason.EOF).partial()).isEmpty();
        assertThat(ends.call(c -> c.receive(1)).failing(Reason.EOF).partial()).isEmpty();
    }

    @EveryCut
    default void aStreamIsReceivedInEqualPiecesAndARest(Cut cut) throws Exception {
        Ends ends = open();
        byte[] stream = Arrays.copyOf(Payload.random(100), 102);
        stream[100] = 'o';
        stream[101] = '\n';
        var pieces = ends.call(c -> {
            var got = new ArrayList<byte[]>();
            for (int i = 0; i < 10; i++) got.add(c.receive(10));
            return Payload.join(got.toArray(byte[][]::new));
        });
        ends.feed(stream, cut);
        ends.peer().halfClose();
        assertThat(pieces.value()).isEqualTo(Arrays.copyOf(stream, 100));
        assertThat(ends.call(c -> c.receive(10)).failing(Reason.EOF).partial()).isEqualTo(Payload.bytes("o\n"));
    }

    @EveryCut
    default void everythingIsReceivedUpToTheEnd(Cut cut) throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(300);
        var call = ends.call(Connection::receiveAll);
        ends.feed(sent, cut);
        ends.peer().halfClose();
        assertThat(call.value()).isEqualTo(sent);
        assertThat(ends.call(Connection::receiveAll).value()).isEmpty();
    }

    @EveryCut
    default void moreThanTheLimitIsTooLongAndNothingIsLost(Cut cut) throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(100);
        var call = ends.call(c -> c.receiveAll(60));
        ends.feed(sent, cut);
        ends.peer().halfClose();
        ConnectionException failure = call.failing(Reason.TOO_LONG);
        assertThat(failure.partial()).hasSizeLessThanOrEqualTo(60);
        byte[] rest = ends.call(c -> c.receiveAll(100)).value();
        assertThat(Payload.join(failure.partial(), rest)).isEqualTo(sent);
    }

    @Test
    default void asMuchAsTheLimitIsNotTooLong() throws Exception {
        Ends ends = open();
        ends.feed("12345", Cut.WHOLE);
        ends.peer().halfClose();
        assertThat(ends.call(c -> c.receiveAll(5)).value()).isEqualTo(Payload.bytes("12345"));
        assertThat(ends.call(c -> c.receiveAll(0)).value()).isEmpty();
    }

    @EveryCut
    default void whatIsThereIsReceivedInOrder(Cut cut) throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(200);
        var call = ends.call(c -> {
            var got = new ArrayList<byte[]>();
            try {
                while (true) {
                    byte[] some = c.receiveAny(7);
                    assertThat(some).hasSizeBetween(1, 7);
                    got.add(some);
                }
            } catch (ConnectionException e) {
                assertThat(e.reason()).isEqualTo(Reason.EOF);
                assertThat(e.partial()).isEmpty();
            }
            return Payload.join(got.toArray(byte[][]::new));
        });
        ends.feed(sent, cut);
        ends.peer().halfClose();
        assertThat(call.value()).isEqualTo(sent);
    }

    @Test
    default void whatIsThereIsReceivedWithoutWaitingForMore() throws Exception {
        Ends ends = open();
        ends.feed("abc", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(1)).value()).isEqualTo(Payload.bytes("a"));
        assertThat(ends.call(c -> c.receiveAny(100)).value()).isEqualTo(Payload.bytes("bc"));
    }

    @EveryCut
    default void aBufferIsFilledAsFarAsThereAreBytes(Cut cut) throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(200);
        var call = ends.call(c -> {
            var got = ByteBuffer.allocate(300);
            var direct = ByteBuffer.allocateDirect(16);
            while (true) {
                direct.clear().position(3).limit(11);
                int count = c.read(direct);
                if (count < 0) return Arrays.copyOf(got.array(), got.position());
                assertThat(count).isBetween(1, 8);
                assertThat(direct.position()).isEqualTo(3 + count);
                assertThat(direct.limit()).isEqualTo(11);
                got.put(direct.flip().position(3));
            }
        });
        ends.feed(sent, cut);
        ends.peer().halfClose();
        assertThat(call.value()).isEqualTo(sent);
        assertThat(ends.call(c -> c.read(ByteBuffer.allocate(1))).value()).isEqualTo(-1);
    }

    @Test
    default void aBufferWithoutRoomReadsNothingAndDoesNotWait() throws Exception {
        Ends ends = open();
        assertThat(ends.call(c -> c.read(ByteBuffer.allocate(0))).value()).isZero();
    }

    @Test
    default void misuseIsRefusedAndChangesNothing() throws Exception {
        Ends ends = open();
        ends.feed("hello\n", Cut.WHOLE);
        var call = ends.call(c -> {
            assertThatThrownBy(() -> c.receive(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.receiveLine(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.receiveAll(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.receiveAny(0)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.receiveAny(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.peek(-1)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> c.peek(Connection.LINE_LIMIT + 1)).isInstanceOf(IllegalArgumentException.class);
            ByteBuffer readOnly = ByteBuffer.allocate(4).asReadOnlyBuffer();
            assertThatThrownBy(() -> c.read(readOnly)).isInstanceOf(IllegalArgumentException.class);
            return c.receiveLine();
        });
        assertThat(call.value()).isEqualTo("hello");
    }

    @EveryCut
    default void everyMethodContinuesWhereTheOneBeforeStopped(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            var log = new ArrayList<String>();
            log.add(c.receiveLine());
            log.add(Payload.text(c.receive(3)));
            log.add(Payload.text(c.peek(4)));
            log.add(c.receiveLine());
            c.unread(ByteBuffer.wrap(Payload.bytes("x\ny")));
            log.add(c.receiveLine());
            log.add(Payload.text(c.receive(2)));
            log.add(Payload.text(new byte[] {(byte) c.inputStream().read()}));
            log.add(Payload.text(c.receiveAll()));
            return log;
        });
        ends.feed("first\r\n123line\nABthe rest\r\n", cut);
        ends.peer().halfClose();
        assertThat(call.value()).containsExactly("first", "123", "line", "line", "x", "yA", "B", "the rest\r\n");
    }
}

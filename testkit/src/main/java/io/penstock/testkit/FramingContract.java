package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Framed;
import io.penstock.net.Framing;
import io.penstock.net.LengthType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input#framed}. */
interface FramingContract extends Contract {
    Framing.LengthField BY_LENGTH = Framing.lengthField(LengthType.UINT32).withBodyOffset(4);

    private static byte[] packet(String body) {
        return Payload.join(BY_LENGTH.head(body.length()).array(), Payload.bytes(body));
    }

    @EveryCut
    default void framedAndPlainCallsTakeTurnsAndNothingIsLost(Cut cut) throws Exception {
        Ends ends = open();
        var log = ends.call(c -> {
            var got = new ArrayList<String>();
            Framed packets = c.framed(BY_LENGTH);
            Framed lines = c.framed(Framing.line());
            got.add(Payload.text(one(packets)).substring(4));
            got.add(c.receiveLine());
            got.add(Payload.text(one(lines)));
            got.add(Payload.text(one(c.framed(Framing.delimiter("--")))));
            got.add(Payload.text(c.receive(1)));
            got.add(Payload.text(one(c.framed(Framing.mqtt()))).substring(2));
            c.unread(ByteBuffer.wrap(packet("put back")));
            packets.receive(each -> {
                got.add(Payload.text(each.slice(4, each.limit() - 4)));
                return each.limit() > 4;
            });
            got.add(Payload.text(c.receiveAll()));
            return got;
        });
        byte[] stream = Payload.join(
                packet("first"),
                Payload.bytes("a line\r\nanother\nup to--x"),
                new byte[] {48, 4},
                Payload.bytes("mqtt"),
                packet(""),
                Payload.bytes("rest"));
        ends.feed(stream, cut);
        ends.peer().halfClose();
        List<String> got = log.value();
        assertThat(got.subList(0, 7)).containsExactly("first", "a line", "another", "up to--", "x", "mqtt", "put back");
        // whether the one behind it had come by then is a matter of time
        assertThat(String.join("|", got.subList(7, got.size()))).isIn("|rest", "\0\0\0\0rest");
    }

    @EveryCut
    default void packetsLargerThanAnyBlockComeWhole(Cut cut) throws Exception {
        Ends ends = open();
        byte[] body = Payload.random(cut == Cut.BYTE_BY_BYTE ? 300 : 300_000);
        byte[] packet = Payload.join(BY_LENGTH.head(body.length).array(), body);
        var call = ends.call(c -> {
            Framed packets = c.framed(BY_LENGTH);
            var got = new ArrayList<byte[]>();
            for (byte[] each = packets.receive(); each != null; each = packets.receive()) got.add(each);
            return got;
        });
        ends.feed(Payload.join(packet, packet), cut);
        ends.peer().halfClose();
        assertThat(call.value()).hasSize(2);
        for (byte[] each : call.value()) Payload.expectSame(packet, each);
    }

    @Test
    default void aTimeoutLeavesTheBeginningOfThePacketForTheNextCall() throws Exception {
        Ends ends = open();
        ends.connection().timeouts(ends.connection().timeouts().withRead(TimeoutContract.SHORT));
        Framed packets = ends.connection().framed(BY_LENGTH);
        byte[] packet = packet("in two halves");
        var halves = new Cut.At(7).pieces(packet);
        ends.feed(halves.get(0), Cut.WHOLE);
        ConnectionException failure = ends.call(_ -> one(packets)).failing(Reason.TIMEOUT);
        assertThat(failure.partial()).isEmpty();
        assertThat(ends.connection().buffered()).isEqualTo(7);
        ends.feed(halves.get(1), Cut.WHOLE);
        assertThat(ends.call(_ -> one(packets)).value()).isEqualTo(packet);
    }

    @EveryCut
    default void theEndIsOneBehindAPacketOrWithinOne(Cut cut) throws Exception {
        Ends ends = open();
        Framed packets = ends.connection().framed(BY_LENGTH);
        var first = ends.call(_ -> one(packets));
        ends.feed(Payload.join(packet("whole"), packet("cut off")), cut);
        assertThat(first.value()).isEqualTo(packet("whole"));
        assertThat(ends.call(_ -> one(packets)).value()).isEqualTo(packet("cut off"));
        ends.feed(new byte[] {0, 0, 0, 9, 'x'}, cut);
        ends.peer().halfClose();
        var end = ends.call(_ -> one(packets)).failing(Reason.EOF);
        assertThat(end.partial()).containsExactly(0, 0, 0, 9, 'x');
        assertThat(end.text()).isEqualTo("the stream has ended within a packet, 5 bytes behind its beginning");
        assertThat(ends.call(_ -> packets.receive() == null).value()).isTrue();
        assertThat(ends.call(_ -> packets.receive(_ -> true)).value()).isFalse();
    }

    @EveryCut
    default void behindWhatIsNoPacketNothingIsReceivedAndSendingGoesOn(Cut cut) throws Exception {
        Ends ends = open();
        Framed packets = ends.connection().framed(BY_LENGTH);
        var call = ends.call(_ -> one(packets));
        ends.feed(new byte[] {-1, -1, -1, -1, 'x'}, cut);
        ConnectionException failure = call.failing(Reason.FRAMING);
        assertThat(failure.phase()).isEqualTo(ConnectionException.Phase.READ);
        assertThat(failure.partial()).startsWith(-1, -1, -1, -1);
        ends.call(_ -> one(packets)).failing(Reason.FRAMING);
        ends.call(c -> c.receiveAny(1)).failing(Reason.FRAMING);
        ends.act(c -> c.send("bad length")).value();
        assertThat(ends.peer().read(10)).isEqualTo(Payload.bytes("bad length"));
        ends.act(c -> c.close()).value();
        ends.call(_ -> one(packets)).failing(Reason.CLOSED);
    }

    /** The reference's TT-3: whoever closes in the first of several packets that have come gets no other. */
    @Test
    default void closedWithinAHandlerItHandsOutNoMore() throws Exception {
        Ends ends = open();
        ends.feed("a\r\n\r\nb\r\n\r\nc\r\n\r\n", Cut.WHOLE);
        Await.until("all of it is there", () -> ends.connection().buffered() == 15);
        var handled = new ArrayList<String>();
        Framed packets = ends.connection().framed(Framing.delimiter("\r\n\r\n"));
        ends.call(c -> packets.receive(packet -> {
                    handled.add(Payload.text(packet));
                    c.close();
                    handled.add(Payload.text(packet.rewind()));
                    return true;
                }))
                .value();
        assertThat(handled).containsExactly("a\r\n\r\n", "a\r\n\r\n");
        ends.call(_ -> packets.poll() == null).failing(Reason.CLOSED);
    }

    @Test
    default void onlyOneReceivesAtATime() throws Exception {
        Ends ends = open();
        Framed packets = ends.connection().framed(Framing.line());
        var first = ends.call(_ -> one(packets)).parked();
        ends.call(_ -> one(packets)).failing(Reason.BUSY_READING);
        ends.call(_ -> packets.poll() == null).failing(Reason.BUSY_READING);
        ends.call(c -> c.receiveAny(1)).failing(Reason.BUSY_READING);
        ends.feed("one\ntwo\n", Cut.WHOLE);
        assertThat(first.value()).isEqualTo(Payload.bytes("one"));
        ends.call(c -> packets.receive(_ -> c.receive(1).length > 0)).failing(Reason.BUSY_READING);
    }

    private static byte[] one(Framed packets) throws ConnectionException {
        return Objects.requireNonNull(packets.receive());
    }
}

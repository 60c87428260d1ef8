package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;

/** {@link io.penstock.net.Input}: looking ahead, putting back, what is buffered, and the stream view. */
interface BufferingContract extends Contract {
    @EveryCut
    default void peekingConsumesNothing(Cut cut) throws Exception {
        Ends ends = open();
        var seen = ends.call(c -> {
            var log = new ArrayList<String>();
            for (int size : new int[] {3, 5, 1, 11}) log.add(Payload.text(c.peek(size)));
            log.add(Payload.text(c.receive(6)));
            log.add(Payload.text(c.peek(3)));
            log.add(Payload.text(c.receive(5)));
            return log;
        });
        ends.feed("hello world", cut);
        assertThat(seen.value()).containsExactly("hel", "hello", "h", "hello world", "hello ", "wor", "world");
    }

    @EveryCut
    default void peekingShowsFewerBytesOnlyAtTheEnd(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(c -> c.peek(10));
        ends.feed("foo", cut);
        ends.peer().halfClose();
        ByteBuffer seen = call.value();
        assertThat(Payload.text(seen)).isEqualTo("foo");
        assertThat(seen.isReadOnly()).isTrue();
        assertThat(ends.call(Connection::receiveAll).value()).isEqualTo(Payload.bytes("foo"));
        assertThat(ends.call(c -> c.peek(1)).value().hasRemaining()).isFalse();
    }

    @Test
    default void aPeekOfNothingDoesNotWait() throws Exception {
        assertThat(open().call(c -> c.peek(0)).value().hasRemaining()).isFalse();
    }

    @Test
    default void asMuchAsALongestLineCanBePeekedAt() throws Exception {
        Ends ends = open();
        byte[] sent = Payload.random(Connection.LINE_LIMIT + 1000);
        var call = ends.call(c -> c.peek(Connection.LINE_LIMIT));
        ends.feed(sent, Cut.random());
        var seen = new byte[Connection.LINE_LIMIT];
        call.value().get(seen);
        assertThat(seen).isEqualTo(java.util.Arrays.copyOf(sent, seen.length));
        assertThat(ends.call(c -> c.receive(sent.length)).value()).isEqualTo(sent);
    }

    @EveryCut
    default void bytesThatArePutBackComeFirst(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            c.unread(ByteBuffer.wrap(Payload.bytes("lo ")));
            c.unread(ByteBuffer.wrap(Payload.bytes("hel")));
            byte[] greeting = c.receive(8);
            c.unread(ByteBuffer.wrap(greeting));
            return c.receiveAll();
        });
        ends.feed("world", cut);
        ends.peer().halfClose();
        assertThat(call.value()).isEqualTo(Payload.bytes("hello world"));
    }

    @Test
    default void bytesCanBePutBackAtTheEnd() throws Exception {
        Ends ends = open();
        ends.peer().halfClose();
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
        ends.act(c -> c.unread(ByteBuffer.wrap(Payload.bytes("again")))).value();
        assertThat(ends.call(c -> c.receive(5)).value()).isEqualTo(Payload.bytes("again"));
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
    }

    @Test
    default void bytesThatArePutBackAreCopied() throws Exception {
        Ends ends = open();
        byte[] mine = Payload.bytes("mine");
        ends.act(c -> c.unread(ByteBuffer.wrap(mine))).value();
        mine[0] = 'X';
        assertThat(ends.call(c -> c.receive(4)).value()).isEqualTo(Payload.bytes("mine"));
    }

    @Test
    default void puttingNothingBackIsNothing() throws Exception {
        Ends ends = open();
        ends.act(c -> c.unread(ByteBuffer.allocate(0))).value();
        assertThat(ends.connection().buffered()).isZero();
    }

    @Test
    default void bufferedBytesAreThoseThatNeedNoWaiting() throws Exception {
        Ends ends = open();
        assertThat(ends.connection().buffered()).isZero();
        ends.feed("hello", Cut.WHOLE);
        assertThat(Payload.text(ends.call(c -> c.peek(5)).value())).isEqualTo("hello");
        assertThat(ends.connection().buffered()).isEqualTo(5);
        assertThat(ends.call(c -> c.receive(2)).value()).hasSize(2);
        assertThat(ends.connection().buffered()).isEqualTo(3);
        ends.act(c -> c.unread(ByteBuffer.allocate(4))).value();
        assertThat(ends.connection().buffered()).isEqualTo(7);
        assertThat(ends.call(c -> c.receive(7)).value()).hasSize(7);
        assertThat(ends.connection().buffered()).isZero();
    }

    @EveryCut
    default void theStreamViewReadsTheSameBytes(Cut cut) throws Exception {
        Ends ends = open();
        var call = ends.call(c -> {
            InputStream stream = c.inputStream();
            var log = new ArrayList<String>();
            log.add(String.valueOf(stream.read()));
            var into = new byte[10];
            assertThat(stream.read(into, 3, 0)).isZero();
            log.add(String.valueOf(stream.readNBytes(into, 2, 5)));
            log.add(Payload.text(java.util.Arrays.copyOfRange(into, 2, 7)));
            log.add(c.receiveLine());
            log.add(Payload.text(stream.readAllBytes()));
            log.add(String.valueOf(stream.read()));
            log.add(String.valueOf(stream.read(into)));
            return log;
        });
        ends.feed("\u007f12345line\r\nthe rest", cut);
        ends.peer().halfClose();
        assertThat(call.value()).containsExactly("127", "5", "12345", "line", "the rest", "-1", "-1");
    }

    @Test
    default void closingTheStreamViewLeavesTheConnectionOpen() throws Exception {
        Ends ends = open();
        ends.act(c -> c.inputStream().close()).value();
        ends.feed("on", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(2)).value()).isEqualTo(Payload.bytes("on"));
        ends.act(c -> c.send("and on")).value();
        assertThat(ends.peer().read(6)).isEqualTo(Payload.bytes("and on"));
    }
}

package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Phase;
import io.penstock.net.ConnectionException.Reason;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One reader and one writer at a time, from any kind of thread. */
interface ConcurrencyContract extends Contract {
    @Test
    default void aSecondReaderIsRefusedAndDisturbsNothing() throws Exception {
        Ends ends = open();
        var first = ends.call(c -> c.receive(5)).parked();
        List<Ends.Act> acts = List.of(
                c -> c.receive(1),
                Connection::receiveLine,
                Connection::receiveAll,
                c -> c.receiveAny(1),
                c -> c.read(ByteBuffer.allocate(1)),
                c -> c.peek(1),
                c -> c.unread(ByteBuffer.allocate(1)),
                c -> c.transferTo(c));
        for (Ends.Act act : acts) {
            assertThat(ends.act(act).failing(Reason.BUSY_READING).phase()).isEqualTo(Phase.READ);
        }
        ends.callFrom(Caller.PLATFORM, c -> c.receive(1)).failing(Reason.BUSY_READING);
        ends.feed("hello", Cut.BYTE_BY_BYTE);
        assertThat(first.value()).isEqualTo(Payload.bytes("hello"));
        var next = ends.call(c -> c.receive(1));
        ends.feed("!", Cut.WHOLE);
        assertThat(next.value()).isEqualTo(Payload.bytes("!"));
    }

    @Test
    default void aSecondWriterIsRefusedAndDisturbsNothing() throws Exception {
        Ends ends = open();
        int total = (int) kind().mostUnderWay();
        var first = ends.act(c -> {
            var stream = new Stream();
            for (int i = 0; i < total / 65_536; i++) c.send(stream.next(65_536));
            c.shutdownOutput();
        });
        BackPressureContract.settled(() -> ends.sent());
        first.parked();
        List<Ends.Act> acts = List.of(
                c -> c.send("x"),
                c -> c.send(new byte[1]),
                c -> c.send(ByteBuffer.allocate(1)),
                Connection::flush,
                c -> c.outputStream().write(1));
        for (Ends.Act act : acts) {
            assertThat(ends.act(act).failing(Reason.BUSY_WRITING).phase()).isEqualTo(Phase.WRITE);
        }
        ends.callFrom(Caller.FOREIGN_VIRTUAL, c -> c.send("x")).failing(Reason.BUSY_WRITING);
        var expected = new Stream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(total);
        first.value();
    }

    @Test
    default void noWriterGetsBetweenTheBuffersOfAnother() throws Exception {
        Ends ends = open();
        var done = new AtomicBoolean();
        var group = Call.onPlatformThread(() -> {
            int sent = 0;
            for (int i = 0; i < 100; i++) {
                ByteBuffer direct = ByteBuffer.allocateDirect(40_000);
                while (direct.hasRemaining()) direct.put((byte) 'd');
                ByteBuffer[] buffers = {
                    ByteBuffer.wrap(Payload.bytes("<")), direct.flip(), ByteBuffer.wrap(Payload.bytes(">"))
                };
                while (true) {
                    try {
                        sent += (int) ends.connection().send(buffers);
                        break;
                    } catch (ConnectionException e) {
                        // the other one was first
                        assertThat(e.reason()).isEqualTo(Reason.BUSY_WRITING);
                    }
                }
            }
            done.set(true);
            return sent;
        });
        var single = Call.onPlatformThread(() -> {
            int sent = 0;
            while (!done.get()) {
                try {
                    sent += (int) ends.connection().send("x");
                } catch (ConnectionException e) {
                    assertThat(e.reason()).isEqualTo(Reason.BUSY_WRITING);
                    Thread.onSpinWait();
                }
            }
            ends.connection().shutdownOutput();
            return sent;
        });
        String arrived = Payload.text(ends.peer().readAll());
        assertThat(arrived).hasSize(group.value() + single.value());
        assertThat(arrived.replace("<" + "d".repeat(40_000) + ">", "")).matches("x*");
    }

    @Test
    default void aReaderThatWaitsDoesNotKeepAWriterFromSending() throws Exception {
        Ends ends = open();
        var reader = ends.call(c -> c.receive(5)).parked();
        for (int i = 0; i < 11; i++) ends.act(c -> c.send("x")).value();
        assertThat(ends.peer().read(11)).isEqualTo(Payload.bytes("xxxxxxxxxxx"));
        assertThat(reader.isDone()).isFalse();
        ends.feed("hello", Cut.WHOLE);
        assertThat(reader.value()).isEqualTo(Payload.bytes("hello"));
    }

    @Test
    default void aWriterThatWaitsDoesNotKeepAReaderFromReceiving() throws Exception {
        Ends ends = open();
        var writer = ends.act(c -> {
            while (true) c.send(new byte[64 * 1024]);
        });
        BackPressureContract.settled(() -> ends.sent());
        writer.parked();
        ends.feed("hello\nworld\n", Cut.BYTE_BY_BYTE);
        assertThat(ends.call(c -> c.receiveLine() + c.receiveLine()).value()).isEqualTo("helloworld");
        ends.connection().abort();
        writer.failing(Reason.CLOSED);
    }

    @ParameterizedTest
    @EnumSource
    default void aLotGoesBothWaysAtOnce(Caller caller) throws Exception {
        Ends ends = open();
        byte[] there = Payload.random(4 << 20);
        byte[] back = Payload.random((4 << 20) + 1);
        var writer = ends.callFrom(caller, c -> {
            c.send(there);
            c.shutdownOutput();
            return true;
        });
        var reader = ends.callFrom(caller, Connection::receiveAll);
        var peerWriter = Call.onPlatformThread(() -> {
            ends.peer().send(back, Cut.random());
            if (!kind().halfCloses()) writer.value();
            ends.peer().halfClose();
            return true;
        });
        var peerReader = Call.onPlatformThread(() -> ends.peer().readAll());
        writer.value();
        peerWriter.value();
        Payload.expectSame(there, peerReader.value());
        Payload.expectSame(back, reader.value());
    }

    @ParameterizedTest
    @EnumSource
    default void aConversationWorksFromEveryKindOfThread(Caller caller) throws Exception {
        Ends ends = open();
        var call = ends.callFrom(caller, c -> {
            int lines = 0;
            while (true) {
                String line = c.receiveLine();
                if (line.equals("bye")) break;
                c.send(line + "\n");
                lines++;
            }
            c.close();
            return lines;
        });
        for (int i = 0; i < 200; i++) {
            byte[] line = Payload.bytes("line " + i + "\n");
            ends.peer().send(line);
            assertThat(ends.peer().read(line.length)).isEqualTo(line);
        }
        ends.peer().send(Payload.bytes("bye\n"));
        assertThat(call.value()).isEqualTo(200);
        ends.peer().expectEnd();
    }

    @Test
    default void aThreadMayTakeOverWhereAnotherOneStopped() throws Exception {
        Ends ends = open();
        ends.feed("0123456789", Cut.WHOLE);
        var got = new StringBuilder();
        for (int i = 0; i < 9; i++) {
            Caller caller = Caller.values()[i % 3];
            got.append(Payload.text(ends.callFrom(caller, c -> c.receive(1)).value()));
        }
        assertThat(got).hasToString("012345678");
    }
}

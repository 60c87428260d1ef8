package io.penstock.net.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A producer that is faster than its peer: what waits is bounded, the order is kept, full and empty take turns. */
class FastProducerTest {
    private static final Duration LASTS = Duration.ofSeconds(Integer.getInteger("penstock.client.seconds", 2));
    private static final int LIMIT = 1 << 20;
    private static final int HIGH = 512 * 1024;

    @Test
    void memoryIsFlatOrderIsKeptFullAndEmptyTakeTurns() throws Exception {
        var told = new Recorder();
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(2));
                var server = new ServerSocket()) {
            server.setReceiveBufferSize(64 * 1024);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Client client = Client.of(
                    loops, ClientOptions.DEFAULT.withMarks(64 * 1024, HIGH).withLimit(LIMIT), told);
            client.connect(server.getLocalSocketAddress());
            try (Socket peer = server.accept()) {
                told.awaitEvent("connect");
                var producer = Spawned.onPlatformThread(() -> produce(client)).within(LASTS.plus(Spawned.LIMIT));
                var consumer = Spawned.onPlatformThread(() -> consume(peer)).within(LASTS.plus(Spawned.LIMIT));
                long sent = producer.value();
                assertThat(consumer.value()).isEqualTo(sent).isPositive();
            }
            told.awaitLast();
        }
        assertThat(told.end).isEqualTo(new ClientEnd(ClientEnd.Cause.CLOSED, 0, null));
        assertTurns(told);
    }

    /** As fast as it can, refused or not; returns how many numbers were accepted. */
    private static long produce(Client client) {
        long next = 0;
        long until = System.nanoTime() + LASTS.toNanos();
        while (System.nanoTime() < until) {
            var numbers = ByteBuffer.allocate(8 * (1 + (int) (next % 512)));
            for (long number = next; numbers.hasRemaining(); number++) numbers.putLong(number);
            if (client.send(numbers.flip())) {
                next += numbers.limit() / 8;
            } else {
                assertThat(numbers.hasRemaining())
                        .as("nothing of it is consumed")
                        .isTrue();
                Thread.onSpinWait();
            }
            assertThat(client.queued()).isLessThanOrEqualTo(LIMIT);
        }
        client.closeAfterFlush();
        return next;
    }

    /** Returns how many numbers have come, in order. */
    private static long consume(Socket peer) throws Exception {
        var in = new DataInputStream(
                new BufferedInputStream(peer.getInputStream(), 4096)); // which is what slows it down
        long next = 0;
        try {
            for (; ; next++) {
                long number = in.readLong();
                if (number != next) throw new AssertionError(number + " in the place of " + next);
            }
        } catch (EOFException e) {
            return next;
        }
    }

    private static void assertTurns(Recorder told) {
        String last = "empty";
        int turns = 0;
        for (String event : told.events) {
            if (event.equals("full") || event.equals("empty")) {
                assertThat(event).isNotEqualTo(last);
                last = event;
                turns++;
            }
        }
        assertThat(turns).as("of full and empty").isGreaterThan(1);
    }
}

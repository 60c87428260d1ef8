package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No byte is lost, doubled or moved, whatever is called in whatever order and however the stream ends. */
interface ConservationContract extends Contract {
    /** How many schedules each test draws. */
    int SCHEDULES = 12;

    @ParameterizedTest
    @ValueSource(strings = {"half-close", "close", "reset"})
    default void everyByteIsReceivedOnceAndInOrder(String ending) throws Exception {
        for (int i = 0; i < SCHEDULES; i++) {
            long seed = Payload.SEED + i;
            try {
                receiveAtRandom(seed, ending);
            } catch (AssertionError e) {
                throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private void receiveAtRandom(long seed, String ending) throws Exception {
        try (Ends ends = open()) {
            var random = new Random(seed);
            byte[] sent = lines(random, random.nextInt(1500));
            boolean reset = ending.equals("reset");
            var receiving = ends.call(c -> {
                if (reset) {
                    // unread by the peer, which makes a reset of its close even on a UNIX socket
                    c.send("unread");
                    c.flush();
                }
                return new Reading(c, sent, new Random(seed + 1)).toTheEnd();
            });
            if (reset) Await.until("there is unread input", () -> ends.sent() > 0);
            for (byte[] piece : new Cut.AtRandom(seed).pieces(sent)) {
                ends.peer().send(piece);
                // a pause now and then, so that readers time out
                if (random.nextInt(4) == 0) Await.stays(Duration.ofMillis(random.nextInt(4)), () -> true);
            }
            switch (ending) {
                case "half-close" -> ends.peer().halfClose();
                case "close" -> ends.peer().close();
                default -> ends.peer().reset();
            }
            int received = receiving.value();
            if (!reset) assertThat(received).isEqualTo(sent.length);
        }
    }

    /** Lines of few different letters, so that delimiters are met, and nearly met. */
    static byte[] lines(Random random, int size) {
        var lines = new byte[size];
        int letters = 2 + random.nextInt(25);
        for (int i = 0; i < size; i++) {
            lines[i] = random.nextInt(8) == 0 ? (byte) '\n' : (byte) ('a' + random.nextInt(letters));
        }
        return lines;
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "half-close", "abort", "reset"})
    default void everyByteIsSentOnceAndInOrder(String ending) throws Exception {
        for (int i = 0; i < SCHEDULES; i++) {
            long seed = Payload.SEED + i;
            try {
                sendAtRandom(seed, ending);
            } catch (AssertionError e) {
                throw new AssertionError("with seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private void sendAtRandom(long seed, String ending) throws Exception {
        try (Ends ends = open()) {
            var random = new Random(seed);
            int sends = random.nextInt(60);
            var sending = ends.call(c -> {
                var stream = new Stream();
                try {
                    for (int i = 0; i < sends; i++) sendSome(c, stream, new Random(seed + i));
                    switch (ending) {
                        case "close" -> c.close();
                        case "half-close" -> c.shutdownOutput();
                        default -> c.abort();
                    }
                } catch (ConnectionException e) {
                    assertThat(ending).isEqualTo("reset");
                    assertThat(e.reason()).isEqualTo(Reason.RESET);
                }
                return stream.position();
            });
            var arrived = new Stream();
            long resetAt = ending.equals("reset") ? random.nextInt(20_000) : Long.MAX_VALUE;
            ByteBuffer into = ByteBuffer.allocate(5000);
            try {
                while (arrived.position() < resetAt) {
                    if (ends.peer().read(into.clear().limit(1 + random.nextInt(5000))) < 0) break;
                    arrived.check(into.flip());
                }
            } catch (IOException _) {
                // the reset that an abort is
            }
            if (ending.equals("reset")) ends.peer().reset();
            long sent = sending.value();
            if (ending.equals("close") || ending.equals("half-close"))
                assertThat(arrived.position()).isEqualTo(sent);
            else assertThat(arrived.position()).isLessThanOrEqualTo(sent);
        }
    }

    private static void sendSome(Connection c, Stream stream, Random random) throws ConnectionException {
        int size = random.nextInt(3) == 0 ? random.nextInt(30_000) : random.nextInt(50);
        switch (random.nextInt(4)) {
            case 0 -> c.send(stream.next(size));
            case 1 -> c.send(stream.next(size + 10), 0, size + 10);
            case 2 -> {
                ByteBuffer direct =
                        ByteBuffer.allocateDirect(size).put(stream.next(size)).flip();
                c.send(direct, ByteBuffer.wrap(stream.next(7)).asReadOnlyBuffer());
            }
            default -> c.flush();
        }
    }
}

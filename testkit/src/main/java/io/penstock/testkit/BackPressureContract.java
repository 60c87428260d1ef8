package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException.Reason;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/** Nothing is buffered without a bound, in either direction. */
interface BackPressureContract extends Contract {
    /** The most that a connection may hold of what nobody has received yet. */
    int MOST_BUFFERED = 256 * 1024;

    /** Waits until a count has stopped to grow. */
    static void settled(LongSupplier count) {
        var last = new AtomicLong(-1);
        Await.until(
                "the count has settled",
                () -> Await.stays(Duration.ofMillis(60), () -> {
                    long now = count.getAsLong();
                    return last.getAndSet(now) == now;
                }));
    }

    @Test
    default void aSenderWaitsForAPeerThatDoesNotRead() throws Exception {
        Ends ends = open();
        int total = (int) kind().mostUnderWay() * 2;
        var accepted = new AtomicLong();
        var sending = ends.act(c -> {
            var stream = new Stream();
            while (accepted.get() < total) accepted.addAndGet(c.send(stream.next(16 * 1024)));
            c.shutdownOutput();
        });
        settled(accepted::get);
        sending.parked();
        assertThat(accepted.get()).isLessThan(kind().mostUnderWay());
        assertThat(ends.sent()).isLessThanOrEqualTo(accepted.get() + 16 * 1024);
        var expected = new Stream();
        ByteBuffer into = ByteBuffer.allocate(64 * 1024);
        while (ends.peer().read(into.clear()) >= 0) expected.check(into.flip());
        assertThat(expected.position()).isEqualTo(total);
        sending.value();
    }

    @Test
    default void aConnectionThatIsNotReadHoldsThePeerBack() throws Exception {
        Ends ends = open();
        long total = kind().mostUnderWay();
        var sending = Call.onPlatformThread(() -> {
            var stream = new Stream();
            while (stream.position() < total) ends.peer().send(stream.next(64 * 1024));
            return true;
        });
        settled(() -> ends.received());
        assertThat(ends.connection().buffered()).isLessThanOrEqualTo(MOST_BUFFERED);
        assertThat(ends.received()).isLessThanOrEqualTo(MOST_BUFFERED);
        assertThat(sending.isDone()).isFalse();
        var receiving = ends.call(c -> {
            var expected = new Stream();
            int most = 0;
            ByteBuffer into = ByteBuffer.allocate(10_000);
            while (expected.position() < total && c.read(into.clear()) >= 0) {
                expected.check(into.flip());
                most = Math.max(most, c.buffered());
            }
            assertThat(most).isLessThanOrEqualTo(MOST_BUFFERED);
            return expected.position();
        });
        assertThat(receiving.value()).isEqualTo(total);
        sending.value();
        ends.peer().halfClose();
        ends.call(c -> c.receive(1)).failing(Reason.EOF);
    }
}

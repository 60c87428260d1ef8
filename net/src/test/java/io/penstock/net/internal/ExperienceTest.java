package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How long an address that was no good goes behind the others. */
class ExperienceTest {
    private static final InetAddress HOLE = InetAddress.ofLiteral("192.0.2.1");
    private static final InetSocketAddress THERE = new InetSocketAddress(HOLE, 80);

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // the clock may overflow
    private final Experience experience = new Experience(now::get);

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    @Test
    void whatFailedGoesLastForAMinuteAndTheNextTimesForLonger() {
        for (long minutes = 1; minutes <= 32; minutes *= 2) {
            assertThat(experience.hasFailed(HOLE, 80)).as("its chance").isFalse();
            experience.failed(THERE);
            pass(Duration.ofMinutes(minutes).minusNanos(1));
            assertThat(experience.hasFailed(HOLE, 80)).as("%d minutes", minutes).isTrue();
            pass(Duration.ofNanos(1));
        }
        experience.failed(THERE);
        pass(Duration.ofMinutes(32));
        assertThat(experience.hasFailed(HOLE, 80)).as("not for ever").isFalse();
        assertThat(experience.hasFailed(HOLE, 81)).as("another port").isFalse();
    }

    @Test
    void severalThatFailAtOnceAreOneFailure() {
        for (int i = 0; i < 10; i++) experience.failed(THERE);
        pass(Duration.ofMinutes(1));
        assertThat(experience.hasFailed(HOLE, 80)).isFalse();
    }

    @Test
    void whoeverWinsIsForgiven() {
        experience.failed(THERE);
        pass(Duration.ofMinutes(1));
        experience.failed(THERE);
        experience.won("name.example", THERE);
        assertThat(experience.hasFailed(HOLE, 80)).isFalse();
        experience.failed(THERE);
        pass(Duration.ofMinutes(1));
        assertThat(experience.hasFailed(HOLE, 80)).as("as the first time").isFalse();
    }
}

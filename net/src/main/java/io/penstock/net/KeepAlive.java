package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.time.Duration;

/**
 * How long a released connection may stay in its pool.
 *
 * @param idle how long it may wait for its next user; more than 0
 * @param age how long it may live altogether; more than 0
 * @param uses how often it may be handed out; 1 or more
 */
public record KeepAlive(Duration idle, Duration age, int uses) {
    /** 60 s idle, an hour of age, any number of uses. */
    public static final KeepAlive DEFAULT =
            new KeepAlive(Duration.ofSeconds(60), Duration.ofHours(1), Integer.MAX_VALUE);

    public KeepAlive {
        if (!idle.isPositive() || !age.isPositive() || uses < 1) {
            throw new IllegalArgumentException("keep-alive limits must be positive: " + Durations.text(idle) + ", "
                    + Durations.text(age) + ", " + uses);
        }
    }

    public KeepAlive withIdle(Duration limit) {
        return new KeepAlive(limit, age, uses);
    }
}

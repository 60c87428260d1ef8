package io.penstock.proxy;

import io.penstock.net.RelayOptions;
import java.time.Duration;

/**
 * How the proxy presents itself.
 *
 * @param name what it calls itself in {@code Via}, {@code Forwarded} and {@code Proxy-Status}; a token
 * @param trustForwarded whether what clients say in {@code Forwarded} and {@code X-Forwarded-*} is passed on and added to, which is right
 *     only behind another proxy; otherwise it is replaced
 * @param parkLimit how long a continuation may let a transaction wait
 * @param tunnels the limits of upgrades and CONNECT
 */
public record ProxyOptions(String name, boolean trustForwarded, Duration parkLimit, RelayOptions tunnels) {
    /** {@code penstock}, trusting nobody, 30 s; tunnels end after an hour of silence, and last as long as they like. */
    public static final ProxyOptions DEFAULT = new ProxyOptions(
            "penstock",
            false,
            Duration.ofSeconds(30),
            RelayOptions.DEFAULT.withIdle(Duration.ofHours(1)).withLinger(Duration.ofHours(1)));

    public ProxyOptions {
        if (!name.matches("[A-Za-z0-9._-]+")) throw new IllegalArgumentException("not a name for Via: '" + name + "'");
        if (!parkLimit.isPositive())
            throw new IllegalArgumentException("the park limit must be positive: " + parkLimit);
    }

    public ProxyOptions withName(String other) {
        return new ProxyOptions(other, trustForwarded, parkLimit, tunnels);
    }

    public ProxyOptions withTrustForwarded(boolean trust) {
        return new ProxyOptions(name, trust, parkLimit, tunnels);
    }

    public ProxyOptions withParkLimit(Duration limit) {
        return new ProxyOptions(name, trustForwarded, limit, tunnels);
    }

    public ProxyOptions withTunnels(RelayOptions limits) {
        return new ProxyOptions(name, trustForwarded, parkLimit, limits);
    }
}

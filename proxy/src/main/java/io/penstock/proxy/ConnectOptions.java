package io.penstock.proxy;

import java.time.Duration;
import java.util.List;

/**
 * What CONNECT may do for the clients of a listener.
 *
 * <p>{@snippet :
 * var options = ConnectOptions.to(ConnectTarget.of("*.example.com:443"));
 * HttpServer.listen(loops, new InetSocketAddress("127.0.0.1", 3128), proxy.withConnect(options));
 * }
 *
 * @param allow where it may lead to; everything else is refused
 * @param internal whether it may lead to addresses that only this machine or its networks can reach (loopback, private, link-local and the
 *     like), which are refused otherwise, whatever name leads to them; an address that is itself in {@code allow} may be one of those
 * @param timeout how long dialling may take
 */
public record ConnectOptions(List<ConnectTarget> allow, boolean internal, Duration timeout) {
    public ConnectOptions {
        allow = List.copyOf(allow);
        if (!timeout.isPositive()) throw new IllegalArgumentException("the timeout must be positive: " + timeout);
    }

    /** To these targets, no internal addresses, dialled within 10 s. */
    public static ConnectOptions to(ConnectTarget... targets) {
        return new ConnectOptions(List.of(targets), false, Duration.ofSeconds(10));
    }

    public ConnectOptions withInternal(boolean allowed) {
        return new ConnectOptions(allow, allowed, timeout);
    }

    public ConnectOptions withTimeout(Duration limit) {
        return new ConnectOptions(allow, internal, limit);
    }
}

package io.penstock.net;

import io.penstock.net.internal.Durations;
import java.net.SocketOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to dial. Immutable.
 *
 * <p>{@snippet :
 * var options = ConnectorOptions.DEFAULT
 *         .withTimeouts(Timeouts.DEFAULT.withConnect(Duration.ofSeconds(2)))
 *         .withSocketOption(StandardSocketOptions.SO_KEEPALIVE, true);
 * }
 *
 * @param timeouts what connections start with; {@code connect} bounds all of the dialling: resolving, every attempt, the proxy on the
 *     way, and TLS
 * @param resolver who finds the addresses of names; null for the one that the loops share, {@link Resolver#of(Loops)}
 * @param attemptDelay how long an address may take to answer before the next is tried beside it (RFC 8305 §5); 10 ms to 2 s
 * @param socketOptions set before the socket is connected, so that buffer sizes count for the window scale; UNIX sockets take the
 *     buffer sizes only
 */
public record ConnectorOptions(
        Timeouts timeouts,
        @Nullable Resolver resolver,
        Duration attemptDelay,
        Map<SocketOption<?>, Object> socketOptions) {
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofSeconds(2);

    /** {@link Timeouts#DEFAULT}, the loops' resolver, 250 ms between attempts, no socket options. */
    public static final ConnectorOptions DEFAULT =
            new ConnectorOptions(Timeouts.DEFAULT, null, Duration.ofMillis(250), Map.of());

    public ConnectorOptions {
        if (attemptDelay.compareTo(SHORTEST) < 0 || attemptDelay.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "the delay between attempts is 10 ms to 2 s, not " + Durations.text(attemptDelay));
        }
        socketOptions = Map.copyOf(socketOptions);
        socketOptions.forEach((name, value) -> {
            if (!name.type().isInstance(value)) {
                throw new IllegalArgumentException(
                        name + " takes a value of type " + name.type().getSimpleName() + ", not " + value);
            }
        });
    }

    public ConnectorOptions withTimeouts(Timeouts limits) {
        return new ConnectorOptions(limits, resolver, attemptDelay, socketOptions);
    }

    public ConnectorOptions withResolver(Resolver choice) {
        return new ConnectorOptions(timeouts, choice, attemptDelay, socketOptions);
    }

    public ConnectorOptions withAttemptDelay(Duration delay) {
        return new ConnectorOptions(timeouts, resolver, delay, socketOptions);
    }

    public <T> ConnectorOptions withSocketOption(SocketOption<T> name, T value) {
        var more = new HashMap<SocketOption<?>, Object>(socketOptions);
        more.put(name, value);
        return new ConnectorOptions(timeouts, resolver, attemptDelay, more);
    }
}

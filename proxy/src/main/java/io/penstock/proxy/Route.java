package io.penstock.proxy;

import io.penstock.http.Handler;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which requests go where.
 *
 * @param host the host they are for, or {@code *.example.com} for all hosts below, without a port; null for any
 * @param path the path they have, or that theirs lies below: {@code /} has all, {@code /api} has {@code /api} and {@code /api/x} but
 *     not {@code /apix}
 * @param target what answers them
 */
public record Route(@Nullable String host, String path, Target target) {
    /** What answers a request. */
    public sealed interface Target {}

    /**
     * An origin of an upstream group.
     *
     * @param upgrades the protocols that clients may {@code Upgrade} to, in lower case; others are not passed on. {@code h2c} should not be
     *     among them unless the origin is known to want it: what follows is not seen by routes and hooks
     */
    public record ToUpstream(Upstream upstream, Set<String> upgrades) implements Target {
        /** {@code websocket}. */
        public static final Set<String> USUAL_UPGRADES = Set.of("websocket");

        public ToUpstream {
            upgrades = upgrades.stream()
                    .map(each -> each.toLowerCase(Locale.ROOT))
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /** A plugin. */
    public record ToHandler(Handler handler, String plugin) implements Target {}

    public Route {
        if (!path.startsWith("/")) throw new IllegalArgumentException("a route's path begins with '/': '" + path + "'");
        if (host != null && (host.isEmpty() || host.indexOf(':') >= 0 && !host.startsWith("["))) {
            throw new IllegalArgumentException("a route's host is a name without a port: '" + host + "'");
        }
    }

    /** A route to an upstream, whose clients may go on with WebSocket. */
    public static Route to(@Nullable String host, String path, Upstream upstream) {
        return new Route(host, path, new ToUpstream(upstream, ToUpstream.USUAL_UPGRADES));
    }

    /**
     * The same route for clients that may go on with these protocols, and no others.
     *
     * @param protocols {@code name}, or {@code name/version} for one version only
     * @throws IllegalArgumentException when it does not lead to an upstream: a handler decides by itself
     */
    public Route withUpgrades(String... protocols) {
        if (!(target instanceof ToUpstream(Upstream upstream, var _))) {
            throw new IllegalArgumentException(
                    "the route for " + path + " leads to a handler, which decides about upgrades itself");
        }
        return new Route(host, path, new ToUpstream(upstream, Set.copyOf(Arrays.asList(protocols))));
    }

    /** Its host and path, as in a URL. */
    String place() {
        return (host == null ? "" : host) + path;
    }
}

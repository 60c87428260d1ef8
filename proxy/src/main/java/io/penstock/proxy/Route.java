package io.penstock.proxy;

import io.penstock.http.Handler;
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

    /** An origin of an upstream group. */
    public record ToUpstream(Upstream upstream) implements Target {}

    /** A plugin. */
    public record ToHandler(Handler handler, String plugin) implements Target {}

    public Route {
        if (!path.startsWith("/")) throw new IllegalArgumentException("a route's path begins with '/': '" + path + "'");
        if (host != null && (host.isEmpty() || host.indexOf(':') >= 0 && !host.startsWith("["))) {
            throw new IllegalArgumentException("a route's host is a name without a port: '" + host + "'");
        }
    }

    public static Route to(@Nullable String host, String path, Upstream upstream) {
        return new Route(host, path, new ToUpstream(upstream));
    }

    /** Its host and path, as in a URL. */
    String place() {
        return (host == null ? "" : host) + path;
    }
}

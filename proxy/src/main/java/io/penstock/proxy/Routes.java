package io.penstock.proxy;

import io.penstock.http.RequestHead;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** All routes, plugins' first, then the most specific: a named host before {@code *.host} before any host, then the longest path. */
final class Routes {
    private static final Comparator<Route> MOST_SPECIFIC = Comparator.<Route>comparingInt(
                    route -> route.target() instanceof Route.ToHandler ? 0 : 1)
            .thenComparingInt(route -> route.host() == null ? 2 : route.host().startsWith("*.") ? 1 : 0)
            .thenComparingInt(route -> route.host() == null ? 0 : -route.host().length())
            .thenComparingInt(route -> -route.path().length());

    private final CopyOnWriteArrayList<Route> sorted = new CopyOnWriteArrayList<>();

    Routes(List<Route> routes) {
        sorted.addAll(routes);
        sorted.sort(MOST_SPECIFIC);
    }

    synchronized Registration add(Route route) {
        sorted.add(route);
        sorted.sort(MOST_SPECIFIC);
        var there = new AtomicBoolean(true); // another plugin may have added an equal one
        return () -> {
            if (there.getAndSet(false)) sorted.remove(route);
        };
    }

    /** Another plugin that has the same route already, and is asked first. */
    @Nullable
    String rival(Route route, String plugin) {
        for (Route each : sorted) {
            if (each.target() instanceof Route.ToHandler(var _, String owner)
                    && !owner.equals(plugin)
                    && each.path().equals(route.path())
                    && Objects.equals(lower(each.host()), lower(route.host()))) return owner;
        }
        return null;
    }

    private static @Nullable String lower(@Nullable String host) {
        return host == null ? null : host.toLowerCase(Locale.ROOT);
    }

    @Nullable
    Route match(RequestHead request) {
        return match(request, plain(request.path()));
    }

    /** For a request whose target has no path. */
    @Nullable
    Route matchHost(RequestHead request) {
        return match(request, "/");
    }

    private @Nullable Route match(RequestHead request, String path) {
        String host = null;
        for (Route route : sorted) {
            if (route.host() != null) {
                if (host == null) host = hostOf(request.authority());
                if (!hasHost(route.host(), host)) continue;
            }
            if (isBelow(path, route.path())) return route;
        }
        return null;
    }

    private static boolean hasHost(String wanted, String host) {
        if (!wanted.startsWith("*.")) return wanted.equalsIgnoreCase(host);
        int suffix = wanted.length() - 1;
        return host.length() > suffix && host.regionMatches(true, host.length() - suffix, wanted, 1, suffix);
    }

    private static boolean isBelow(String path, String prefix) {
        if (!path.startsWith(prefix)) return false;
        return path.length() == prefix.length() || prefix.endsWith("/") || path.charAt(prefix.length()) == '/';
    }

    private static String hostOf(@Nullable String authority) {
        if (authority == null) return "";
        int port = authority.lastIndexOf(':');
        String host = port < 0 || authority.indexOf(']') > port ? authority : authority.substring(0, port);
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    /**
     * The path that a request means, so that {@code /public/%2e%2e/private} is not taken for something public. The origin still gets
     * what the client sent. Source: RFC 3986 §5.2.4 and §6.2.2.
     */
    static String plain(String path) {
        if (path.indexOf("/.") < 0 && path.indexOf('%') < 0 && path.indexOf("//") < 0) return path;
        var segments = new ArrayDeque<String>();
        String decoded = decodeUnreserved(path);
        for (String segment : decoded.split("/", -1)) {
            switch (segment) {
                case ".", "" -> {}
                case ".." -> segments.pollLast();
                default -> segments.addLast(segment);
            }
        }
        boolean directory = decoded.endsWith("/") || decoded.endsWith("/.") || decoded.endsWith("/..");
        String joined = "/" + String.join("/", segments);
        return directory && !joined.endsWith("/") ? joined + "/" : joined;
    }

    private static String decodeUnreserved(String path) {
        var plain = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            int code = c == '%' && i + 2 < path.length() ? hex(path, i + 1) : -1;
            if (code >= 0 && isUnreserved(code)) {
                plain.append((char) code);
                i += 2;
            } else {
                plain.append(c);
            }
        }
        return plain.toString();
    }

    private static int hex(String text, int at) {
        int high = Character.digit(text.charAt(at), 16);
        int low = Character.digit(text.charAt(at + 1), 16);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    }

    private static boolean isUnreserved(int c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }
}

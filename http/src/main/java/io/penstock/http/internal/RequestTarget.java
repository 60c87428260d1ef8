package io.penstock.http.internal;

import org.jspecify.annotations.Nullable;

/** The four forms of a request target. Source: RFC 9112 §3.2. */
public final class RequestTarget {
    private RequestTarget() {}

    /** What is wrong with a target whose characters are all allowed; null when nothing is. */
    public static @Nullable String problem(String method, String target) {
        if (method.equals("CONNECT")) {
            return isAuthority(target, true) ? null : "the target of CONNECT must be host:port";
        }
        if (target.charAt(0) == '/') return null;
        if (target.equals("*")) {
            boolean known = method.equals("OPTIONS")
                    || method.equals("PRI"); // the preface of HTTP/2, which the parser recognises
            return known ? null : "the target * is for OPTIONS only";
        }
        int start = authorityStart(target);
        if (start < 0) return "the request target must be a path that begins with /, or an absolute URI";
        return isAuthority(target.substring(start, authorityEnd(target, start)), false)
                ? null
                : "the request target has an invalid host";
    }

    /** The path of a target that does not begin with a slash. */
    public static String path(String method, String target) {
        if (method.equals("CONNECT")) return "";
        int start = authorityStart(target);
        if (start < 0) return target;
        int end = authorityEnd(target, start);
        int query = target.indexOf('?', end);
        String path = target.substring(end, query < 0 ? target.length() : query);
        return path.isEmpty() ? "/" : path;
    }

    /** The host and port named by a target that does not begin with a slash; null when it names none. */
    public static @Nullable String authority(String method, String target) {
        if (method.equals("CONNECT")) return target;
        int start = authorityStart(target);
        return start < 0 ? null : target.substring(start, authorityEnd(target, start));
    }

    /** Whether the text is a host, with a port behind a colon if there is one, or if there must be one. */
    static boolean isAuthority(String text, boolean withPort) {
        int length = text.length();
        int end;
        if (length > 0 && text.charAt(0) == '[') {
            int bracket = text.indexOf(']');
            if (bracket < 3) return false;
            for (int i = 1; i < bracket; i++) {
                char c = text.charAt(i);
                if (Character.digit(c, 16) < 0 && c != ':' && c != '.' || c > 127) return false;
            }
            end = bracket + 1;
        } else {
            int colon = text.indexOf(':');
            end = colon < 0 ? length : colon;
            if (end == 0 || !ByteClass.all(text, 0, end, ByteClass.HOST)) return false;
        }
        if (end == length) return !withPort;
        return text.charAt(end) == ':' && isPort(text, end + 1, withPort);
    }

    private static boolean isPort(String text, int from, boolean required) {
        int length = text.length();
        if (from == length) return !required;
        int port = 0;
        for (int i = from; i < length; i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') return false;
            port = 10 * port + c - '0';
            if (port > 65535) return false;
        }
        return true;
    }

    /** Where the authority of an absolute URI begins; -1 when the text is none. */
    private static int authorityStart(String target) {
        int colon = target.indexOf("://");
        if (colon < 1) return -1;
        for (int i = 0; i < colon; i++) {
            char c = target.charAt(i);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            boolean other = c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.';
            if (!letter && (i == 0 || !other)) return -1;
        }
        return colon + 3;
    }

    private static int authorityEnd(String target, int start) {
        int end = start;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') end++;
        return end;
    }
}

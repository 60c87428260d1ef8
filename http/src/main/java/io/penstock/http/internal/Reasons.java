package io.penstock.http.internal;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The reason phrases of RFC 9110 §15 and the registry, and the status lines made of them. */
public final class Reasons {
    private static final @Nullable String[] PHRASES = new String[600];
    private static final byte[] @Nullable [] LINES = new byte[600][];

    static {
        phrases(100, "Continue", "Switching Protocols", "Processing", "Early Hints");
        phrases(
                200,
                "OK",
                "Created",
                "Accepted",
                "Non-Authoritative Information",
                "No Content",
                "Reset Content",
                "Partial Content",
                "Multi-Status",
                "Already Reported");
        phrases(300, "Multiple Choices", "Moved Permanently", "Found", "See Other", "Not Modified", "Use Proxy");
        phrases(307, "Temporary Redirect", "Permanent Redirect");
        phrases(
                400,
                "Bad Request",
                "Unauthorized",
                "Payment Required",
                "Forbidden",
                "Not Found",
                "Method Not Allowed",
                "Not Acceptable",
                "Proxy Authentication Required",
                "Request Timeout",
                "Conflict",
                "Gone",
                "Length Required",
                "Precondition Failed",
                "Content Too Large",
                "URI Too Long",
                "Unsupported Media Type",
                "Range Not Satisfiable",
                "Expectation Failed");
        phrases(
                421,
                "Misdirected Request",
                "Unprocessable Content",
                "Locked",
                "Failed Dependency",
                "Too Early",
                "Upgrade Required");
        phrases(428, "Precondition Required", "Too Many Requests");
        phrases(431, "Request Header Fields Too Large");
        phrases(451, "Unavailable For Legal Reasons");
        phrases(
                500,
                "Internal Server Error",
                "Not Implemented",
                "Bad Gateway",
                "Service Unavailable",
                "Gateway Timeout",
                "HTTP Version Not Supported");
        phrases(507, "Insufficient Storage", "Loop Detected");
        phrases(511, "Network Authentication Required");
    }

    private Reasons() {}

    /** The usual phrase; empty for a status that has none. */
    public static String of(int status) {
        String phrase = status < PHRASES.length ? PHRASES[status] : null;
        return phrase == null ? "" : phrase;
    }

    /** The whole status line with this reason where it is the usual one, else null. */
    static byte @Nullable [] line(int status, String reason) {
        return status < PHRASES.length && reason.equals(PHRASES[status]) ? LINES[status] : null;
    }

    private static void phrases(int from, String... phrases) {
        int status = from;
        for (String phrase : phrases) {
            PHRASES[status] = phrase;
            LINES[status] = ("HTTP/1.1 " + status + " " + phrase + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
            status++;
        }
    }
}

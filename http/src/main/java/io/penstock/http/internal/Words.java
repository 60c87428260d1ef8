package io.penstock.http.internal;

import io.penstock.http.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Words that come in nearly every message, so that they are not made anew each time. Immutable. */
final class Words {
    private static final String[] METHODS = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND", "PURGE"
    };
    private static final String[] NAMES = {
        HeaderNames.ACCEPT,
        HeaderNames.ACCEPT_ENCODING,
        HeaderNames.ACCEPT_LANGUAGE,
        HeaderNames.AUTHORIZATION,
        HeaderNames.CACHE_CONTROL,
        HeaderNames.CONNECTION,
        HeaderNames.CONTENT_ENCODING,
        HeaderNames.CONTENT_LENGTH,
        HeaderNames.CONTENT_RANGE,
        HeaderNames.CONTENT_TYPE,
        HeaderNames.COOKIE,
        HeaderNames.DATE,
        HeaderNames.ETAG,
        HeaderNames.EXPECT,
        HeaderNames.FORWARDED,
        HeaderNames.HOST,
        HeaderNames.KEEP_ALIVE,
        HeaderNames.LAST_MODIFIED,
        HeaderNames.LOCATION,
        HeaderNames.PROXY_AUTHENTICATE,
        HeaderNames.PROXY_AUTHORIZATION,
        HeaderNames.PROXY_CONNECTION,
        HeaderNames.RANGE,
        HeaderNames.REFERER,
        HeaderNames.SERVER,
        HeaderNames.SET_COOKIE,
        HeaderNames.TE,
        HeaderNames.TRAILER,
        HeaderNames.TRANSFER_ENCODING,
        HeaderNames.UPGRADE,
        HeaderNames.USER_AGENT,
        HeaderNames.VARY,
        HeaderNames.VIA,
        HeaderNames.X_FORWARDED_FOR,
        HeaderNames.X_FORWARDED_HOST,
        HeaderNames.X_FORWARDED_PROTO,
        "Accept-Ranges",
        "Access-Control-Allow-Origin",
        "Age",
        "Allow",
        "Content-Disposition",
        "Content-Language",
        "Expires",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Link",
        "Origin",
        "Pragma",
        "Priority",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "Sec-Fetch-User",
        "Strict-Transport-Security",
        "Upgrade-Insecure-Requests",
        "X-Content-Type-Options",
        "X-Real-IP",
        "X-Request-ID"
    };

    static final Words OF_METHODS = new Words(METHODS, false);
    static final Words OF_NAMES = new Words(NAMES, true);

    private static final int SLOTS = 512;

    private final byte[] @Nullable [] spelled = new byte[SLOTS][];
    private final @Nullable String[] words = new String[SLOTS];

    /** @param lowerToo whether the words in lower case are common as well */
    private Words(String[] common, boolean lowerToo) {
        for (String word : common) {
            put(word);
            if (lowerToo) put(word.toLowerCase(Locale.ROOT));
        }
    }

    private void put(String word) {
        byte[] bytes = word.getBytes(StandardCharsets.ISO_8859_1);
        int slot = slot(bytes, 0, bytes.length);
        // two words in one slot: the earlier, more common one stays, the other is made anew each time
        if (spelled[slot] == null) {
            spelled[slot] = bytes;
            words[slot] = word;
        }
    }

    /** The bytes as a string. */
    String of(byte[] bytes, int from, int to) {
        if (to == from) return "";
        int slot = slot(bytes, from, to);
        byte[] candidate = spelled[slot];
        String word = words[slot];
        if (candidate != null && word != null && Arrays.equals(candidate, 0, candidate.length, bytes, from, to))
            return word;
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static int slot(byte[] bytes, int from, int to) {
        int hash = (to - from) * 0x9E3779B1
                + bytes[from] * 0x85EBCA6B
                + bytes[to - 1] * 0xC2B2AE35
                + bytes[(from + to) >>> 1] * 0x27D4EB2F;
        return (hash ^ hash >>> 15) & (SLOTS - 1);
    }
}

package io.penstock.http.internal;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The {@code Date} field of this second, made once for all answers in it. Source: RFC 9110 §5.6.7. */
final class HttpDate {
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private static volatile HttpDate latest = new HttpDate(System.currentTimeMillis() / 1000);

    private final long second;
    private final byte[] line;

    private HttpDate(long second) {
        this.second = second;
        this.line = ("Date: " + FORMAT.format(Instant.ofEpochSecond(second)) + "\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The whole field line. Shared: not to be written to. */
    static byte[] line() {
        long now = System.currentTimeMillis() / 1000;
        HttpDate date = latest;
        if (date.second != now) {
            date = new HttpDate(now);
            latest = date;
        }
        return date.line;
    }
}

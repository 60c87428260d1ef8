package io.penstock.server.log;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** Writes instants as {@code 2026-11-20T20:41:03.123Z}; the part up to the second is kept, as most lines share it. */
final class Moment {
    private long second = Long.MIN_VALUE;
    private String prefix = "";

    void append(Instant time, StringBuilder out) {
        if (time.getEpochSecond() != second) {
            second = time.getEpochSecond();
            String text = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC).toString();
            prefix = text.length() == "2026-11-20T20:41".length() ? text + ":00" : text;
        }
        int millis = time.getNano() / 1_000_000;
        out.append(prefix)
                .append(millis < 10 ? ".00" : millis < 100 ? ".0" : ".")
                .append(millis)
                .append('Z');
    }
}

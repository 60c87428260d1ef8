package io.penstock.server.config;

import java.time.Duration;

/** Reads and writes the numbers of a configuration; each method throws {@link IllegalArgumentException} with the reason. */
final class Numbers {
    private Numbers() {}

    /** Decimal digits only: no sign, no underscore, no fraction. */
    static long natural(String text) {
        if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException(
                    text.isEmpty() ? "the number is missing" : "'" + text + "' is not a number");
        }
        if (text.length() > 18) {
            throw new IllegalArgumentException("the number is too large");
        }
        return Long.parseLong(text);
    }

    static long integer(String text) {
        return text.startsWith("-") ? -natural(text.substring(1)) : natural(text);
    }

    static long times(long count, long unit) {
        try {
            return Math.multiplyExact(count, unit);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("the number is too large", e);
        }
    }

    /** {@code 250ms}, {@code 10s}, {@code 5m}, {@code 1h}. */
    static Duration duration(String text) {
        if (text.equals("never") || text.equals("none") || text.equals("unlimited")) {
            throw new IllegalArgumentException("where there may be no limit, it is written 0s");
        }
        int digits = 0;
        while (digits < text.length() && text.charAt(digits) >= '0' && text.charAt(digits) <= '9') {
            digits++;
        }
        long millis = switch (text.substring(digits)) {
            case "ms" -> 1;
            case "s" -> 1_000;
            case "m" -> 60_000;
            case "h" -> 3_600_000;
            case "" -> throw new IllegalArgumentException("the unit is missing");
            default -> throw new IllegalArgumentException("'" + text.substring(digits) + "' is not a unit of time");
        };
        return Duration.ofMillis(times(natural(text.substring(0, digits)), millis));
    }

    /** The shortest spelling {@link #duration(String)} reads back. */
    static String spell(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 1_000 != 0) {
            return millis + "ms";
        }
        if (millis == 0 || millis % 60_000 != 0) {
            return millis / 1_000 + "s";
        }
        return millis % 3_600_000 == 0 ? millis / 3_600_000 + "h" : millis / 60_000 + "m";
    }
}

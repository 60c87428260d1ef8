package io.penstock.server.config;

import java.util.List;

/**
 * A number of bytes.
 *
 * @param bytes 0 or more; {@link Long#MAX_VALUE} for no limit
 */
public record Size(long bytes) implements Comparable<Size> {
    public static final Size UNLIMITED = new Size(Long.MAX_VALUE);

    private record Unit(String name, long bytes) {}

    private static final List<Unit> UNITS = List.of(
            new Unit("GiB", 1L << 30),
            new Unit("MiB", 1L << 20),
            new Unit("KiB", 1L << 10),
            new Unit("GB", 1_000_000_000L),
            new Unit("MB", 1_000_000L),
            new Unit("KB", 1_000L),
            new Unit("kB", 1_000L),
            new Unit("B", 1L));

    /**
     * Reads {@code 8KiB}, {@code 64KB}, {@code 1MiB}, {@code 2GB}, {@code 100B} or {@code unlimited}.
     *
     * @throws IllegalArgumentException when it is none of these, or too large
     */
    public static Size of(String text) {
        if (text.equals("unlimited")) {
            return UNLIMITED;
        }
        for (Unit unit : UNITS) {
            if (text.endsWith(unit.name)) {
                long count = Numbers.natural(text.substring(0, text.length() - unit.name.length()));
                return new Size(Numbers.times(count, unit.bytes));
            }
        }
        throw new IllegalArgumentException("the unit is missing");
    }

    public boolean isUnlimited() {
        return bytes == Long.MAX_VALUE;
    }

    @Override
    public int compareTo(Size other) {
        return Long.compare(bytes, other.bytes);
    }

    @Override
    public String toString() {
        if (isUnlimited()) {
            return "unlimited";
        }
        for (Unit unit : UNITS) {
            if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
                return bytes / unit.bytes + unit.name;
            }
        }
        return bytes + "B";
    }
}

package io.penstock.server.config;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The limits of a key's value, read as the value is read.
 *
 * @param complaint what to tell the user when they do not hold
 */
record Bounds(Comparable<?> least, @Nullable Comparable<?> most, String complaint) {
    static Bounds of(Key key, Range range) {
        String between =
                range.max().isEmpty() ? "at least " + range.min() : "between " + range.min() + " and " + range.max();
        if (key.shape() instanceof Key.Shape.Single(Scalar scalar)) {
            return new Bounds(
                    read(scalar, range.min()),
                    range.max().isEmpty() ? null : read(scalar, range.max()),
                    "'" + key.name() + "' must be " + between);
        }
        return new Bounds(
                Integer.valueOf(range.min()),
                range.max().isEmpty() ? null : Integer.valueOf(range.max()),
                "'" + key.name() + "' must have " + between + (between.endsWith(" 1") ? " entry" : " entries"));
    }

    private static Comparable<?> read(Scalar scalar, String limit) {
        return (Comparable<?>) scalar.reading().read(limit, Path.of(""));
    }

    boolean hold(Object value) {
        Object measure = switch (value) {
            case Collection<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            default -> value;
        };
        return compare(measure, least) >= 0 && (most == null || compare(measure, most) <= 0);
    }

    @SuppressWarnings("unchecked") // both were made by the same reading
    private static int compare(Object value, Comparable<?> limit) {
        return ((Comparable<Object>) value).compareTo(limit);
    }
}

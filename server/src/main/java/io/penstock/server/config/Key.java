package io.penstock.server.config;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One key of a section: a component of a configuration record.
 *
 * @param name as it is written in the file, {@code idle-timeout}
 * @param shape what is expected as its value
 * @param doc what it means
 * @param byDefault the value when it is left out, as one would write it; null when there is none
 * @param optional whether it may be left out although it has no default
 * @param range the limits of its value
 */
record Key(
        String name,
        Shape shape,
        String doc,
        @Nullable String byDefault,
        boolean optional,
        @Nullable Range range,
        RecordComponent component) {

    /** What a value looks like. */
    sealed interface Shape {
        record Single(Scalar scalar) implements Shape {}

        record ListOf(Shape element) implements Shape {}

        record MapOf(Shape element) implements Shape {}

        record Section(Class<? extends Record> type) implements Shape {}
    }

    /** The value of this key in a section. */
    Object read(Record section) {
        try {
            return component.getAccessor().invoke(section);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot read " + component, e);
        }
    }

    boolean required() {
        return byDefault == null && !optional;
    }

    /** The keys of a section, in the order of its record. */
    static List<Key> of(Class<? extends Record> section) {
        return Arrays.stream(section.getRecordComponents()).map(Key::of).toList();
    }

    private static Key of(RecordComponent component) {
        Doc doc = component.getAnnotation(Doc.class);
        if (doc == null) {
            throw new IllegalStateException(component + " of " + component.getDeclaringRecord() + " lacks @Doc");
        }
        Default byDefault = component.getAnnotation(Default.class);
        Type type = component.getGenericType();
        boolean optional = component.getType() == Optional.class;
        return new Key(
                spell(component.getName()),
                shape(optional ? argument(type, 0) : type),
                doc.value(),
                byDefault == null ? null : byDefault.value(),
                optional,
                component.getAnnotation(Range.class),
                component);
    }

    /** {@code idleTimeout} is written {@code idle-timeout}. */
    private static String spell(String component) {
        return component.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }

    private static Shape shape(Type type) {
        if (type instanceof ParameterizedType generic) {
            if (generic.getRawType() == List.class) {
                return new Shape.ListOf(shape(argument(type, 0)));
            }
            if (generic.getRawType() == Map.class && argument(type, 0) == String.class) {
                return new Shape.MapOf(shape(argument(type, 1)));
            }
        } else if (type instanceof Class<?> plain) {
            Scalar scalar = Scalar.of(plain);
            if (scalar != null) {
                return new Shape.Single(scalar);
            }
            if (plain.isRecord()) {
                return new Shape.Section(plain.asSubclass(Record.class));
            }
        }
        throw new IllegalStateException("a configuration cannot hold a " + type);
    }

    private static Type argument(Type type, int index) {
        return ((ParameterizedType) type).getActualTypeArguments()[index];
    }
}

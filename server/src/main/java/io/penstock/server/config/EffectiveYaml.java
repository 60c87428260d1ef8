package io.penstock.server.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Writes a configuration with every default filled in; read again, it gives an equal configuration. */
public final class EffectiveYaml {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/._][A-Za-z0-9/._-]*");

    private EffectiveYaml() {}

    public static String of(Config config) {
        StringBuilder out = new StringBuilder();
        section(config, 0, out);
        return out.toString();
    }

    private static void section(Record section, int indent, StringBuilder out) {
        for (Key key : Key.of(section.getClass())) {
            Object value = key.read(section);
            if (value instanceof Optional<?> optional) {
                optional.ifPresent(present -> entry(key.name(), key.shape(), present, indent, out));
            } else {
                entry(key.name(), key.shape(), value, indent, out);
            }
        }
    }

    private static void entry(String name, Key.Shape shape, Object value, int indent, StringBuilder out) {
        out.repeat(' ', indent).append(name).append(':');
        switch (shape) {
            case Key.Shape.Single _ ->
                out.append(' ').append(quote(spell(value))).append('\n');
            case Key.Shape.Section _ -> {
                out.append('\n');
                section((Record) value, indent + 2, out);
            }
            case Key.Shape.ListOf _ when ((List<?>) value).isEmpty() -> out.append(" []\n");
            case Key.Shape.ListOf(Key.Shape of) -> {
                out.append('\n');
                ((List<?>) value).forEach(element -> element(of, element, indent + 2, out));
            }
            case Key.Shape.MapOf _ when ((Map<?, ?>) value).isEmpty() -> out.append(" {}\n");
            case Key.Shape.MapOf(Key.Shape of) -> {
                out.append('\n');
                ((Map<?, ?>) value)
                        .forEach((key, element) -> entry(quote(key.toString()), of, element, indent + 2, out));
            }
        }
    }

    private static void element(Key.Shape shape, Object element, int indent, StringBuilder out) {
        out.repeat(' ', indent).append("- ");
        if (shape instanceof Key.Shape.Section) {
            StringBuilder lines = new StringBuilder();
            section((Record) element, indent + 2, lines);
            out.append(lines, indent + 2, lines.length());
        } else {
            out.append(quote(spell(element))).append('\n');
        }
    }

    /** Paths from the root, so that the text means the same in any directory. */
    private static String spell(Object value) {
        return Scalar.spell(
                switch (value) {
                    case Path path -> path.toAbsolutePath().normalize();
                    case LogTarget.ToFile(Path path) ->
                        new LogTarget.ToFile(path.toAbsolutePath().normalize());
                    default -> value;
                });
    }

    private static String quote(String text) {
        return PLAIN.matcher(text).matches()
                ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("${", "$${") + '"';
    }
}

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
                optional.ifPresent(present -> entry(key.name(), present, indent, out));
            } else {
                entry(key.name(), value, indent, out);
            }
        }
    }

    private static void entry(String name, Object value, int indent, StringBuilder out) {
        out.repeat(' ', indent).append(name).append(':');
        switch (value) {
            case Record section
            when !isScalar(section) -> {
                out.append('\n');
                section(section, indent + 2, out);
            }
            case List<?> list when list.isEmpty() -> out.append(" []\n");
            case List<?> list -> {
                out.append('\n');
                list.forEach(element -> element(element, indent + 2, out));
            }
            case Map<?, ?> map when map.isEmpty() -> out.append(" {}\n");
            case Map<?, ?> map -> {
                out.append('\n');
                map.forEach((key, element) -> entry(quote(key.toString()), element, indent + 2, out));
            }
            default -> out.append(' ').append(quote(spell(value))).append('\n');
        }
    }

    private static void element(Object element, int indent, StringBuilder out) {
        if (element instanceof Record section && !isScalar(section)) {
            StringBuilder lines = new StringBuilder();
            section(section, indent + 2, lines);
            out.repeat(' ', indent).append("- ").append(lines, indent + 2, lines.length());
        } else {
            out.repeat(' ', indent).append("- ").append(quote(spell(element))).append('\n');
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

    private static boolean isScalar(Record value) {
        return value instanceof Address
                || value instanceof Server
                || value instanceof Size
                || value instanceof LogTarget;
    }

    private static String quote(String text) {
        return PLAIN.matcher(text).matches()
                ? text
                : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("${", "$${") + '"';
    }
}

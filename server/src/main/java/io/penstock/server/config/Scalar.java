package io.penstock.server.config;

import io.penstock.proxy.ConnectTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one type of scalar is read, described and checked by an editor.
 *
 * @param expected completes the sentence "expected ..."
 * @param name the heading in the reference table
 * @param schema the JSON Schema keywords of its values
 * @param reading turns text into a value; throws {@link IllegalArgumentException} with the reason
 */
record Scalar(String expected, String name, Map<String, Object> schema, Reading reading) {
    /** Turns text into a value; a relative path starts at the directory of the file. */
    @FunctionalInterface
    interface Reading {
        Object read(String text, Path directory);
    }

    private static final Scalar INTEGER = new Scalar(
            "a whole number", "number", Map.of("type", "integer"), (text, _) -> Math.toIntExact(Numbers.integer(text)));
    private static final Scalar LONG =
            new Scalar("a whole number", "number", Map.of("type", "integer"), (text, _) -> Numbers.integer(text));
    private static final Scalar BOOLEAN =
            new Scalar("true or false", "true or false", Map.of("type", "boolean"), (text, _) -> switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> throw new IllegalArgumentException("it is neither");
            });
    private static final Scalar STRING = new Scalar("a text", "text", Map.of("type", "string"), (text, _) -> text);
    private static final Scalar DURATION = new Scalar(
            "a duration such as 250ms, 10s, 5m or 1h",
            "duration",
            pattern("^(\\d+(ms|s|m|h)|.*\\$\\{.*)$"),
            (text, _) -> Numbers.duration(text));
    private static final Scalar SIZE = new Scalar(
            "a size such as 512B, 64KB, 8KiB, 1MiB or unlimited",
            "size",
            pattern("^(\\d+([KMG]i?)?B|\\d+kB|unlimited|.*\\$\\{.*)$"),
            (text, _) -> Size.of(text));
    private static final Scalar ADDRESS = new Scalar(
            "an address such as 127.0.0.1:8080, :8080, [::1]:8080 or unix:/run/penstock.sock",
            "address",
            pattern("^(unix:/.+|(\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]*):\\d{1,5}|.*\\$\\{.*)$"),
            (text, _) -> Address.of(text));
    private static final Scalar PLACE = new Scalar(
            "an address such as 127.0.0.1:8080, :8080, [::1]:8080, unix:/run/penstock.sock or systemd:NAME",
            "address",
            pattern("^(unix:/.+|systemd:[^:]+|fd:\\d+|(\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]*):\\d{1,5}|.*\\$\\{.*)$"),
            (text, _) -> Place.of(text));
    private static final Scalar SERVER = new Scalar(
            "a server such as 127.0.0.1:9000, origin.example:80, unix:/run/origin.sock or https://origin.example",
            "server",
            pattern("^(unix:/.+|https://.+|(\\[[0-9A-Fa-f:.%]+\\]|[A-Za-z0-9._-]+):\\d{1,5}|.*\\$\\{.*)$"),
            (text, _) -> Server.of(text));
    private static final Scalar CONNECT_TARGET = new Scalar(
            "a host and a port such as example.com:443, *.example.com:443 or *:443",
            "target",
            pattern("^((\\[[0-9A-Fa-f:.%]+\\]|\\*|[A-Za-z0-9._-]+|\\*\\.[A-Za-z0-9._-]+):(\\d{1,5}|\\*)|.*\\$\\{.*)$"),
            (text, _) -> ConnectTarget.of(text));
    private static final Scalar PATH =
            new Scalar("a path", "path", Map.of("type", "string", "minLength", 1), (text, directory) -> {
                if (text.isEmpty()) {
                    throw new IllegalArgumentException("the path is empty");
                }
                return directory.resolve(text);
            });
    private static final Scalar LOG_TARGET =
            new Scalar("-, off or a path", "path", Map.of("type", "string", "minLength", 1), LogTarget::of);

    private static Map<String, Object> pattern(String expression) {
        return Map.of("type", "string", "pattern", expression);
    }

    /** The scalar that is bound to a Java type; null when the type is not a scalar. */
    static @Nullable Scalar of(Class<?> type) {
        if (type.isEnum()) {
            return ofEnum(type);
        }
        return switch (type.getName()) {
            case "int", "java.lang.Integer" -> INTEGER;
            case "long", "java.lang.Long" -> LONG;
            case "boolean", "java.lang.Boolean" -> BOOLEAN;
            case "java.lang.String" -> STRING;
            case "java.time.Duration" -> DURATION;
            case "java.nio.file.Path" -> PATH;
            case "io.penstock.server.config.Size" -> SIZE;
            case "io.penstock.server.config.Address" -> ADDRESS;
            case "io.penstock.server.config.Place" -> PLACE;
            case "io.penstock.server.config.Server" -> SERVER;
            case "io.penstock.server.config.LogTarget" -> LOG_TARGET;
            case "io.penstock.proxy.ConnectTarget" -> CONNECT_TARGET;
            default -> null;
        };
    }

    private static Scalar ofEnum(Class<?> type) {
        List<Object> constants = Arrays.asList(type.getEnumConstants());
        List<String> words = constants.stream().map(Scalar::spell).toList();
        String choice = String.join(" or ", words);
        return new Scalar(choice, choice, Map.of("enum", words), (text, _) -> {
            int index = words.indexOf(text);
            if (index < 0) {
                String suggestion = Nearest.suggest(text, words, "choose from");
                throw new IllegalArgumentException(
                        suggestion.startsWith(", ") ? suggestion.substring(2) : "it is none of these");
            }
            return constants.get(index);
        });
    }

    /** The value as it would be written in a file. */
    static String spell(Object value) {
        return switch (value) {
            case Duration duration -> Numbers.spell(duration);
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
            default -> value.toString();
        };
    }
}

package io.penstock.examples.docker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.Body;
import io.penstock.net.ConnectionException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** An object of JSON: what it does not have, or has as null, is empty or false. */
record Json(Map<?, ?> fields) {
    /** JSON is YAML, of which the program has a reader. */
    static Json read(Body body) throws ConnectionException {
        String text = new String(body.receiveAll(), UTF_8);
        return of(new Load(LoadSettings.builder().build()).loadFromString(text));
    }

    private static Json of(Object value) {
        return new Json(value instanceof Map<?, ?> fields ? fields : Map.of());
    }

    private Optional<Object> value(String name) {
        return Optional.ofNullable(fields.get(name));
    }

    boolean flag(String name) {
        return value(name).equals(Optional.of(true));
    }

    String text(String name) {
        return value(name).map(Object::toString).orElse("");
    }

    List<String> texts(String name) {
        return value(name).orElse(List.of()) instanceof List<?> list
                ? list.stream().map(String::valueOf).toList()
                : List.of();
    }

    Json object(String name) {
        return of(value(name).orElse(Map.of()));
    }

    /** Writes maps, lists, numbers and booleans as what they are, all else as text. */
    static String write(Object value) {
        return switch (value) {
            case Map<?, ?> object ->
                object.entrySet().stream()
                        .map(entry -> write(entry.getKey()) + ":" + write(entry.getValue()))
                        .collect(Collectors.joining(",", "{", "}"));
            case List<?> array -> array.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
            case Number number -> number.toString();
            case Boolean flag -> flag.toString();
            default -> quoted(value.toString());
        };
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') quoted.append('\\').append(c);
            else if (c < ' ') quoted.append("\\u%04x".formatted((int) c));
            else quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}

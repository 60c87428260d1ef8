package io.penstock.http.websocket.internal;

import io.penstock.http.internal.ByteClass;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One that is offered or agreed on in {@code Sec-WebSocket-Extensions}. Source: RFC 6455 §9.1.
 *
 * @param parameters their values by their names; empty for those that have none
 */
record Extension(String name, Map<String, String> parameters) {
    static final String HEADER = "Sec-WebSocket-Extensions";

    /** Those in the fields of that name; null when one is malformed. */
    static @Nullable List<Extension> parse(List<String> fields) {
        var all = new ArrayList<Extension>();
        for (String each : split(String.join(",", fields), ',')) {
            Extension one = parse(each);
            if (one == null) return null;
            all.add(one);
        }
        return all;
    }

    private static @Nullable Extension parse(String text) {
        List<String> parts = split(text, ';');
        if (parts.isEmpty() || !ByteClass.isToken(parts.getFirst())) return null;
        var parameters = new LinkedHashMap<String, String>();
        for (String part : parts.subList(1, parts.size())) {
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals).strip();
            String value = equals < 0 ? "" : part.substring(equals + 1).strip();
            boolean quoted = value.length() > 2 && value.startsWith("\"") && value.endsWith("\"");
            if (quoted)
                value = value.substring(1, value.length() - 1); // what may be quoted here is a token all the same
            boolean proper = ByteClass.isToken(name) && (equals < 0 || ByteClass.isToken(value));
            if (!proper || parameters.put(name, value) != null) return null;
        }
        return new Extension(parts.getFirst(), parameters);
    }

    /** The parts between the separators, none of them empty. */
    private static List<String> split(String text, char separator) {
        var parts = new ArrayList<String>();
        for (String part : text.split(String.valueOf(separator))) {
            if (!part.isBlank()) parts.add(part.strip());
        }
        return parts;
    }

    @Override
    public String toString() {
        var text = new StringBuilder(name);
        parameters.forEach(
                (parameter, value) -> text.append("; ").append(parameter).append(value.isEmpty() ? "" : "=" + value));
        return text.toString();
    }
}

package io.penstock.server.config;

import java.util.List;
import java.util.Map;

/** Writes JSON, indented by two. */
final class Json {
    private Json() {}

    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, 0, out);
        return out.append('\n').toString();
    }

    private static void write(Object value, int indent, StringBuilder out) {
        switch (value) {
            case Map<?, ?> map
            when !map.isEmpty() -> {
                String lead = "{\n";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.append(lead).repeat(' ', indent + 2);
                    text(entry.getKey().toString(), out);
                    write(entry.getValue(), indent + 2, out.append(": "));
                    lead = ",\n";
                }
                out.append('\n').repeat(' ', indent).append('}');
            }
            case Map<?, ?> _ -> out.append("{}");
            case List<?> list -> {
                String lead = "[";
                for (Object element : list) {
                    write(element, indent + 2, out.append(lead));
                    lead = ", ";
                }
                out.append(list.isEmpty() ? "[]" : "]");
            }
            case Number number -> out.append(number);
            case Boolean flag -> out.append(flag);
            default -> text(value.toString(), out);
        }
    }

    private static void text(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                default -> out.append(c);
            }
        }
        out.append('"');
    }
}

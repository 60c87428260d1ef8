package io.penstock.server.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The JSON Schema (draft 2020-12) of the configuration, for completion and checks while editing. */
public final class JsonSchema {
    /** What a number or a flag may be instead: a reference to the environment. */
    private static final Map<String, Object> REFERENCE =
            new TreeMap<>(Map.of("type", "string", "pattern", "\\$\\{.*\\}"));

    private JsonSchema() {}

    public static String text() {
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("$id", "urn:penstock:configuration:0.1");
        schema.put("title", "Penstock configuration");
        schema.putAll(section(Config.class));
        return Json.write(schema);
    }

    private static Map<String, Object> section(Class<? extends Record> type) {
        List<Key> keys = Key.of(type);
        Map<String, Object> properties = new LinkedHashMap<>();
        keys.forEach(key -> properties.put(key.name(), property(key)));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("properties", properties);
        schema.put(
                "required", keys.stream().filter(Key::required).map(Key::name).toList());
        schema.put("additionalProperties", false);
        return schema;
    }

    private static Map<String, Object> property(Key key) {
        Map<String, Object> property = new LinkedHashMap<>();
        property.put("description", key.doc());
        property.putAll(shape(key.shape(), key.range()));
        String text = key.byDefault();
        if (text != null && key.shape() instanceof Key.Shape.Single(Scalar scalar)) {
            Object value = scalar.reading().read(text, Path.of(""));
            property.put("default", value instanceof Number || value instanceof Boolean ? value : text);
        }
        return property;
    }

    private static Map<String, Object> shape(Key.Shape shape, @Nullable Range range) {
        Map<String, Object> schema = new LinkedHashMap<>();
        switch (shape) {
            case Key.Shape.Single(Scalar scalar) -> scalar(scalar, range, schema);
            case Key.Shape.ListOf(Key.Shape element) -> {
                schema.put("type", "array");
                schema.put("items", shape(element, null));
                if (range != null) {
                    schema.put("minItems", Integer.valueOf(range.min()));
                }
            }
            case Key.Shape.MapOf(Key.Shape element) -> {
                schema.put("type", "object");
                schema.put("additionalProperties", shape(element, null));
            }
            case Key.Shape.Section(Class<? extends Record> type) -> schema.putAll(section(type));
        }
        return schema;
    }

    private static void scalar(Scalar scalar, @Nullable Range range, Map<String, Object> schema) {
        Map<String, Object> keywords = new TreeMap<>(scalar.schema());
        boolean number = "integer".equals(keywords.get("type"));
        if (number && range != null) {
            keywords.put("minimum", Integer.valueOf(range.min()));
            if (!range.max().isEmpty()) {
                keywords.put("maximum", Integer.valueOf(range.max()));
            }
        }
        if (number || "boolean".equals(keywords.get("type"))) {
            schema.put("anyOf", List.of(keywords, REFERENCE));
        } else {
            schema.putAll(keywords);
        }
    }
}

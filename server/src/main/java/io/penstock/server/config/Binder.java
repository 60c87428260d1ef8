package io.penstock.server.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Binds a YAML tree to a record. A mistake is noted and the rest is bound all the same, so that one run shows all of them.
 * Used once, on one thread.
 */
final class Binder {
    /**
     * A value that was given in the file.
     *
     * @param path which one, {@code routes[].upstream}; the same for all elements of a list
     * @param label its key, for an entry of a map; else empty
     */
    record Bound(String path, String label, Object value, Node node) {}

    private final Source source;
    private final Environment environment;
    private final Path directory;
    private final List<Bound> bound = new ArrayList<>();
    private final Map<Class<?>, List<Key>> keys = new HashMap<>();

    Binder(Source source, Environment environment, Path directory) {
        this.source = source;
        this.environment = environment;
        this.directory = directory;
    }

    /** Everything that was given and could be read, in the order of the file, for checks across the whole. */
    List<Bound> bound() {
        return Collections.unmodifiableList(bound);
    }

    /** The record; empty when something is wrong, which the source then knows. */
    <T extends Record> Optional<T> bind(Class<T> type, Optional<Node> root) {
        return Optional.ofNullable(type.cast(section(type, root.orElse(null), "")));
    }

    private @Nullable Object value(Key.Shape shape, Node node, String path) {
        return switch (shape) {
            case Key.Shape.Single(Scalar scalar) -> scalar(scalar, node);
            case Key.Shape.ListOf(Key.Shape element) -> list(element, node, path);
            case Key.Shape.MapOf(Key.Shape element) -> map(element, node, path);
            case Key.Shape.Section(Class<? extends Record> type) -> section(type, node, path);
        };
    }

    private @Nullable Object scalar(Scalar scalar, Node node) {
        if (!(node instanceof ScalarNode written) || isNothing(node)) {
            source.problem(node, "expected " + scalar.expected() + ", not " + describe(node));
            return null;
        }
        String text;
        try {
            text = environment.substitute(written.getValue());
        } catch (IllegalArgumentException e) {
            source.problem(node, String.valueOf(e.getMessage()));
            return null;
        }
        try {
            return scalar.reading().read(text, directory);
        } catch (IllegalArgumentException | ArithmeticException e) {
            source.problem(node, "expected " + scalar.expected() + ", not '" + text + "': " + e.getMessage());
            return null;
        }
    }

    private @Nullable List<Object> list(Key.Shape element, Node node, String path) {
        if (!(node instanceof SequenceNode sequence)) {
            source.problem(node, "expected a list, not " + describe(node));
            return null;
        }
        List<Object> values = new ArrayList<>();
        for (Node child : sequence.getValue()) {
            Object value = value(element, child, path + "[]");
            if (value != null) {
                bound.add(new Bound(path + "[]", "", value, child));
                values.add(value);
            }
        }
        return values.size() == sequence.getValue().size() ? List.copyOf(values) : null;
    }

    private @Nullable Map<String, Object> map(Key.Shape element, Node node, String path) {
        if (!(node instanceof MappingNode mapping)) {
            source.problem(node, "expected names with a value each, not " + describe(node));
            return null;
        }
        Map<String, Object> values = new LinkedHashMap<>();
        Map<String, NodeTuple> entries = entries(mapping);
        entries.forEach((name, entry) -> {
            Object value = value(element, entry.getValueNode(), path + "{}");
            if (value != null) {
                bound.add(new Bound(path + "{}", name, value, entry.getKeyNode()));
                values.put(name, value);
            }
        });
        return values.size() == mapping.getValue().size() ? Collections.unmodifiableMap(values) : null;
    }

    /** A null node stands for a section that was left out. */
    private @Nullable Record section(Class<? extends Record> type, @Nullable Node node, String path) {
        if (node != null && !(node instanceof MappingNode)) {
            source.problem(node, "expected a section with the keys " + names(type) + ", not " + describe(node));
            return null;
        }
        Map<String, NodeTuple> entries = node instanceof MappingNode mapping ? entries(mapping) : Map.of();
        List<String> unknown = unknown(type, entries);
        boolean complete = unknown.isEmpty()
                && (node == null
                        || entries.size() == ((MappingNode) node).getValue().size());
        List<@Nullable Object> values = new ArrayList<>();
        for (Key key : keys(type)) {
            NodeTuple entry = entries.get(key.name());
            if (entry != null && isNothing(entry.getValueNode()) && key.optional()) {
                source.problem(entry.getKeyNode(), "'" + key.name() + "' has no value; " + nothingOf(key.shape()));
            }
            Object value = entry == null || isNothing(entry.getValueNode())
                    ? absent(key, node, unknown)
                    : given(key, entry.getValueNode(), path.isEmpty() ? key.name() : path + "." + key.name());
            complete &= value != null;
            values.add(value);
        }
        return complete ? construct(type, values) : null;
    }

    private @Nullable Object given(Key key, Node node, String path) {
        Object value = value(key.shape(), node, path);
        if (value == null) {
            return null;
        }
        bound.add(new Bound(path, "", value, node));
        Range range = key.range();
        if (range != null) {
            Bounds bounds = Bounds.of(key, range);
            if (!bounds.hold(value)) {
                source.problem(node, bounds.complaint());
                return null;
            }
        }
        return key.optional() ? Optional.of(value) : value;
    }

    /** What to write in the place of nothing: the key's being there says something, and nobody can tell what. */
    private static String nothingOf(Key.Shape shape) {
        return switch (shape) {
            case Key.Shape.Section _ -> "write {} for a section of defaults";
            case Key.Shape.ListOf _ -> "write [] for none, or leave it out";
            case Key.Shape.Single _, Key.Shape.MapOf _ -> "leave it out";
        };
    }

    /** Notes the keys that mean nothing, and returns them. */
    private List<String> unknown(Class<? extends Record> type, Map<String, NodeTuple> entries) {
        List<String> known = names(type);
        List<String> unknown = new ArrayList<>(entries.keySet());
        unknown.removeAll(known);
        for (String name : unknown) {
            source.problem(
                    Objects.requireNonNull(entries.get(name)).getKeyNode(),
                    "unknown key '" + name + "'" + Nearest.suggest(name, known, "known here:"));
        }
        return unknown;
    }

    private @Nullable Object absent(Key key, @Nullable Node section, List<String> unknown) {
        String text = key.byDefault();
        if (key.optional()) {
            return Optional.empty();
        } else if (text == null && unknown.stream().anyMatch(name -> Nearest.isNear(name, key.name()))) {
            return null; // misspelt, which is reported already
        } else if (text == null) {
            String message = "missing key '" + key.name() + "': " + key.doc();
            if (section == null) {
                source.problem(message);
            } else {
                source.problem(section, message);
            }
            return null;
        }
        return switch (key.shape()) {
            case Key.Shape.Single(Scalar scalar) -> scalar.reading().read(text, directory);
            case Key.Shape.ListOf _ -> List.of();
            case Key.Shape.MapOf _ -> Map.of();
            case Key.Shape.Section(Class<? extends Record> type) -> section(type, null, "");
        };
    }

    /** The entries by key; keys that are given twice or are no text are problems, and left out. */
    private Map<String, NodeTuple> entries(MappingNode mapping) {
        Map<String, NodeTuple> entries = new LinkedHashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            if (!(entry.getKeyNode() instanceof ScalarNode name)) {
                source.problem(entry.getKeyNode(), "expected a name, not " + describe(entry.getKeyNode()));
                continue;
            }
            NodeTuple first = entries.putIfAbsent(name.getValue(), entry);
            if (first != null) {
                source.problem(
                        name,
                        "duplicate key '" + name.getValue() + "', first given on line "
                                + Source.lineOf(first.getKeyNode()));
            }
        }
        return entries;
    }

    private List<Key> keys(Class<? extends Record> type) {
        return keys.computeIfAbsent(type, _ -> Key.of(type));
    }

    private List<String> names(Class<? extends Record> type) {
        return keys(type).stream().map(Key::name).toList();
    }

    private static boolean isNothing(Node node) {
        return node.getTag().equals(Tag.NULL);
    }

    private static String describe(Node node) {
        return switch (node.getNodeType()) {
            case SCALAR -> isNothing(node) ? "nothing" : "'" + ((ScalarNode) node).getValue() + "'";
            case SEQUENCE -> "a list";
            case MAPPING -> "a section";
            default -> "an alias";
        };
    }

    private static Record construct(Class<? extends Record> type, List<@Nullable Object> values) {
        Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(parameters).newInstance(values.toArray());
        } catch (InvocationTargetException e) {
            throw new IllegalStateException("the constructor of " + type + " failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type + " cannot be constructed", e);
        }
    }
}

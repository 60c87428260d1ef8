package io.penstock.server.config;

/** The table of all keys for the guide, in Markdown. */
public final class ReferenceTable {
    private ReferenceTable() {}

    public static String text() {
        StringBuilder out = new StringBuilder("| key | value | default | meaning |\n|---|---|---|---|\n");
        rows(Config.class, "", out);
        return out.toString();
    }

    private static void rows(Class<? extends Record> type, String prefix, StringBuilder out) {
        for (Key key : Key.of(type)) {
            String name = prefix + key.name();
            out.append("| `").append(name).append("` | ").append(describe(key.shape()));
            Range range = key.range();
            if (range != null) {
                boolean single = key.shape() instanceof Key.Shape.Single;
                out.append(", ").append(range.min()).append(range.max().isEmpty() ? " or more" : " to " + range.max());
                out.append(single ? "" : range.min().equals("1") && !range.max().isEmpty() ? " entry" : " entries");
            }
            String byDefault = key.byDefault();
            boolean section = key.shape() instanceof Key.Shape.Section;
            out.append(" | ");
            if (key.required()) {
                out.append("**required**");
            } else if (byDefault != null && !section) {
                out.append('`').append(byDefault).append('`');
            }
            out.append(" | ").append(key.doc().replace("|", "\\|")).append(" |\n");
            rows(key.shape(), name, out);
        }
    }

    private static void rows(Key.Shape shape, String name, StringBuilder out) {
        switch (shape) {
            case Key.Shape.Single _ -> {}
            case Key.Shape.ListOf(Key.Shape element) -> rows(element, name + "[]", out);
            case Key.Shape.MapOf(Key.Shape element) -> rows(element, name + ".<name>", out);
            case Key.Shape.Section(Class<? extends Record> type) -> rows(type, name + ".", out);
        }
    }

    private static String describe(Key.Shape shape) {
        return switch (shape) {
            case Key.Shape.Single(Scalar scalar) -> scalar.name();
            case Key.Shape.ListOf(Key.Shape.Section _) -> "list of sections";
            case Key.Shape.ListOf(Key.Shape element) -> "list of " + describe(element);
            case Key.Shape.MapOf(Key.Shape.Section _) -> "sections by name";
            case Key.Shape.MapOf(Key.Shape element) -> describe(element) + " by name";
            case Key.Shape.Section _ -> "section";
        };
    }
}

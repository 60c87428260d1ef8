package io.penstock.server.config;

import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Replaces <code>${NAME}</code> and <code>${NAME:-default}</code> in scalars; <code>$${</code> stands for <code>${</code> itself.
 *
 * @param variables the value of a variable, null when it is not set
 */
record Environment(Function<String, @Nullable String> variables) {
    private static final Pattern REFERENCE =
            Pattern.compile("\\$\\$\\{|\\$\\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?<fallback>:-(?<text>[^}]*))?}|\\$\\{");

    /**
     * The text with every reference replaced. As in a shell, a default also replaces an empty variable.
     *
     * @throws IllegalArgumentException when a variable without a default is not set, or a reference is malformed
     */
    String substitute(String text) {
        if (text.indexOf("${") < 0) {
            return text;
        }
        return REFERENCE.matcher(text).replaceAll(match -> Matcher.quoteReplacement(replacement(match.group(), match)));
    }

    private String replacement(String whole, MatchResult match) {
        if (whole.equals("$${")) {
            return "${";
        }
        String name = match.group("name");
        if (name == null) {
            throw new IllegalArgumentException("malformed reference, expected ${NAME} or ${NAME:-default}");
        }
        String value = variables.apply(name);
        if (match.group("fallback") != null) {
            return value == null || value.isEmpty() ? match.group("text") : value;
        }
        if (value == null) {
            throw new IllegalArgumentException("the environment variable " + name
                    + " is not set; set it, or give a default with ${" + name + ":-default}");
        }
        return value;
    }
}

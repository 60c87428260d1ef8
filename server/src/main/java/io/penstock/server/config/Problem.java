package io.penstock.server.config;

/**
 * One mistake in a configuration file.
 *
 * @param file as the user named it
 * @param line from 1; 0 when it is about the file as a whole
 * @param column from 1, in characters; 0 likewise
 * @param message what is wrong and what was expected
 * @param source the text of that line; empty when there is none
 */
public record Problem(String file, int line, int column, String message, String source) {
    static Problem ofFile(String file, String message) {
        return new Problem(file, 0, 0, message, "");
    }

    /** {@code file:line:column: message}. */
    @Override
    public String toString() {
        return line == 0 ? file + ": " + message : file + ":" + line + ":" + column + ": " + message;
    }

    /** The message, and below it the line of the file with a caret at the place. */
    public String render() {
        if (source.isBlank()) {
            return toString();
        }
        String number = "%6d".formatted(line);
        StringBuilder caret = new StringBuilder();
        source.codePoints().limit(column - 1L).forEach(c -> caret.append(c == '\t' ? '\t' : ' '));
        return this + "\n" + number + " | " + source + "\n" + " ".repeat(number.length()) + " | " + caret + "^";
    }
}

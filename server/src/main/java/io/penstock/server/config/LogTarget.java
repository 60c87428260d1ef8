package io.penstock.server.config;

import java.nio.file.Path;

/** Where a log goes. */
public sealed interface LogTarget {
    /** Standard output, written {@code -}. */
    record StandardOutput() implements LogTarget {
        @Override
        public String toString() {
            return "-";
        }
    }

    /** Nowhere, written {@code off}. */
    record Off() implements LogTarget {
        @Override
        public String toString() {
            return "off";
        }
    }

    /** A file that is appended to. */
    record ToFile(Path path) implements LogTarget {
        @Override
        public String toString() {
            return path.toString();
        }
    }

    /** Reads {@code -}, {@code off} or a path, which is resolved against the directory. */
    static LogTarget of(String text, Path directory) {
        return switch (text) {
            case "-" -> new StandardOutput();
            case "off" -> new Off();
            case "" -> throw new IllegalArgumentException("the path is empty");
            default -> new ToFile(directory.resolve(text));
        };
    }
}

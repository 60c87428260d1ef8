package io.penstock.testkit.cosocket;

/** What came of a step. Bytes are Latin-1 text. */
public sealed interface Outcome {
    /** It did what it should: with these bytes, or this number. */
    record Done(String value) implements Outcome {
        @Override
        public String toString() {
            return shown(value);
        }
    }

    /** It failed: for this reason, having consumed these bytes. */
    record Failed(String reason, String partial) implements Outcome {
        @Override
        public String toString() {
            return reason + (partial.isEmpty() ? "" : " after " + shown(partial));
        }
    }

    /** The call was refused as a mistake of the program. */
    record Misused(String text) implements Outcome {
        @Override
        public String toString() {
            return "misuse: " + text;
        }
    }

    /** A sized iterator tells that its part is over. */
    record Over() implements Outcome {
        @Override
        public String toString() {
            return "over";
        }
    }

    /** There is nothing to call: we have a connection only once it is connected, and no more when it is given back. */
    record Absent() implements Outcome {
        @Override
        public String toString() {
            return "no connection";
        }
    }

    private static String shown(String bytes) {
        String some = bytes.length() > 80 ? bytes.substring(0, 80) + "... (" + bytes.length() + ")" : bytes;
        return '"'
                + some.replace("\\", "\\\\")
                        .replace("\r", "\\r")
                        .replace("\n", "\\n")
                        .replace("\0", "\\0")
                + '"';
    }
}

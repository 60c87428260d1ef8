package io.penstock.testkit.cosocket;

import io.penstock.testkit.Cut;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What the far side of a script does: the origin that is dialled, or the client that sends a request.
 *
 * <p>When it has done everything it keeps its connection open until the script is over. Bytes are written as Latin-1 text.
 */
public sealed interface Act {
    /** Acts that need nothing. */
    enum Plain implements Act {
        /** Reads everything up to the end; what came, and how it ended, is an outcome. */
        READ_ALL,
        /** Reads everything up to the end; of what came the statuses of the responses are an outcome. */
        READ_STATUSES,
        /** Reads everything up to the end, whatever it is. */
        DRAIN,
        /** Ends its writing half. */
        HALF_CLOSE,
        /** Resets the connection. */
        RESET,
        /** Closes the connection in order. */
        CLOSE
    }

    /** Sends the text; {@code {run}} in it stands for what a request has to have in its query to reach the script. */
    record Send(String text, Cut cut) implements Act {}

    /** Reads as many bytes as the text has; what came is an outcome. */
    record Expect(String text) implements Act {}

    /** Tells the near side. */
    record Tell(String label) implements Act {}

    /** Waits until somebody has told it. */
    record Await(String label) implements Act {}

    // ---- in the words of a script

    static Act sends(String text) {
        return new Send(text, Cut.WHOLE);
    }

    static Act sends(String text, Cut cut) {
        return new Send(text, cut);
    }

    /** So many bytes that depend on their place. */
    static Act sendsMany(int size) {
        return sends(many(size));
    }

    static Act expects(String text) {
        return new Expect(text);
    }

    static Act readsAll() {
        return Plain.READ_ALL;
    }

    static Act readsStatuses() {
        return Plain.READ_STATUSES;
    }

    static Act drains() {
        return Plain.DRAIN;
    }

    static Act halfCloses() {
        return Plain.HALF_CLOSE;
    }

    static Act resets() {
        return Plain.RESET;
    }

    static Act closes() {
        return Plain.CLOSE;
    }

    static Act tells(String label) {
        return new Tell(label);
    }

    static Act awaits(String label) {
        return new Await(label);
    }

    /** A text of letters in which each depends on its place. */
    static String many(int size) {
        return IntStream.range(0, size)
                .mapToObj(at -> String.valueOf((char) ('a' + (at * 7 + at / 26) % 26)))
                .collect(Collectors.joining());
    }
}

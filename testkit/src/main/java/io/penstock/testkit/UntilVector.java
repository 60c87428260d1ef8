package io.penstock.testkit;

import io.penstock.net.ConnectionException;
import io.penstock.net.Delimited;
import io.penstock.net.Input;
import io.penstock.net.Until;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What OpenResty's cosockets receive up to a delimiter, call by call; for any {@link Input}, however the stream is cut.
 *
 * @param delimiters of the iterators; separated by a space
 * @param inclusive whether the delimiters are received, too
 * @param stream what comes before the end of the stream
 * @param calls in order: {@code a} asks the first iterator for a piece, {@code b4} the second for 4 bytes of one, {@code r3} receives 3
 *     bytes
 * @param results of the calls: the bytes in quotes, {@code null}, or {@code end} and the partial bytes in quotes
 */
public record UntilVector(String delimiters, boolean inclusive, String stream, String calls, List<String> results) {
    private static final String TWELVE = "abcabdabcabe";

    /** The vectors of the reference, where the names in brackets are those of the peer's own tests. */
    public static final List<UntilVector> ALL = List.of(
            of("\r\n", "OK\r\n", "a", "'OK'"), // [066#1]
            of("\r\n", "a\r\nbc\r\n\r\nfoo\n", "a a a a", "'a'", "'bc'", "''", "end 'foo\n'"), // [066#2]
            of("\r\n\r\n", "H: 1\r\nI: 2\r\n\r\nfoo\n", "a a", "'H: 1\r\nI: 2'", "end 'foo\n'"), // [066#3]
            of("abcabd", "abcabcabd\n", "a a", "'abc'", "end '\n'"), // [066#4]
            of("aa", "abcabcaad\n", "a a", "'abcabc'", "end 'd\n'"), // [066#5]
            of("aaa", "abaabcaaaef\n", "a a", "'abaabc'", "end 'ef\n'"), // [066#6]
            of("aaaaad", "baaaaaaaaeaaaaaaadf\n", "a a", "'baaaaaaaaeaa'", "end 'f\n'"), // [066#7-9]
            of(TWELVE, "abcabdabcabdabcabe\n", "a a", "'abcabd'", "end '\n'"), // [066#10]
            of(TWELVE, "abcabdabcabcabdabcabe\n", "a a", "'abcabdabc'", "end '\n'"), // [066#11]
            of(TWELVE, "abcabcabdabcabe\n", "a a", "'abc'", "end '\n'"), // [066#12]
            of(TWELVE, "ababcabdabcabe\n", "a a", "'ab'", "end '\n'"), // [066#13]
            of("--abc", "----abc\n", "a a", "'--'", "end '\n'"), // [066#14]
            of(
                    "--abc",
                    "hello, world ----abc\n",
                    "a4 a4 a4 a4 a4 a4", // [066#15]
                    "'hell'",
                    "'o, w'",
                    "'orld'",
                    "' --'",
                    "null",
                    "end '\n'"),
            of(
                    "--abc",
                    "hello, world ----abc\n",
                    "a4 r1 a4 r1 a4 r1 a4 r1 a4 r1", // [066#17]
                    "'hell'",
                    "'o'",
                    "', wo'",
                    "'r'",
                    "'ld -'",
                    "'-'",
                    "''",
                    "'\n'",
                    "null",
                    "end ''"),
            of("--abc", "-----abc\n", "a2 a2 a2 a2", "'--'", "'-'", "null", "end '\n'"), // [066#20]
            of(
                    "--abc",
                    "----abc----abc-\n",
                    "a2 r1 a2 r1 a2 r1 a2 r1 a2 a2", // [066#21]
                    "'--'",
                    "'-'",
                    "'-a'",
                    "'b'",
                    "'c-'",
                    "'-'",
                    "''",
                    "'-'",
                    "null",
                    "end '\n'"),
            of(
                    "--abc -ab",
                    "------abd----abc\n",
                    "a2 r1 a1 b2 a a", // [066#22]
                    "'--'",
                    "'-'",
                    "'-'",
                    "'-'",
                    "'d--'",
                    "end '\n'"),
            of("ab1ab2", "ab1ab1", "a2 r3", "'ab1'", "'ab1'"), // [066#25]
            inclusive("abcabd", "abcabcabdabcabd\n", "a a a", "'abcabcabd'", "'abcabd'", "end '\n'"),
            inclusive(TWELVE, "ababcabdabcabe\n", "a a", "'ababcabdabcabe'", "end '\n'"),
            inclusive("aa", "abcabcaad\n", "a a", "'abcabcaa'", "end 'd\n'"),
            inclusive(
                    "--abc",
                    "hello, world ----abc\n",
                    "a4 a4 a4 a4 a4 a4",
                    "'hell'",
                    "'o, w'",
                    "'orld'",
                    "' ----abc'",
                    "null",
                    "end '\n'"),
            inclusive(
                    "--abc",
                    "hello, world ----abc\n",
                    "a4 r1 a4 r1 a4 r1 a4 r1 a4 r1",
                    "'hell'",
                    "'o'",
                    "', wo'",
                    "'r'",
                    "'ld -'",
                    "'-'",
                    "'--abc'",
                    "'\n'",
                    "null",
                    "end ''"),
            of("--abc", "--abcx", "a r1", "''", "'x'"),
            of("--abc", "--abcx", "a3 a3 r1", "''", "null", "'x'"),
            of("--abc", "ab--abccd--abc", "a2 a2 a a", "'ab'", "''", "null", "'cd'"),
            of("--abc", "--abx", "a1 a1", "'--ab'", "'x'"), // more than asked for: it was looked at together
            // the peer loses what has matched before the end
            of("--abc", "foo--", "a a", "end 'foo--'", "end ''"),
            of("--abc", "foo--ab", "a2 a9 r1", "'fo'", "end 'o--ab'", "end ''"));

    private static UntilVector of(String delimiters, String stream, String calls, String... results) {
        return new UntilVector(delimiters, false, stream, calls, List.of(results));
    }

    private static UntilVector inclusive(String delimiters, String stream, String calls, String... results) {
        return new UntilVector(delimiters, true, stream, calls, List.of(results));
    }

    /** Makes the calls; their results in the form of {@link #results}. */
    public List<String> runOn(Input input) throws ConnectionException {
        var iterators = new ArrayList<Delimited>();
        for (String delimiter : delimiters.split(" ")) {
            iterators.add(input.receiveUntil(Payload.bytes(delimiter), inclusive ? Until.INCLUSIVE : Until.DEFAULT));
        }
        var got = new ArrayList<String>();
        for (String call : calls.split(" ")) {
            try {
                got.add(shown(make(call, input, iterators)));
            } catch (ConnectionException e) {
                if (e.reason() != ConnectionException.Reason.EOF) throw e;
                got.add("end " + shown(e.partial()));
            }
        }
        return got;
    }

    private static byte @Nullable [] make(String call, Input input, List<Delimited> iterators)
            throws ConnectionException {
        int size = call.length() == 1 ? 0 : Integer.parseInt(call.substring(1));
        if (call.charAt(0) == 'r') return input.receive(size);
        Delimited iterator = iterators.get(call.charAt(0) - 'a');
        return size == 0 ? iterator.next() : iterator.next(size);
    }

    private static String shown(byte @Nullable [] bytes) {
        return bytes == null ? "null" : "'" + Payload.text(bytes) + "'";
    }
}

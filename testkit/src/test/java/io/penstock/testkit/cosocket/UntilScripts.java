package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.many;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.HALF_MATCH_AND_ANOTHER_METHOD;
import static io.penstock.testkit.cosocket.IntendedDifference.HALF_MATCH_AT_THE_END;
import static io.penstock.testkit.cosocket.IntendedDifference.MISTAKES_ARE_THROWN;
import static io.penstock.testkit.cosocket.IntendedDifference.THE_END_OF_A_PART_IS_TOLD;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.until;
import static io.penstock.testkit.cosocket.Step.untilInclusive;
import static io.penstock.testkit.cosocket.Step.within;

import java.util.ArrayList;
import java.util.List;

/** The vectors of {@code receiveuntil}, and what surrounds them. */
final class UntilScripts {
    private UntilScripts() {}

    static List<Script> list() {
        return List.of(
                // the vectors, in the order of the peer's tests
                plain("066#1 a line", "\r\n", "OK\r\n", 1),
                plain("066#2 lines", "\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nfoo\n", 4),
                plain("066#3 a head", "\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r\nfoo\n", 2),
                plain("066#4", "abcabd", "abcabcabd\n", 2),
                plain("066#5", "aa", "abcabcaad\n", 2),
                plain("066#6", "aaa", "abaabcaaaef\n", 2),
                plain("066#7", "aaaaad", "baaaaaaaaeaaaaaaadf\n", 2),
                plain("066#10", "abcabdabcabe", "abcabdabcabdabcabe\n", 2),
                plain("066#11", "abcabdabcabe", "abcabdabcabcabdabcabe\n", 2),
                plain("066#12", "abcabdabcabe", "abcabcabdabcabe\n", 2),
                plain("066#13", "abcabdabcabe", "ababcabdabcabe\n", 2),
                plain("066#14", "--abc", "----abc\n", 2),
                sized("066#15", false, "--abc", "hello, world ----abc\n", 4, 6),
                Script.of("066#17 in turn with one byte")
                        .far(sends("hello, world ----abc\n"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1)),
                sized("066#20", false, "--abc", "-----abc\n", 2, 4),
                Script.of("066#21 one byte eats into the delimiter")
                        .far(sends("----abc----abc-\n"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                next("r", 2),
                                receive(1),
                                next("r", 2),
                                receive(1),
                                next("r", 2),
                                receive(1),
                                next("r", 2),
                                receive(1),
                                next("r", 2),
                                receive(1),
                                next("r", 2))
                        .differing(HALF_MATCH_AND_ANOTHER_METHOD)
                        .ours("04", "-")
                        .ours("05", "-a"),
                Script.of("066#22 two iterators and one byte")
                        .far(sends("------abd----abc\n"), closes())
                        .near(
                                connect(),
                                until("one", "--abc"),
                                until("two", "-ab"),
                                next("one", 2),
                                receive(1),
                                next("one", 1),
                                next("two", 2),
                                next("one"),
                                next("one"))
                        .differing(HALF_MATCH_AND_ANOTHER_METHOD)
                        .ours("07", "-")
                        .ours("08", "d--"),
                inclusive("084#1", "abcabd", "abcabcabdabcabd\n", 3),
                inclusive("084#2", "aa", "abcabcaad\n", 2),
                inclusive("084#3", "abcabdabcabe", "ababcabdabcabe\n", 2),
                sized("084#4", true, "--abc", "hello, world ----abc\n", 4, 6),
                Script.of("084#5 inclusive, in turn with one byte")
                        .far(sends("hello, world ----abc\n"), closes())
                        .near(
                                connect(),
                                untilInclusive("r", "--abc"),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1),
                                next("r", 4),
                                receive(1)),
                plain("(b) a delimiter at once", "--abc", "--abcx\n", 2),
                sized("(b) a delimiter at once, sized", false, "--abc", "--abcx\n", 3, 3),
                Script.of("(b) sized, then not")
                        .far(sends("ab--abccd--abc"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                next("r", 2),
                                next("r", 2),
                                next("r"),
                                next("r"),
                                next("r")),
                sized("(b) more than asked for, as it must be looked at together", false, "--abc", "--abx--abc", 1, 4),
                // the end of the stream
                plain("(b) the end in a half match", "--abc", "foo--", 1).differing(HALF_MATCH_AT_THE_END),
                plain("(b) the end in a match but for one byte", "abcabd", "xabcab", 1)
                        .differing(HALF_MATCH_AT_THE_END),
                sized("(b) the end in a half match, sized", false, "--abc", "foobar--ab", 3, 3)
                        .differing(HALF_MATCH_AT_THE_END),
                plain("(b) the end at once", "--abc", "", 2),
                plain("(b) the end behind a delimiter", "--abc", "x--abc", 3),
                // timeouts
                Script.of("(b) a timeout in a half match, and the rest of it")
                        .far(sends("foo--ab"), tells("sent"), awaits("late"), sends("cXYZ\n"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                next("r"),
                                line()),
                Script.of("(b) a timeout in a half match that is none")
                        .far(sends("foo--ab"), tells("sent"), awaits("late"), sends("xyz--abc!"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                next("r"),
                                receive(1)),
                Script.of("(b) a timeout in a half match, sized")
                        .far(sends("foo--ab"), tells("sent"), awaits("late"), sends("cXYZ\n"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r", 10)),
                                tell("late"),
                                next("r", 10),
                                next("r", 10),
                                line()),
                Script.of("(b) timeouts in a row lose nothing")
                        .far(
                                sends("a-"),
                                tells("sent"),
                                awaits("one"),
                                sends("-"),
                                tells("more"),
                                awaits("two"),
                                sends("ab"),
                                tells("all"),
                                awaits("three"),
                                sends("c."),
                                closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r")),
                                tell("one"),
                                await("more"),
                                within(30, next("r")),
                                tell("two"),
                                await("all"),
                                within(30, next("r")),
                                tell("three"),
                                next("r"),
                                receive(1)),
                Script.of("058#38 a timeout, and then a delimiter")
                        .far(sends("2\r\nhi\r\n"), tells("sent"), awaits("late"), sends("5\r\nworld\r\n"), closes())
                        .near(
                                connect(),
                                await("sent"),
                                within(30, receive(100)),
                                until("r", "\r\n"),
                                tell("late"),
                                next("r"),
                                next("r"),
                                next("r")),
                Script.of("058#39 a timeout before the delimiter, and then lines")
                        .far(sends("2\r\nhi\r\n"), tells("sent"), awaits("late"), sends("5\r\nworld\r\n"), closes())
                        .near(
                                connect(),
                                until("r", "none"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                line(),
                                line()),
                Script.of("058#40 a timeout before one delimiter, and then another one")
                        .far(sends("2\r\nhi\r\n"), tells("sent"), awaits("late"), sends("5\r\nworld\r\n"), closes())
                        .near(
                                connect(),
                                until("r", "none"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                until("s", "\r\n"),
                                next("s"),
                                next("s")),
                Script.of("(b) a half match is put back for the next method")
                        .far(sends("foo--ab"), tells("sent"), awaits("late"), sends("c\n"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                line(),
                                line())
                        .differing(HALF_MATCH_AND_ANOTHER_METHOD)
                        .ours("08", "--abc"),
                Script.of("066#25 a half match is put back when another takes over")
                        .far(sends("ab1ab1\n"), closes())
                        .near(connect(), until("r", "ab1ab2"), next("r", 2), receive(3), line())
                        .differing(HALF_MATCH_AND_ANOTHER_METHOD)
                        .ours("04", "ab1")
                        .ours("05", ""),
                // several, and others in between
                Script.of("(b) two delimiters in turn")
                        .far(sends("k=v&a=b&x"), closes())
                        .near(
                                connect(),
                                until("key", "="),
                                until("value", "&"),
                                next("key"),
                                next("value"),
                                next("key"),
                                next("value"),
                                next("key")),
                Script.of("(b) two iterators for one delimiter")
                        .far(sends("a,b,c,d"), closes())
                        .near(connect(), until("r", ","), until("s", ","), next("r"), next("s"), next("r"), next("s")),
                Script.of("(b) the end of a part is told although something else was read meanwhile")
                        .far(sends("ab--abccd\nef--abc"), closes())
                        .near(
                                connect(),
                                until("r", "--abc"),
                                next("r", 9),
                                line(),
                                next("r", 9),
                                next("r", 9),
                                next("r", 9)),
                Script.of("(b) a part in pieces, a line, another part")
                        .far(sends("part one;line\npart two;rest"), closes())
                        .near(
                                connect(),
                                until("r", ";"),
                                next("r", 5),
                                next("r", 5),
                                next("r", 5),
                                line(),
                                next("r"),
                                all()),
                Script.of("(b) a part that is complete, and then the end")
                        .far(sends("ab;x"), closes())
                        .near(connect(), until("r", ";"), next("r", 5), receive(5), next("r", 5), next("r", 5))
                        .differing(THE_END_OF_A_PART_IS_TOLD),
                Script.of("(b) a multipart body")
                        .far(sends("preamble\r\n--x\r\nA: b\r\n\r\none\r\n--x\r\n\r\ntwo--x\r\n--x--\r\n"), closes())
                        .near(
                                connect(),
                                until("r", "\r\n--x"),
                                next("r"),
                                line(),
                                line(),
                                line(),
                                next("r", 2),
                                next("r", 2),
                                next("r", 2),
                                line(),
                                line(),
                                next("r"),
                                all()),
                // the delimiter
                plain("(b) one byte", ",", "a,,b,c", 5),
                sized("(b) one byte, sized", false, ",", "abc,,defg", 2, 8),
                plain("(b) two bytes", ";;", "a;b;;;c;;", 4),
                plain("(b) NULs", "\0\0", "a\0b\0\0c\0\0\0", 3).differing(HALF_MATCH_AT_THE_END),
                plain("(b) bytes above 127", "\u00ff\u00fe", "a\u00ffb\u00ff\u00fec", 2),
                plain("(b) a delimiter of 70 bytes", many(70), "x" + many(69) + many(70) + "y", 2),
                plain("(b) no overlap", "aba", "ababa.aba", 3),
                inclusive("(b) no overlap, inclusive", "aba", "ababa.aba", 3),
                Script.of("4.6 an empty delimiter")
                        .far(sends("abc"), closes())
                        .near(connect(), until("r", ""), receive(3))
                        .differing(MISTAKES_ARE_THROWN),
                // sizes
                plain("(b) a long part", "--abc", many(100_000).replace("abc", "abd") + "--abcz", 2),
                Script.of("067#5 a long part in large pieces")
                        .far(sends(many(20_000) + "$$$end"), closes())
                        .near(
                                connect(),
                                until("r", "$$$"),
                                next("r", 8192),
                                next("r", 8192),
                                next("r", 8192),
                                next("r", 8192),
                                all()),
                sized("(b) a size larger than the part", false, "--abc", "ab--abccd--abc", 100, 5),
                sized("(b) a size that ends at the delimiter", false, "--abc", "abcd--abcef--abc", 4, 5),
                sized("(b) a size of one", false, "ab", "xaab", 1, 4),
                sized("(b) inclusive and sized", true, "--", "abcde--fg--", 3, 6),
                // states
                Script.of("4.6 made before the data, called behind the end")
                        .far(sends("a;b"), closes())
                        .near(connect(), until("r", ";"), all(), next("r")),
                Script.of("4.6 called on a closed connection")
                        .far(sends("a;b"))
                        .near(connect(), until("r", ";"), close(), next("r"), next("r", 3)),
                Script.of("4.6 a request in between")
                        .far(sends("a;"), Act.expects("more"), sends("b;"), closes())
                        .near(connect(), until("r", ";"), next("r"), send("more"), next("r"), next("r")),
                Script.of("4.6 whatever is there, then the rest of the part")
                        .far(sends("abc;def;"), tells("sent"), closes())
                        .near(connect(), await("sent"), until("r", ";"), any(2), next("r"), any(1), next("r")));
    }

    private static Script plain(String name, String delimiter, String stream, int calls) {
        return calls(name, until("r", delimiter), delimiter, stream, next("r"), calls);
    }

    private static Script inclusive(String name, String delimiter, String stream, int calls) {
        return calls(name, untilInclusive("r", delimiter), delimiter, stream, next("r"), calls);
    }

    private static Script sized(String name, boolean inclusive, String delimiter, String stream, int size, int calls) {
        return calls(
                name,
                inclusive ? untilInclusive("r", delimiter) : until("r", delimiter),
                delimiter,
                stream,
                next("r", size),
                calls);
    }

    private static Script calls(String name, Step made, String delimiter, String stream, Step call, int calls) {
        var steps = new ArrayList<Step>(List.of(connect(), made));
        for (int i = 0; i < calls; i++) steps.add(call);
        return Script.of(name + ": " + shown(delimiter))
                .far(sends(stream), closes())
                .near(steps.toArray(Step[]::new));
    }

    private static String shown(String delimiter) {
        return delimiter.length() > 20
                ? delimiter.length() + " bytes"
                : delimiter.replace("\r", "CR").replace("\n", "LF").replace("\0", "NUL");
    }
}

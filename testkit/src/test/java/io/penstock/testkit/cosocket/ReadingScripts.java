package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.many;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.sendsMany;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.A_LINE_HAS_A_LIMIT;
import static io.penstock.testkit.cosocket.IntendedDifference.LINES_ARE_TEXT;
import static io.penstock.testkit.cosocket.IntendedDifference.ONE_CR_OF_A_LINE;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.gather;
import static io.penstock.testkit.cosocket.Step.limit;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.pause;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.use;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.List;

/** Receiving in every mode, alone and mixed, where nothing goes wrong. */
final class ReadingScripts {
    private static final String ANSWER = "HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 4\r\n\r\nfoo\n";

    private ReadingScripts() {}

    static List<Script> list() {
        return List.of(
                Script.of("058#1 an HTTP answer line by line")
                        .far(expects("GET /foo HTTP/1.0\r\n\r\n"), sends(ANSWER), closes())
                        .near(
                                connect(),
                                send("GET /foo HTTP/1.0\r\n\r\n"),
                                line(),
                                line(),
                                line(),
                                line(),
                                line(),
                                line(),
                                close()),
                Script.of("058#2 a last line without LF")
                        .far(sends("foo"), closes())
                        .near(connect(), line(), line()),
                Script.of("058#11 everything at once")
                        .far(sends(ANSWER), closes())
                        .near(connect(), all(), all()),
                Script.of("058#12 a line, then everything")
                        .far(sends(ANSWER), closes())
                        .near(connect(), line(), all(), line()),
                Script.of("058#13 ten by ten")
                        .far(sends(ANSWER), closes())
                        .near(
                                connect(),
                                receive(10),
                                receive(10),
                                receive(10),
                                receive(10),
                                receive(10),
                                receive(10),
                                receive(10)),
                Script.of("058#24 two sockets in turn")
                        .far(sends("one\ntwo\n"), closes())
                        .far(sends("un\ndeux\n"), closes())
                        .near(
                                connect(), line(), use("b"), connect(), line(), use("a"), line(), use("b"), line(),
                                use("a"), line()),
                Script.of("058#25 several parts sent as one")
                        .far(expects("GET /foo HTTP/1.0\r\nHost: x\r\n\r\n"), sends("ok\n"), closes())
                        .near(connect(), send("GET /", "foo", " HTTP/1.0\r\n", "", "Host: x\r\n\r\n"), line()),
                Script.of("058#30 CRs inside a line")
                        .far(sends("fo\ro\rbar\r\r\nba\rz\n\r\n"), closes())
                        .near(connect(), line(), line(), line(), line())
                        .differing(ONE_CR_OF_A_LINE),
                Script.of("3.6 CRs in the partial line at the end")
                        .far(sends("cd\rq\r"), closes())
                        .near(connect(), line())
                        .differing(ONE_CR_OF_A_LINE),
                Script.of("058#31 no bytes")
                        .far(sends("abc"), closes())
                        .near(connect(), receive(0), receive(3), receive(0)),
                Script.of("058#41 no bytes before any have come")
                        .far(awaits("asked"), sends("late\n"), closes())
                        .near(connect(), receive(0), tell("asked"), line()),
                Script.of("058#32 nothing sent").far(expects("x")).near(connect(), send(""), send("x")),
                Script.of("068#24 an empty list sent, then something")
                        .far(expects("x"))
                        .near(connect(), send("", ""), send("x")),
                Script.of("058#65 whatever is there, all of it")
                        .far(sends("1"), awaits("one"), sends("22"), awaits("two"), sends("hello world"), closes())
                        .near(connect(), any(100), tell("one"), any(100), tell("two"), any(100), any(100)),
                Script.of("058#68 whatever is there, with much room")
                        .far(sends("hello world"), tells("sent"))
                        .near(connect(), await("sent"), any(128)),
                Script.of("058#69 whatever is there, seven at a time")
                        .far(sends("hello world"), tells("sent"))
                        .near(connect(), await("sent"), any(7), any(7)),
                Script.of("4.5 one byte at a time")
                        .far(sends("abc"), closes())
                        .near(connect(), any(1), any(1), any(1), any(1)),
                Script.of("4.5 what was left by a line comes first")
                        .far(sends("one\ntwo"), tells("sent"), awaits("read"), sends("three"), closes())
                        .near(connect(), line(), await("sent"), any(100), tell("read"), gather(5), any(1)),
                Script.of("4.4 empty lines")
                        .far(sends("\n\r\n\n"), closes())
                        .near(connect(), line(), line(), line(), line()),
                Script.of("4.4 LF alone and CRLF in turn")
                        .far(sends("a\nb\r\nc\n"), closes())
                        .near(connect(), line(), line(), line()),
                Script.of("4.4 nothing at all is everything").far(closes()).near(connect(), all(), all()),
                Script.of("4.4 everything behind the last byte is nothing")
                        .far(sends("abc"), closes())
                        .near(connect(), receive(3), all(), all()),
                Script.of("4.4 everything, in the middle of a line")
                        .far(sends("abc\ndef"), closes())
                        .near(connect(), receive(2), all()),
                Script.of("4.4 256 KiB in one piece")
                        .far(sendsMany(1 << 18), closes())
                        .near(connect(), receive(1 << 18), receive(1)),
                Script.of("4.4 256 KiB up to the end")
                        .far(sendsMany(1 << 18), closes())
                        .near(connect(), all()),
                Script.of("4.5 256 KiB as it comes")
                        .far(sendsMany(1 << 18), closes())
                        .near(connect(), gather(1 << 18), any(1)),
                Script.of("4.4 a long line")
                        .far(sends(many(65_536) + "\r\nb\n"), closes())
                        .near(connect(), line(), line()),
                Script.of("4.4 a line beyond the limit that ours has")
                        .far(sends(many(65_537) + "\n"), closes())
                        .near(connect(), line())
                        .differing(A_LINE_HAS_A_LIMIT),
                Script.of("4.4 pieces around the size of a buffer")
                        .far(sendsMany(4096 * 3 + 2), closes())
                        .near(
                                connect(),
                                receive(4095),
                                receive(1),
                                receive(4096),
                                receive(4097),
                                receive(1),
                                receive(1)),
                Script.of("4.4 any byte there is")
                        .far(sends(everyByte()), closes())
                        .near(connect(), receive(128), receive(128), all()),
                Script.of("4.4 a line that is not text")
                        .far(sends("caf\u00e9\nna\u00c3\u00afve\n"), closes())
                        .near(connect(), line(), line())
                        .differing(LINES_ARE_TEXT),
                Script.of("4.4 a line with NULs")
                        .far(sends("a\0b\0\n\0\n"), closes())
                        .near(connect(), line(), line()),
                Script.of("4.4 all modes in turn")
                        .far(sends("head\r\n\r\nbody1234tail\nrest"), closes())
                        .near(connect(), line(), line(), receive(4), gather(4), receive(0), line(), all(), any(1)),
                Script.of("4.4 fewer than none is a mistake, and changes nothing")
                        .far(sends("abc\n"), closes())
                        .near(connect(), receive(-1), line()),
                Script.of("058#67 room for none is a mistake, and changes nothing")
                        .far(sends("abc\n"), closes())
                        .near(connect(), any(0), any(-1), line()),
                Script.of("071#1 what comes while nobody reads")
                        .far(
                                sends("6\r\nfoofoo\r\n"),
                                awaits("read"),
                                sends("6\r\nbarbar\r\n0\r\n\r\n"),
                                tells("sent"),
                                closes())
                        .near(
                                connect(),
                                line(),
                                receive(8),
                                tell("read"),
                                await("sent"),
                                line(),
                                line(),
                                line(),
                                line(),
                                line()),
                Script.of("071#2 idle for longer than the timeouts")
                        .far(expects("one\n"), sends("two\n"), expects("three\n"), sends("four\n"))
                        .near(connect(), limit(500), send("one\n"), line(), pause(700), send("three\n"), line()),
                Script.of("4.3 256 KiB sent is 256 KiB received")
                        .far(Act.readsAll())
                        .near(connect(), send(many(1 << 17)), send("end"), close()),
                Script.of("059#3 HTTP over a UNIX socket")
                        .far(expects("GET / HTTP/1.0\r\n\r\n"), sends(ANSWER), closes())
                        .near(connect(Target.UNIX), send("GET / HTTP/1.0\r\n\r\n"), line(), all(), close()),
                Script.of("4.4 all modes over a UNIX socket")
                        .far(sends("head\r\nbody1234tail\nrest"), closes())
                        .near(connect(Target.UNIX), line(), receive(4), gather(4), line(), all(), any(1)),
                Script.of("128#1 a conversation line by line")
                        .far(expects("flush_all\r\n"), sends("OK\r\n"), expects("get x\r\n"), sends("END\r\n"))
                        .near(connect(), send("flush_all\r\n"), line(), send("get x\r\n"), line()));
    }

    private static String everyByte() {
        var bytes = new StringBuilder();
        for (char each = 0; each < 256; each++) bytes.append(each);
        return bytes.toString();
    }
}

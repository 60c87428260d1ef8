package io.penstock.http;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.halfCloses;
import static io.penstock.testkit.cosocket.Act.many;
import static io.penstock.testkit.cosocket.Act.readsAll;
import static io.penstock.testkit.cosocket.Act.readsStatuses;
import static io.penstock.testkit.cosocket.Act.resets;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.AN_UNREAD_BODY_IS_NO_REQUEST;
import static io.penstock.testkit.cosocket.IntendedDifference.CHUNKED_BODIES;
import static io.penstock.testkit.cosocket.IntendedDifference.MISTAKES_ARE_THROWN;
import static io.penstock.testkit.cosocket.IntendedDifference.NO_ANSWER_IS_LOST;
import static io.penstock.testkit.cosocket.IntendedDifference.NO_BODY_IS_AN_EMPTY_ONE;
import static io.penstock.testkit.cosocket.IntendedDifference.ONE_BODY_FOR_ALL;
import static io.penstock.testkit.cosocket.IntendedDifference.RAW_LEAVES_NO_BODY_BEHIND;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.body;
import static io.penstock.testkit.cosocket.Step.gather;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.print;
import static io.penstock.testkit.cosocket.Step.raw;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.spawn;
import static io.penstock.testkit.cosocket.Step.takeOver;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.until;
import static io.penstock.testkit.cosocket.Step.within;

import io.penstock.net.ConnectionException.Reason;
import io.penstock.testkit.Cut;
import io.penstock.testkit.cosocket.Act;
import io.penstock.testkit.cosocket.Script;
import java.util.List;

/** A request's body and its raw connection, in the handler of a server. */
final class DownstreamScripts {
    private static final String MULTIPART = "--x\r\nA: b\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n";
    private static final String UPGRADE =
            "GET /run?{run} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";
    private static final String SWITCHING =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: lines\r\n\r\n";
    private static final String CHUNKED =
            "POST /run?{run} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

    private DownstreamScripts() {}

    static List<Script> list() {
        return List.of(
                // the body
                of("067#1 five bytes at a time", sends(post("hello world")))
                        .near(body(), receive(5), receive(5), receive(5), receive(5)),
                of("067#1 five bytes at a time, byte by byte", sends(post("hello world"), Cut.BYTE_BY_BYTE))
                        .near(body(), receive(5), receive(5), receive(5)),
                of("9.2 everything, and nothing behind it", sends(post("hello world")))
                        .near(body(), all(), all()),
                of("9.2 line by line", sends(post("one\r\ntwo\nthree"))).near(body(), line(), line(), line()),
                of("067#18 whatever is there", sends(post("abc"))).near(body(), any(10), any(10)),
                of("067#18 gathered from pieces", sends(post("abcdef"), new Cut.Every(7)))
                        .near(body(), gather(6), any(1)),
                of("067#2 a multipart body", sends(post(MULTIPART)))
                        .near(
                                body(),
                                line(),
                                line(),
                                line(),
                                until("r", "\r\n--x"),
                                next("r"),
                                line(),
                                line(),
                                next("r"),
                                line(),
                                line()),
                of("067#3 a multipart body byte by byte", sends(post(MULTIPART), Cut.BYTE_BY_BYTE))
                        .near(
                                body(),
                                until("r", "\r\n--x"),
                                next("r", 4),
                                next("r", 4),
                                next("r", 4),
                                next("r", 4),
                                next("r"),
                                all()),
                of("067#5 a long body", sends(post(many(100_000) + "$")))
                        .near(body(), receive(56), until("r", "$"), next("r", 8192), gather(1000), next("r"), any(1)),
                of("9.2 a long body, all of it", sends(post(many(200_000)))).near(body(), all()),
                of("9.2 more than there is", sends(post("abc"))).near(body(), receive(100)),
                Script.ofRequest("067#6 two pipelined requests do not bleed")
                        .far(sends("POST /run?{run} HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Content-Length: 11\r\n\r\n"
                                + "hello, worlPOST /run?{run} HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Connection: close\r\n"
                                + "Content-Length: 4\r\n\r\n"
                                + "tubeleft"))
                        .near(body(), receive(4), all()),
                Script.ofRequest("067#8 two pipelined requests, in pieces")
                        .far(sends("POST /run?{run} HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Content-Length: 5\r\n\r\n"
                                + "helloPOST /run?{run} HTTP/1.1\r\n"
                                + "Host: x\r\n"
                                + "Connection: close\r\n"
                                + "Content-Length: 5\r\n\r\n"
                                + "world"))
                        .near(body(), receive(2), receive(2), receive(2)),
                of(
                                "067#7 the client waits for 100",
                                sends(head("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 5\r\n")),
                                expects("HTTP/1.1 100 Continue\r\n\r\n"),
                                sends("hello"))
                        .near(body(), receive(5), receive(1)),
                of("067#11 no body", sends(head("HTTP/1.1", ""))).near(body()).differing(NO_BODY_IS_AN_EMPTY_ONE),
                of("067#12 a body of no bytes", sends(head("HTTP/1.1", "Content-Length: 0\r\n")))
                        .near(body())
                        .differing(NO_BODY_IS_AN_EMPTY_ONE),
                of("044#41 the body twice", sends(post("abc")))
                        .near(body(), body(), receive(3))
                        .differing(ONE_BODY_FOR_ALL),
                of("067#9 a chunked body", sends(CHUNKED + "5\r\nhello\r\n0\r\n\r\n"))
                        .near(body(), receive(5), receive(1))
                        .differing(CHUNKED_BODIES)
                        .ours("1/01", "")
                        .ours("1/02", "hello")
                        .ours("1/03", Reason.EOF, ""),
                Script.ofRequest("9.2 a body that nobody reads is not the next request")
                        .far(
                                sends("POST /run?{run} HTTP/1.1\r\n"
                                        + "Host: x\r\n"
                                        + "Content-Length: 31\r\n\r\n"
                                        + "GET /evil HTTP/1.1\r\nHost: x\r\n\r\n"
                                        + post("x")),
                                readsStatuses())
                        .near(body())
                        .differing(AN_UNREAD_BODY_IS_NO_REQUEST)
                        .ours("far 0.02", "200 200"),
                of(
                                "067#13 timeouts, the second without bytes",
                                sends(post(10, "hello")),
                                tells("sent"),
                                awaits("late"),
                                sends("world"))
                        .near(
                                body(),
                                await("sent"),
                                within(30, receive(10)),
                                within(30, receive(10)),
                                tell("late"),
                                receive(5),
                                receive(1)),
                of(
                                "067#14 a timeout, and then a part",
                                sends(post(10, "hello")),
                                tells("sent"),
                                awaits("late"),
                                sends("wo;ld"))
                        .near(
                                body(),
                                await("sent"),
                                within(30, receive(10)),
                                until("r", ";"),
                                tell("late"),
                                next("r"),
                                receive(2)),
                of(
                                "067#15 a timeout in a part, and its rest",
                                sends(post(10, "hel--")),
                                tells("sent"),
                                awaits("late"),
                                sends("abcld"))
                        .near(
                                body(),
                                until("r", "--abc"),
                                await("sent"),
                                within(30, next("r")),
                                tell("late"),
                                next("r"),
                                receive(2)),
                of(
                                "100#17 the client goes in the middle",
                                sends(post(10, "hello")),
                                tells("sent"),
                                awaits("go"),
                                closes())
                        .near(body(), await("sent"), receive(2), tell("go"), receive(8), receive(1)),
                of(
                                "100#18 the client resets in the middle",
                                sends(post(10, "hello")),
                                tells("sent"),
                                awaits("go"),
                                resets(),
                                tells("gone"))
                        .near(body(), await("sent"), receive(5), tell("go"), await("gone"), receive(5)),
                of("131#2 one reads the body, another waits", sends(post(5, "ab")), awaits("more"), sends("cde"))
                        .near(body(), spawn("t", receive(5)), receive(1), tell("more"), join("t")),
                // the raw connection
                of(
                                "116#1 101, and a conversation",
                                sends(UPGRADE),
                                expects(SWITCHING),
                                sends("hello\n"),
                                expects("HELLO\n"))
                        .near(raw(), send(SWITCHING), line(), send("HELLO\n")),
                of("116#2 the whole answer by hand", sends(head("HTTP/1.1", "")), readsAll())
                        .near(raw(), send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")),
                of("9.3 no answer at all", sends(head("HTTP/1.1", "")), readsAll())
                        .near(raw()),
                of("116#4 twice", sends(head("HTTP/1.1", "")))
                        .near(raw(), raw())
                        .differing(MISTAKES_ARE_THROWN),
                of("117#1 what was answered before it", sends(head("HTTP/1.1", "")), readsStatuses())
                        .near(print("hello"), raw())
                        .differing(NO_ANSWER_IS_LOST)
                        .ours("far 0.02", "200"),
                of("116#3 HTTP/1.0, and an answer before it", sends(head("HTTP/1.0", "")))
                        .near(print("hello"), raw())
                        .differing(NO_ANSWER_IS_LOST)
                        .ours("1/02", ""),
                of("116#13 the body unread, and nothing said about it", sends(post("hello")))
                        .near(takeOver(), receive(5))
                        .differing(RAW_LEAVES_NO_BODY_BEHIND),
                of("116#5 an answer behind it", sends(head("HTTP/1.1", "")))
                        .near(raw(), print("hello"))
                        .differing(MISTAKES_ARE_THROWN),
                of(
                                "116#9 timeouts, the second without bytes",
                                sends(UPGRADE + "ab"),
                                tells("sent"),
                                awaits("late"),
                                sends("cd"))
                        .near(
                                raw(),
                                await("sent"),
                                within(30, receive(10)),
                                within(30, receive(10)),
                                tell("late"),
                                receive(2)),
                of("116#12 a part over three packets", sends(UPGRADE + "hello"), sends(", wo"), sends("rld!"))
                        .near(raw(), until("r", "rld"), next("r"), receive(1)),
                of("116#13 the body unread", sends(post("hello world"))).near(raw(), receive(5), receive(6)),
                of("116#15 a chunked body by hand", sends(CHUNKED + "5\r\nhey, \r\nb\r\nhello world\r\n0\r\n\r\n"))
                        .near(raw(), line(), receive(5), line(), line(), receive(11), line(), line(), line()),
                of("116#16 whatever is there", sends(UPGRADE + "abc"), tells("sent"))
                        .near(raw(), await("sent"), any(2), any(10)),
                of("9.3 the client ends its half, and still reads", sends(UPGRADE + "abc"), halfCloses(), readsAll())
                        .near(raw(), receive(3), receive(1), send("still here")),
                of(
                                "9.3 everything up to the end of the client",
                                sends(UPGRADE),
                                sends("abc"),
                                sends("def"),
                                halfCloses())
                        .near(raw(), all()),
                of("131#1 reading and writing at once", sends(UPGRADE), awaits("asked"), expects("one"), sends("two"))
                        .near(raw(), spawn("t", receive(3)), send("one"), tell("asked"), join("t")),
                of("3.3 two that read", sends(UPGRADE), awaits("refused"), sends("two"))
                        .near(raw(), spawn("t", receive(3)), receive(1), line(), tell("refused"), join("t")),
                of("9.3 a long answer by hand", sends(head("HTTP/1.1", "")), readsAll())
                        .near(raw(), send(many(100_000)), send("end")));
    }

    private static Script of(String name, Act... client) {
        return Script.ofRequest(name).far(client);
    }

    private static String post(String body) {
        return post(body.length(), body);
    }

    private static String post(int length, String begin) {
        return head("HTTP/1.1", "Content-Length: " + length + "\r\n") + begin;
    }

    private static String head(String version, String fields) {
        return "POST /run?{run} " + version + "\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n";
    }
}

package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.flood;
import static io.penstock.testkit.cosocket.Step.gather;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.limit;
import static io.penstock.testkit.cosocket.Step.limits;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.pause;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.spawn;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.until;
import static io.penstock.testkit.cosocket.Step.within;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.List;

/** Timeouts: what they leave behind, and when they start. */
final class TimeoutScripts {
    private static final int MORE_THAN_BUFFERS_HOLD = 20 << 20;

    private TimeoutScripts() {}

    static List<Script> list() {
        return List.of(
                Script.of("058#36 two in a row, and the connection lives")
                        .far(awaits("now"), sends("ok\n"))
                        .near(connect(), within(30, line()), within(30, line()), tell("now"), line(), close()),
                Script.of("065#21 some bytes, none of them")
                        .near(connect(), within(30, receive(3)), within(10, receive(3)))
                        .far(),
                Script.of("058#37 bytes, then a line and another")
                        .far(sends("2\r\nhi\r\n"), tells("sent"), awaits("late"), sends("5\r\nworld\r\n"), closes())
                        .near(connect(), await("sent"), within(30, receive(100)), tell("late"), line(), line()),
                Script.of("3.4 in a line, and its rest")
                        .far(sends("some of"), tells("sent"), awaits("late"), sends(" a line\nnext\n"))
                        .near(connect(), await("sent"), within(30, line()), tell("late"), line(), line()),
                Script.of("3.4 in everything, and its rest")
                        .far(sends("one"), tells("sent"), awaits("late"), sends("two"), closes())
                        .near(connect(), await("sent"), within(30, all()), tell("late"), all()),
                Script.of("3.4 in whatever is there")
                        .far(awaits("late"), sends("two"))
                        .near(connect(), within(30, any(10)), tell("late"), any(10)),
                Script.of("3.4 in what is gathered")
                        .far(sends("one"), tells("sent"), awaits("late"), sends("two"))
                        .near(connect(), await("sent"), within(30, gather(6)), tell("late"), gather(3)),
                Script.of("3.4 with a CR at the end of what has come")
                        .far(sends("a\r"), tells("sent"), awaits("late"), sends("\nb\n"))
                        .near(connect(), await("sent"), within(30, line()), tell("late"), line(), line())
                        .differing(IntendedDifference.ONE_CR_OF_A_LINE),
                Script.of("067#13 twice, the second time without bytes")
                        .far(sends("hello"), tells("sent"), awaits("late"), sends("!"))
                        .near(
                                connect(),
                                await("sent"),
                                within(30, receive(10)),
                                within(30, receive(10)),
                                tell("late"),
                                receive(1)),
                Script.of("3.5 half of it each time, in a line")
                        .far(sends("a"), tells("a"), awaits("b"), sends("b"), tells("ab"), awaits("c"), sends("c\n"))
                        .near(
                                connect(),
                                await("a"),
                                within(30, line()),
                                tell("b"),
                                await("ab"),
                                within(30, line()),
                                tell("c"),
                                line()),
                Script.of("3.4 in a part, and its rest, sized")
                        .far(sends("abcdefg"), tells("sent"), awaits("late"), sends("hi;jk"))
                        .near(
                                connect(),
                                until("r", ";"),
                                await("sent"),
                                next("r", 4),
                                within(30, next("r", 4)),
                                tell("late"),
                                next("r", 4),
                                next("r", 4),
                                receive(2)),
                Script.of("3.4 over a UNIX socket")
                        .far(sends("ab"), tells("sent"), awaits("late"), sends("c"))
                        .near(connect(Target.UNIX), await("sent"), within(30, receive(3)), tell("late"), receive(1)),
                Script.of("147#1 three at once, none of them passed")
                        .far(expects("a"), sends("b"))
                        .near(connect(), limits(1000, 1000, 1000), send("a"), receive(1)),
                Script.of("147#2 for reading alone")
                        .near(connect(), limits(5000, 5000, 20), receive(1))
                        .far(),
                Script.of("3.5 for sending alone does not bound reading")
                        .far(awaits("late"), sends("x"))
                        .near(
                                connect(),
                                limits(20, 20, 5000),
                                spawn("t", receive(1)),
                                pause(80),
                                tell("late"),
                                join("t")),
                Script.of("147#7 every byte starts it anew")
                        .far(awaits("a"), sends("a"), awaits("b"), sends("b"), awaits("c"), sends("c"))
                        .near(
                                connect(),
                                limit(800),
                                spawn("t", receive(3)),
                                pause(300),
                                tell("a"),
                                pause(300),
                                tell("b"),
                                pause(300),
                                tell("c"),
                                join("t")),
                Script.of("147#6 another one set meanwhile, and then a byte")
                        .far(awaits("one"), sends("a"), tells("sent"), awaits("two"), sends("bc"))
                        .near(
                                connect(),
                                limit(2000),
                                spawn("t", receive(3), receive(1)),
                                limit(40),
                                tell("one"),
                                await("sent"),
                                pause(150),
                                tell("two"),
                                join("t"))
                        .differing(IntendedDifference.A_TIMEOUT_IS_CAPTURED),
                Script.of("3.5 another one set meanwhile does not move one that runs")
                        .far(awaits("late"), sends("a"))
                        .near(
                                connect(),
                                limit(2000),
                                spawn("t", receive(1)),
                                limit(30),
                                pause(100),
                                tell("late"),
                                join("t")),
                Script.of("3.5 those of a socket outlive its connection")
                        .far()
                        .far()
                        .near(connect(), limit(30), close(), connect(), receive(1)),
                Script.of("3.5 none or the default").far(sends("ab")).near(connect(), limit(30), limit(0), receive(2)),
                Script.of("058#1 less than none is a mistake").far(sends("ab")).near(connect(), limit(-1), receive(2)),
                Script.of("147#4 in sending, and nothing can be sent any more")
                        .far(tells("there"))
                        .near(
                                connect(),
                                await("there"),
                                limits(1000, 60, 1000),
                                flood(MORE_THAN_BUFFERS_HOLD),
                                send("x"),
                                close()),
                Script.of("065#18 in sending, and reading goes on")
                        .far(sends("hello\n"), awaits("late"), sends("bye\n"))
                        .near(
                                connect(),
                                limits(1000, 60, 1000),
                                flood(MORE_THAN_BUFFERS_HOLD),
                                line(),
                                tell("late"),
                                line(),
                                send("x"),
                                send("y"),
                                close()),
                Script.of("065#1 in connecting")
                        .near(limit(60), connect(Target.BLACK_HOLE), receive(1), send("x"), close())
                        .differing(IntendedDifference.NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("065#17 in connecting, and then it can be connected")
                        .far(sends("hello\n"))
                        .near(limits(60, 1000, 1000), connect(Target.BLACK_HOLE), connect(), line()),
                Script.of("3.5 the end comes before it").far(closes()).near(connect(), limit(3000), receive(1)));
    }
}

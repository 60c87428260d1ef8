package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.drains;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.halfCloses;
import static io.penstock.testkit.cosocket.Act.resets;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.A_DIRTY_CONNECTION_IS_NOT_KEPT;
import static io.penstock.testkit.cosocket.IntendedDifference.BUSY_CONNECTIONS_ARE_NOT_RELEASED;
import static io.penstock.testkit.cosocket.IntendedDifference.NO_OBJECT_WITHOUT_CONNECTION;
import static io.penstock.testkit.cosocket.IntendedDifference.PLACES_ARE_NOT_MIXED;
import static io.penstock.testkit.cosocket.IntendedDifference.RELEASING_IS_FOR_GOOD;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.flood;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.keep;
import static io.penstock.testkit.cosocket.Step.limits;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.pause;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.reused;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.spawn;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.use;
import static io.penstock.testkit.cosocket.Step.within;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.List;

/** Giving connections back, and getting them again. */
final class PoolScripts {
    private static final int MORE_THAN_BUFFERS_HOLD = 20 << 20;

    private PoolScripts() {}

    static List<Script> list() {
        return List.of(
                Script.of("068#1 the same connection again")
                        .far(expects("a"), sends("one\n"), expects("b"), sends("two\n"))
                        .near(
                                connect(), reused(), send("a"), line(), keep(), connect(), reused(), send("b"), line(),
                                keep()),
                Script.of("5 used again and again, and counted")
                        .far(expects("abcd"))
                        .near(
                                connect(), send("a"), keep(), connect(), send("b"), keep(), connect(), send("c"),
                                keep(), connect(), reused(), send("d")),
                Script.of("068#12 the same over a UNIX socket")
                        .far(expects("ab"))
                        .near(connect(Target.UNIX), send("a"), keep(), connect(Target.UNIX), reused(), send("b")),
                Script.of("068#3 one that ends while it is kept")
                        .far(awaits("kept"), closes(), tells("closed"))
                        .far(sends("new\n"))
                        .near(connect(), keep(), tell("kept"), await("closed"), connect(), reused(), line()),
                Script.of("5 one that is reset while it is kept")
                        .far(awaits("kept"), resets(), tells("closed"))
                        .far(sends("new\n"))
                        .near(connect(), keep(), tell("kept"), await("closed"), connect(), reused(), line()),
                Script.of("5 one that is sent something while it is kept")
                        .far(awaits("kept"), sends("late"), tells("sent"))
                        .far(sends("new\n"))
                        .near(connect(), keep(), tell("kept"), await("sent"), connect(), reused(), line()),
                Script.of("5 the last one in is the first one out")
                        .far(sends("one\n"), expects("x"), sends("one again\n"))
                        .far(sends("two\n"), expects("x"), sends("two again\n"))
                        .near(
                                use("a"), connect(), line(), use("b"), connect(), line(), use("a"), keep(), use("b"),
                                keep(), use("c"), connect(), reused(), send("x"), line(), use("d"), connect(), reused(),
                                send("x"), line()),
                Script.of("071#6 unread bytes in the buffer")
                        .far(sends("OK\r\n"), tells("sent"))
                        .near(connect(), await("sent"), receive(1), keep(), line(), keep())
                        .differing(RELEASING_IS_FOR_GOOD),
                Script.of("071#5 bytes that nobody has asked for")
                        .far(sends("OK\r\n"), tells("sent"))
                        .near(connect(), await("sent"), keep()),
                Script.of("058#73 the far side has closed")
                        .far(sends("x"), closes(), tells("closed"))
                        .near(connect(), receive(1), await("closed"), keep()),
                Script.of("5 the end has been met").far(closes()).near(connect(), receive(1), keep()),
                Script.of("5 the far side has ended its half")
                        .far(halfCloses(), tells("ended"))
                        .near(connect(), await("ended"), receive(1), keep()),
                Script.of("058#60 behind closing").far().near(connect(), close(), keep()),
                Script.of("5 twice")
                        .far()
                        .near(connect(), keep(), keep(), receive(1), send("x"), close())
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("14#9 behind a timeout: the answer may still come")
                        .far(expects("question"))
                        .near(connect(), send("question"), within(20, line()), keep())
                        .differing(A_DIRTY_CONNECTION_IS_NOT_KEPT),
                Script.of("068#8 kept for 40 ms")
                        .far(drains(), tells("dropped"))
                        .far(sends("new\n"))
                        .near(connect(), keep(40, 0), await("dropped"), connect(), reused(), line()),
                Script.of("068#11 kept for as long as it lives")
                        .far(expects("x"))
                        .near(connect(), keep(0, 10), pause(50), connect(), reused(), send("x")),
                Script.of("068#15 two pools for one place")
                        .far(expects("a"))
                        .far(expects("b"))
                        .near(
                                connect("A", 5, -1),
                                send("a"),
                                keep(),
                                connect("B", 5, -1),
                                reused(),
                                send("b"),
                                keep(),
                                connect("A", 5, -1),
                                reused()),
                Script.of("068#16 one pool for two places")
                        .far(sends("one\n"))
                        .far()
                        .near(connect("p", 5, -1), line(), keep(), new Step.Connect(Target.UNIX, "p", 5, -1), reused())
                        .differing(PLACES_ARE_NOT_MIXED),
                Script.of("068#27 a pool of one keeps one")
                        .far()
                        .far()
                        .near(
                                use("a"),
                                connect("p", 1, -1),
                                use("b"),
                                connect("p", 1, -1),
                                use("a"),
                                keep(0, 20),
                                use("b"),
                                keep(0, 20),
                                use("c"),
                                connect("p", 1, -1),
                                reused(),
                                use("d"),
                                connect("p", 1, -1),
                                reused()),
                Script.of("068#31 no more than two, and nobody waits")
                        .far()
                        .far()
                        .near(
                                use("a"),
                                connect(2, 0),
                                use("b"),
                                connect(2, 0),
                                use("c"),
                                connect(2, 0),
                                use("a"),
                                keep(),
                                use("c"),
                                connect(2, 0),
                                reused(),
                                use("a"),
                                connect(2, 0)),
                Script.of("068#37 one at a time, two wait, one is turned away")
                        .far(expects("123"))
                        .near(
                                use("a"),
                                connect(1, 2),
                                send("1"),
                                use("b"),
                                spawn("t", connect(1, 2), reused(), send("2"), keep()),
                                use("c"),
                                spawn("u", connect(1, 2), reused(), send("3"), keep()),
                                use("d"),
                                spawn("v", connect(1, 2)),
                                use("a"),
                                keep(),
                                join("t"),
                                join("u"),
                                join("v")),
                Script.of("068#41 waiting in vain")
                        .far()
                        .near(
                                use("a"),
                                limits(60, 5000, 5000),
                                connect(1, 1),
                                use("b"),
                                limits(60, 5000, 5000),
                                connect(1, 1),
                                reused())
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("068#32 who waits is given a new one when another closes")
                        .far(sends("one\n"))
                        .far(sends("two\n"))
                        .near(
                                use("a"),
                                connect(1, 1),
                                line(),
                                use("b"),
                                spawn("t", connect(1, 1), reused(), line()),
                                use("a"),
                                close(),
                                join("t")),
                Script.of("068#33 one that failed does not count")
                        .far(sends("one\n"))
                        .near(
                                new Step.Connect(Target.REFUSED, "p", 1, 0),
                                new Step.Connect(Target.ORIGIN, "p", 1, 0),
                                line()),
                Script.of("128#7 while another receives")
                        .far(awaits("answer"), sends("hello\n"))
                        .near(connect(), spawn("t", line()), keep(), tell("answer"), join("t"))
                        .differing(BUSY_CONNECTIONS_ARE_NOT_RELEASED),
                Script.of("065#22 while another sends")
                        .far(awaits("read"), drains())
                        .near(connect(), spawn("t", flood(MORE_THAN_BUFFERS_HOLD)), keep(), tell("read"), join("t"))
                        .differing(BUSY_CONNECTIONS_ARE_NOT_RELEASED));
    }
}

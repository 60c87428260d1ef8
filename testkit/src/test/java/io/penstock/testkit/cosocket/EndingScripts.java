package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.halfCloses;
import static io.penstock.testkit.cosocket.Act.readsAll;
import static io.penstock.testkit.cosocket.Act.resets;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.CLOSE_IS_IN_ORDER;
import static io.penstock.testkit.cosocket.IntendedDifference.CLOSE_TWICE;
import static io.penstock.testkit.cosocket.IntendedDifference.COUNTS_OUTLIVE_THE_CONNECTION;
import static io.penstock.testkit.cosocket.IntendedDifference.NOTHING_IS_ALWAYS_THERE;
import static io.penstock.testkit.cosocket.IntendedDifference.THE_INTERRUPTED_ARE_TOLD;
import static io.penstock.testkit.cosocket.IntendedDifference.THE_REASON_STAYS;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.gather;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.kill;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.reused;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.spawn;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.until;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The end of a stream, a reset, a half that is closed, and what can be done behind them. */
final class EndingScripts {
    private EndingScripts() {}

    static List<Script> list() {
        var scripts = new ArrayList<Script>();
        // every mode meets every end, with bytes before it and without
        Map<String, Step> modes = new TreeMap<>(Map.of(
                "line", line(),
                "receive", receive(10),
                "gather", gather(10),
                "any", any(10),
                "all", all(),
                "until", next("r"),
                "until, sized", next("r", 10)));
        modes.forEach((name, mode) -> {
            scripts.add(Script.of("3.4 the end, in " + name)
                    .far(sends("abc"), closes())
                    .near(connect(), until("r", "xyz"), mode, mode, mode, receive(0), close(), close())
                    .differing(
                            mode == all()
                                    ? new IntendedDifference[] {CLOSE_TWICE}
                                    : new IntendedDifference[] {CLOSE_TWICE, NOTHING_IS_ALWAYS_THERE}));
            scripts.add(Script.of("3.4 a reset while it waits, in " + name)
                    .far(sends("abc"), tells("sent"), awaits("reset"), resets())
                    .near(
                            connect(),
                            until("r", "xyz"),
                            spawn("t", receive(3), mode, mode),
                            await("sent"),
                            tell("reset"),
                            join("t"),
                            send("x"),
                            close())
                    .differing(THE_REASON_STAYS, CLOSE_TWICE));
            scripts.add(Script.of("3.4 a reset in the middle, in " + name)
                    .far(tells("there"), awaits("asked"), sends("abc"), tells("sent"), awaits("reset"), resets())
                    .near(
                            connect(),
                            until("r", "xyz"),
                            await("there"),
                            tell("asked"),
                            await("sent"),
                            spawn("t", mode),
                            tell("reset"),
                            join("t"),
                            mode)
                    .differing(
                            name.equals("any")
                                    ? new IntendedDifference[0]
                                    : new IntendedDifference[] {THE_REASON_STAYS}));
        });
        scripts.addAll(List.of(
                Script.of("3.4 a reset while nobody waits")
                        .far(awaits("connected"), resets(), tells("reset"))
                        .near(
                                connect(),
                                tell("connected"),
                                await("reset"),
                                receive(1),
                                receive(1),
                                send("x"),
                                send("y"),
                                close())
                        .differing(THE_REASON_STAYS, CLOSE_TWICE),
                Script.of("3.4 bytes before a reset are still there")
                        .far(sends("abc\ndef"), tells("sent"), awaits("go"), resets(), tells("reset"))
                        .near(connect(), await("sent"), line(), tell("go"), await("reset"), receive(3), receive(1)),
                Script.of("3.4 a reset that is met by sending")
                        .far(awaits("connected"), resets(), tells("reset"))
                        .near(connect(), tell("connected"), await("reset"), send("x"), send("y"), receive(1), close())
                        .differing(THE_REASON_STAYS, CLOSE_TWICE),
                Script.of("3.4 sending to one that has closed")
                        .far(closes(), tells("closed"))
                        .near(connect(), await("closed"), send("x"), send("y"), send("z"), close())
                        .differing(THE_REASON_STAYS),
                Script.of("3.4 the end, then sending until it fails, then closing")
                        .far(sends("bye"), closes(), tells("closed"))
                        .near(connect(), await("closed"), all(), send("x"), send("y"), close(), close())
                        .differing(CLOSE_TWICE),
                Script.of("058#66 the far side ends its half at once, and still reads")
                        .far(halfCloses(), expects("a reply of 32 bytes is sent here"))
                        .near(connect(), any(64), send("a reply of 32 bytes is sent here"), any(64), close()),
                Script.of("128#4 the reader meets the end, the writer goes on")
                        .far(awaits("reading"), halfCloses(), tells("ended"), readsAll())
                        .near(
                                connect(),
                                spawn("r", line(), line()),
                                tell("reading"),
                                await("ended"),
                                join("r"),
                                send("f"),
                                send("l"),
                                send("u"),
                                send("s"),
                                send("h"),
                                send("_"),
                                send("all"),
                                send("\r\n"),
                                close()),
                Script.of("128#3 the far side takes nothing more, and what it has sent is there")
                        .far(expects("hi"), sends("OK!"), closes(), tells("closed"))
                        .near(
                                connect(),
                                send("hi"),
                                await("closed"),
                                receive(3),
                                receive(1),
                                send("a"),
                                send("b"),
                                receive(1)),
                Script.of("4.7 closing twice")
                        .far(readsAll())
                        .near(connect(), close(), close())
                        .differing(CLOSE_TWICE),
                Script.of("4.7 everything behind closing")
                        .far(sends("abc"), tells("sent"))
                        .near(
                                connect(),
                                until("r", "x"),
                                await("sent"),
                                receive(1),
                                close(),
                                receive(1),
                                receive(0),
                                line(),
                                all(),
                                any(1),
                                next("r"),
                                next("r", 1),
                                send("x"),
                                send(""),
                                reused(),
                                close())
                        .differing(CLOSE_TWICE, COUNTS_OUTLIVE_THE_CONNECTION),
                Script.of("4.7 what has been sent arrives before the end")
                        .far(readsAll())
                        .near(connect(), send("one "), send("two "), send("three"), close()),
                Script.of("4.7 closing with unread bytes")
                        .far(sends("unread"), tells("sent"), readsAll())
                        .near(connect(), await("sent"), close())
                        .differing(CLOSE_IS_IN_ORDER),
                Script.of("4.7 closing with bytes left in the buffer")
                        .far(sends("one\nleft"), tells("sent"), readsAll())
                        .near(connect(), await("sent"), line(), close()),
                Script.of("1 the end of the handler closes what it has left open")
                        .far(readsAll())
                        .near(connect(), send("left open")),
                Script.of("058#56 connecting and closing again and again")
                        .far(readsAll())
                        .far(readsAll())
                        .far(sends("third\n"))
                        .near(connect(), send("a"), close(), connect(), send("b"), close(), connect(), line()),
                Script.of("10 killing a thread that receives closes both halves")
                        .far(sends("ab"), tells("sent"))
                        .near(
                                connect(),
                                spawn("t", receive(10)),
                                await("sent"),
                                kill("t"),
                                receive(1),
                                send("x"),
                                close())
                        .differing(CLOSE_TWICE, THE_INTERRUPTED_ARE_TOLD),
                Script.of("10 killing a thread that has done nothing with it leaves the connection alone")
                        .far(sends("ab"))
                        .near(connect(), spawn("t", Step.await("never")), kill("t"), receive(2)),
                Script.of("3.4 the end over a UNIX socket")
                        .far(sends("ab"), closes())
                        .near(connect(Target.UNIX), receive(3), receive(1), send("x"), close())
                        .differing(CLOSE_TWICE),
                Script.of("3.4 the far side ends its half of a UNIX socket")
                        .far(halfCloses(), expects("still here"))
                        .near(connect(Target.UNIX), line(), send("still here"), close())));
        return scripts;
    }
}

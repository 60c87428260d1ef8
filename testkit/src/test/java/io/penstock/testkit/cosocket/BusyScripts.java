package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.drains;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.CLOSE_ENDS_A_WAIT;
import static io.penstock.testkit.cosocket.IntendedDifference.NO_OBJECT_WITHOUT_CONNECTION;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.flood;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.keep;
import static io.penstock.testkit.cosocket.Step.limit;
import static io.penstock.testkit.cosocket.Step.limits;
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

/** Two threads and one connection: what is refused, and what is not. */
final class BusyScripts {
    private static final int MORE_THAN_BUFFERS_HOLD = 20 << 20;

    private BusyScripts() {}

    static List<Script> list() {
        var scripts = new ArrayList<Script>();
        Map<String, Step> waits = new TreeMap<>(Map.of(
                "receive", receive(5),
                "line", line(),
                "any", any(10),
                "all", all(),
                "an iterator", next("r"),
                "a sized iterator", next("r", 5)));
        waits.forEach((name, wait) -> scripts.add(Script.of("128#7 everything while " + name + " waits")
                .far(expects("ok"), awaits("answer"), sends("hello\n"), Act.closes())
                .near(
                        connect(),
                        until("r", "\n"),
                        spawn("t", wait),
                        receive(1),
                        receive(0),
                        line(),
                        all(),
                        any(1),
                        next("r"),
                        reused(),
                        until("s", "x"),
                        limit(3000),
                        send("ok"),
                        tell("answer"),
                        join("t"))));
        scripts.addAll(List.of(
                Script.of("128#7 ending it while another receives")
                        .far(awaits("answer"), sends("hello\n"))
                        .near(connect(), spawn("t", line()), close(), tell("answer"), join("t"))
                        .differing(CLOSE_ENDS_A_WAIT),
                Script.of("128#7 connecting again while another receives")
                        .far(awaits("answer"), sends("hello\n"))
                        .near(connect(), spawn("t", line()), connect(), tell("answer"), join("t"))
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("065#22 everything while another sends")
                        .far(sends("hello\nworld\n"), awaits("read"), drains())
                        .near(
                                connect(),
                                until("r", "\n"),
                                spawn("t", flood(MORE_THAN_BUFFERS_HOLD)),
                                send("x"),
                                reused(),
                                line(),
                                receive(0),
                                next("r"),
                                limits(1000, 1000, 20),
                                receive(1),
                                tell("read"),
                                join("t")),
                Script.of("065#22 ending it while another sends")
                        .far(awaits("read"), drains())
                        .near(connect(), spawn("t", flood(MORE_THAN_BUFFERS_HOLD)), close(), tell("read"), join("t"))
                        .differing(CLOSE_ENDS_A_WAIT),
                Script.of("065#22 connecting again while another sends")
                        .far(awaits("read"), drains())
                        .near(connect(), spawn("t", flood(MORE_THAN_BUFFERS_HOLD)), connect(), tell("read"), join("t"))
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("128#5 everything while it is being connected")
                        .near(
                                limit(120),
                                spawn("t", connect(Target.BLACK_HOLE)),
                                receive(1),
                                line(),
                                send("x"),
                                reused(),
                                close(),
                                keep(),
                                join("t"),
                                receive(1))
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("3.3 one receives, one sends, and neither disturbs the other")
                        .far(expects("one\n"), sends("un\n"), expects("two\n"), sends("deux\n"))
                        .near(connect(), spawn("t", line(), line()), send("one\n"), send("two\n"), join("t")),
                Script.of("128#2 timeouts of the reader do not disturb the writer")
                        .far(awaits("read"), expects("abc"), sends("done\n"))
                        .near(
                                connect(),
                                limits(1000, 3000, 15),
                                spawn("t", line(), line()),
                                send("a"),
                                join("t"),
                                send("bc"),
                                tell("read"),
                                limit(3000),
                                line()),
                Script.of("3.3 a reader that was refused can receive afterwards")
                        .far(awaits("one"), sends("one\n"), tells("sent"), awaits("two"), sends("two\n"))
                        .near(connect(), spawn("t", line()), line(), tell("one"), join("t"), tell("two"), line()),
                Script.of("3.3 two threads in turn")
                        .far(sends("a\nb\nc\n"))
                        .near(connect(), spawn("t", line()), join("t"), line(), spawn("u", line()), join("u")),
                Script.of("3.3 a timeout in one thread, the rest in another")
                        .far(sends("ab"), tells("sent"), awaits("rest"), sends("cd\n"))
                        .near(
                                connect(),
                                await("sent"),
                                limit(40),
                                spawn("t", line()),
                                join("t"),
                                tell("rest"),
                                line())));
        return scripts;
    }
}

package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.closes;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.readsAll;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.IntendedDifference.AN_ITERATOR_KEEPS_ITS_CONNECTION;
import static io.penstock.testkit.cosocket.IntendedDifference.NAMES_OF_THE_SYSTEM;
import static io.penstock.testkit.cosocket.IntendedDifference.NO_OBJECT_WITHOUT_CONNECTION;
import static io.penstock.testkit.cosocket.Step.all;
import static io.penstock.testkit.cosocket.Step.any;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connect;
import static io.penstock.testkit.cosocket.Step.join;
import static io.penstock.testkit.cosocket.Step.keep;
import static io.penstock.testkit.cosocket.Step.limit;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.next;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.reused;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.spawn;
import static io.penstock.testkit.cosocket.Step.until;
import static io.penstock.testkit.cosocket.Step.use;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.List;

/** Connecting, in vain and not, and again. */
final class ConnectScripts {
    private ConnectScripts() {}

    static List<Script> list() {
        return List.of(
                Script.of("058#5 refused, and everything behind it")
                        .near(
                                connect(Target.REFUSED),
                                send("x"),
                                receive(1),
                                line(),
                                all(),
                                any(1),
                                close(),
                                reused(),
                                keep())
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("059#1 no such file, and everything behind it")
                        .near(connect(Target.NO_FILE), send("x"), receive(1), close(), reused(), keep())
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("4.2 everything before connecting")
                        .near(send("x"), receive(1), line(), close(), reused(), keep())
                        .differing(NO_OBJECT_WITHOUT_CONNECTION),
                Script.of("4.2 refused, then to one that listens")
                        .far(sends("hello\n"))
                        .near(connect(Target.REFUSED), connect(), line(), close()),
                Script.of("4.2 no such file, then TCP")
                        .far(sends("hello\n"))
                        .near(connect(Target.NO_FILE), connect(), line(), close()),
                Script.of("058#23 connecting again closes the first")
                        .far(readsAll())
                        .far(sends("second\n"))
                        .near(connect(), send("x"), connect(), line()),
                Script.of("3.6 what was left of the first connection is gone")
                        .far(sends("one\nleft"), readsAll())
                        .far(sends("two\n"))
                        .near(connect(), line(), connect(), line()),
                Script.of("3.4 a half that has ended has not in the next connection")
                        .far(closes())
                        .far(sends("two\n"), expects("x"))
                        .near(connect(), receive(1), connect(), line(), send("x")),
                Script.of("(b) an iterator, and the next connection")
                        .far(sends("a;b"))
                        .far(sends("c;d"))
                        .near(connect(), until("r", ";"), next("r"), connect(), next("r"))
                        .differing(AN_ITERATOR_KEEPS_ITS_CONNECTION),
                Script.of("058#3 a name of the hosts file")
                        .far()
                        .near(connect(Target.ORIGIN_BY_NAME))
                        .differing(NAMES_OF_THE_SYSTEM),
                Script.of("4.9 never used before")
                        .near(connect(), reused(), close())
                        .far(),
                Script.of("4.2 two to one place are two")
                        .far(sends("one\n"), readsAll())
                        .far(sends("two\n"), readsAll())
                        .near(
                                connect(), line(), use("b"), connect(), line(), send("b"), use("a"), send("a"), close(),
                                use("b"), close()),
                Script.of("4.2 one that fails does not hurt another")
                        .far(sends("one\ntwo\n"))
                        .near(connect(), line(), use("b"), connect(Target.REFUSED), use("a"), line()),
                Script.of("3.1 a limit that is a mistake, before connecting")
                        .far(sends("a\n"))
                        .near(limit(-5), connect(), line()),
                Script.of("4.2 connecting in threads of their own")
                        .far(sends("one\n"))
                        .far(sends("two\n"))
                        .near(
                                spawn("t", connect(), line()),
                                join("t"),
                                use("b"),
                                spawn("u", connect(), line()),
                                join("u")));
    }
}

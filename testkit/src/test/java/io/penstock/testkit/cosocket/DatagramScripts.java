package io.penstock.testkit.cosocket;

import static io.penstock.testkit.cosocket.Act.awaits;
import static io.penstock.testkit.cosocket.Act.expects;
import static io.penstock.testkit.cosocket.Act.sends;
import static io.penstock.testkit.cosocket.Act.tells;
import static io.penstock.testkit.cosocket.IntendedDifference.BYTES_OF_A_DATAGRAM;
import static io.penstock.testkit.cosocket.IntendedDifference.CLOSE_TWICE;
import static io.penstock.testkit.cosocket.Step.await;
import static io.penstock.testkit.cosocket.Step.close;
import static io.penstock.testkit.cosocket.Step.connectedTo;
import static io.penstock.testkit.cosocket.Step.flood;
import static io.penstock.testkit.cosocket.Step.line;
import static io.penstock.testkit.cosocket.Step.receive;
import static io.penstock.testkit.cosocket.Step.send;
import static io.penstock.testkit.cosocket.Step.tell;
import static io.penstock.testkit.cosocket.Step.within;

import io.penstock.testkit.cosocket.Step.Target;
import java.util.List;

/** Datagrams to and from one peer; a line is the next datagram, whole. */
final class DatagramScripts {
    private DatagramScripts() {}

    static List<Script> list() {
        return List.of(
                Script.of("087#1 a question and its answer")
                        .far(expects("question"), sends("the answer"))
                        .near(connectedTo(Target.UDP), send("question"), line(), close())
                        .differing(BYTES_OF_A_DATAGRAM)
                        .ours("02", "8"),
                Script.of("087#2 two answers")
                        .far(expects("x"), sends("one"), sends("two"))
                        .near(connectedTo(Target.UDP), send("x"), line(), line()),
                Script.of("087#6 another peer name")
                        .far(expects("x"), sends("y"))
                        .near(connectedTo(Target.UDP), connectedTo(Target.UDP), send("x"), line()),
                Script.of("087#7 a timeout").near(connectedTo(Target.UDP), within(30, line()), within(30, receive(10))),
                Script.of("087#8 a long one, cut")
                        .far(expects("x"), sends("hello world"), sends("next"))
                        .near(connectedTo(Target.UDP), send("x"), receive(5), receive(100)),
                Script.of("087#9 an answer behind a timeout")
                        .far(expects("x"), awaits("late"), sends("hello world"))
                        .near(connectedTo(Target.UDP), send("x"), within(30, line()), tell("late"), line()),
                Script.of("8 none of its bytes")
                        .far(expects("x"), sends("dropped"), sends("kept"), tells("sent"))
                        .near(connectedTo(Target.UDP), send("x"), await("sent"), receive(0), line()),
                Script.of("087#22 several parts in one")
                        .far(expects("abc"), sends("d"))
                        .near(connectedTo(Target.UDP), send("a", "b", "c"), line())
                        .differing(BYTES_OF_A_DATAGRAM)
                        .ours("02", "3"),
                Script.of("8 one that is too long").near(connectedTo(Target.UDP), flood(70_000)),
                Script.of("087#3 nobody listens").near(connectedTo(Target.REFUSED), send("x"), line()),
                Script.of("8 behind closing")
                        .near(connectedTo(Target.UDP), close(), send("x"), line(), close())
                        .differing(CLOSE_TWICE));
    }
}

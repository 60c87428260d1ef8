package io.penstock.net.internal;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** A flight recorder event for a turn that held up its loop, written when the loop goes on. */
@Name("io.penstock.LoopStall")
@Label("Loop stall")
@Category("Penstock")
@Description("A virtual thread held up its event loop for longer than the threshold")
@StackTrace(false)
final class LoopStall extends Event {
    @Label("Loop")
    int loop;

    @Label("Thread")
    String culprit = "";

    @Label("Stack of the thread")
    String stack = "";

    @Label("Held for")
    @Timespan
    long held;

    static LoopStall begin(int loop, String culprit, String stack) {
        var event = new LoopStall();
        event.loop = loop;
        event.culprit = culprit;
        event.stack = stack;
        event.begin();
        return event;
    }

    /** The event's own duration counts from the report; this is about the whole of it. */
    void commit(long nanos) {
        held = nanos;
        commit();
    }
}

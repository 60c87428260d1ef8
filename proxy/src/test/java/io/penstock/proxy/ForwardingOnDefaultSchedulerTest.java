package io.penstock.proxy;

import io.penstock.net.LoopOptions.Scheduler;

/** The same where the loops carry no threads. */
class ForwardingOnDefaultSchedulerTest extends ForwardingTest {
    @Override
    Scheduler scheduler() {
        return Scheduler.DEFAULT;
    }
}

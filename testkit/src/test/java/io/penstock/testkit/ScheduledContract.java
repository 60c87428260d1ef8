package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.internal.NettyLoop;
import org.junit.jupiter.api.Test;

/**
 * The suite as it runs here: twice, on the loop's scheduler and on the default one.
 *
 * <p>The build names the scheduler it means to run on, so that it cannot run twice on the same one unnoticed.
 */
abstract class ScheduledContract extends ConnectionContract {
    @Test
    void theSchedulerIsTheOneThisRunIsFor() {
        String expected = System.getProperty("penstock.expectScheduler");
        assertThat(expected).as("-Dpenstock.expectScheduler").isIn("loop", "default");
        assertThat(loops().scheduler()).startsWith(expected);
    }

    @Test
    void waitingOnTheLoopItselfIsRefusedAndChangesNothing() throws Exception {
        Ends ends = open();
        var loop = (NettyLoop) ends.connection().loop();
        var waiting = Call.start(
                task -> {
                    loop.execute(task);
                    return Thread.currentThread();
                },
                () -> ends.connection().receive(5));
        assertThat(waiting.throwing(IllegalStateException.class)).hasMessageContaining("would block the event loop");
        ends.feed("hello", Cut.WHOLE);
        assertThat(ends.call(c -> c.receive(5)).value()).isEqualTo(Payload.bytes("hello"));
    }
}

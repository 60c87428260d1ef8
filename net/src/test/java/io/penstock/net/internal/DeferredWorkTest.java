package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import io.penstock.net.Logged;
import io.penstock.net.Loop;
import io.penstock.net.LoopOptions;
import io.penstock.net.LoopOptions.Scheduler;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Work for when the threads of a turn have had their turn, as the output of connections is. */
class DeferredWorkTest {
    @Test
    void workThatFailsTakesNoOthersWithIt() {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1).withScheduler(Scheduler.LOOP));
                var logged = Logged.by(Loop.class)) {
            var loop = (NettyLoop) loops.next();
            var done = new ArrayList<String>();
            Spawned.on(loop, () -> {
                        var last = new CountDownLatch(1);
                        loop.defer(() -> done.add("first"));
                        loop.defer(() -> {
                            throw new IllegalStateException("on purpose");
                        });
                        loop.defer(() -> {
                            done.add("second");
                            last.countDown();
                        });
                        last.await();
                        return null;
                    })
                    .value();
            assertThat(done).containsExactly("first", "second");
            Spawned.on(loop, () -> {
                        var last = new CountDownLatch(1);
                        loop.defer(last::countDown);
                        last.await();
                        return null;
                    })
                    .value();
            assertThat(logged.messages(Level.ERROR)).singleElement().asString().contains("failed");
        }
    }
}

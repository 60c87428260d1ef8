package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.Spawned;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The buffer that a loop lends to its connections, one after the other. */
class ScratchTest {
    @Test
    void whatOneConnectionHasLeftInItIsNotSentByTheNext() {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            var loop = (NettyLoop) loops.next();
            int left = Spawned.on(loop, () -> {
                        var seen = new CompletableFuture<Integer>();
                        loop.execute(() -> {
                            loop.scratch().writeInt(1); // and then it fails
                            seen.complete(loop.scratch().readableBytes());
                        });
                        return seen.get();
                    })
                    .value();
            assertThat(left).isZero();
        }
    }
}

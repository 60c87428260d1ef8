package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.penstock.net.Connection;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The check has to find what it is for, and nothing else. */
final class LeakCheckTest {
    @BeforeEach
    void forget() {
        LeakCheck.leaks();
    }

    private static void leak(ByteBuf buffer, String hint) {
        buffer.touch(hint);
    }

    @Test
    void aBufferThatIsDroppedIsFoundWithItsRecord() {
        leak(ByteBufAllocator.DEFAULT.directBuffer(10), "dropped on purpose");
        assertThat(LeakCheck.leaks()).singleElement().asString().contains("dropped on purpose");
        assertThat(LeakCheck.leaks()).isEmpty();
    }

    @Test
    void anUnpooledBufferIsFoundToo() {
        leak(Unpooled.directBuffer(10), "unpooled and dropped");
        assertThat(LeakCheck.leaks()).singleElement().asString().contains("unpooled and dropped");
    }

    @Test
    void aBufferThatIsReleasedOrStillHeldIsNoLeak() {
        ByteBufAllocator.DEFAULT.directBuffer(10).release();
        ByteBuf held = ByteBufAllocator.DEFAULT.directBuffer(10);
        assertThat(LeakCheck.leaks()).isEmpty();
        held.release();
    }

    @Test
    void aClassThatLeaksFails() {
        leak(ByteBufAllocator.DEFAULT.heapBuffer(10), "leaked by a class");
        LeakCheck check = LeakCheck.ofBuffers();
        assertThatThrownBy(() -> check.afterAll(null))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("leaked by a class");
    }

    @Test
    void connectionsThatAreLeftAreNamed() {
        try (var loops = Loops.open(LoopOptions.DEFAULT.withCount(1))) {
            var check = LeakCheck.of(loops);
            check.within(java.time.Duration.ofMillis(50));
            var pair = Connection.pair(loops.all().getFirst(), loops.all().getFirst());
            assertThatThrownBy(() -> check.afterEach(null))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("2 connections are left on loop 0");
            pair.first().abort();
            pair.second().abort();
            check.afterEach(null);
        }
    }
}

package io.penstock.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import io.penstock.net.event.Action;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is to be run at the end of a connection. */
class WhenClosedTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));
    private final Connection.Pair pair = Connection.pair(loops.next(), loops.next());
    private final StreamConnection connection = (StreamConnection) pair.first();
    private final List<Integer> ran = new ArrayList<>();

    @AfterEach
    void close() {
        pair.second().abort();
        connection.abort();
        loops.close(Duration.ofSeconds(5));
    }

    @Test
    void anyNumberOfThingsIsRunInTheirOrder() {
        int count = 100_000;
        for (int i = 0; i < count; i++) {
            int each = i;
            connection.whenClosed(() -> ran.add(each));
        }
        connection.abort();
        assertThat(ran).isEqualTo(IntStream.range(0, count).boxed().toList());
        connection.abort();
        assertThat(ran).hasSize(count);
    }

    @Test
    void whatIsTakenBackIsNotRun() {
        connection.whenClosed(() -> ran.add(1));
        Action second = connection.whenClosed(() -> ran.add(2));
        Action third = connection.whenClosed(() -> ran.add(3));
        assertThat(second.cancel()).isTrue();
        assertThat(second.cancel()).isFalse();
        connection.abort();
        assertThat(ran).containsExactly(1, 3);
        assertThat(third.cancel()).isFalse();
    }

    @Test
    void atAConnectionThatHasEndedItIsRunAtOnce() {
        connection.abort();
        Action late = connection.whenClosed(() -> ran.add(1));
        assertThat(ran).containsExactly(1);
        assertThat(late.cancel()).isFalse();
    }
}

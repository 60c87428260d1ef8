package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FailureLogTest {
    private final AtomicLong now = new AtomicLong(-5); // as nanoTime, it may be anything
    private final FailureLog failures = new FailureLog(LoggerFactory.getLogger("io.penstock.test"), now::get);

    private static PluginFailure failure(String plugin, String words) {
        return new PluginFailure(plugin, Hook.READ_REQUEST_HEAD, new IllegalStateException(words));
    }

    @Test
    void theFirstHasItsStackAndThoseLikeItAreCounted() {
        try (var captured = Captured.log()) {
            for (int i = 0; i < 1000; i++) failures.failed("transaction " + i, failure("careless", "number " + i));
            assertThat(captured.lines()).singleElement().asString().contains("transaction 0: ", "number 0");
            assertThat(captured.stacks()).isEqualTo(1);

            now.addAndGet(FailureLog.INTERVAL.toNanos());
            for (int i = 0; i < 10; i++) failures.failed("transaction 7", failure("careless", "again"));
            assertThat(captured.lines()).hasSize(2);
            assertThat(captured.lines().get(1)).contains("again (1000 of its kind since the last line;");
            assertThat(captured.stacks()).isEqualTo(1);

            now.addAndGet(FailureLog.STACK_INTERVAL.toNanos());
            failures.failed("transaction 8", failure("careless", "much later"));
            assertThat(captured.stacks()).isEqualTo(2);
            assertThat(captured.lines())
                    .last()
                    .asString()
                    .endsWith("much later (and 9 of its kind since the last line)");
        }
    }

    @Test
    void anotherPluginAndAnotherFailureAreOtherKinds() {
        try (var captured = Captured.log()) {
            failures.failed("transaction 1", failure("one", "x"));
            failures.failed("transaction 2", failure("two", "x"));
            failures.failed("transaction 3", new PluginFailure("two", Hook.READ_REQUEST_HEAD, new Error("x")));
            failures.failed("transaction 4", new PluginFailure("two", "its route", "did not answer"));
            assertThat(captured.stacks()).isEqualTo(4);
        }
    }

    @Test
    void thoseThatWereCountedLastAreToldAtTheEnd() {
        try (var captured = Captured.log()) {
            for (int i = 0; i < 5; i++) failures.failed("transaction " + i, failure("careless", "number " + i));
            failures.tellRest();
            failures.tellRest();
            assertThat(captured.lines()).hasSize(2);
            assertThat(captured.lines().get(1)).contains("4 more failures since the last line: plugin careless");
        }
    }
}

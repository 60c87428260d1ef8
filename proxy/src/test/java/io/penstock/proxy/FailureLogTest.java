package io.penstock.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.ConnectionException;
import io.penstock.net.ConnectionException.Reason;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class FailureLogTest {
    private final AtomicLong now = new AtomicLong(-5); // as nanoTime, it may be anything
    private final List<Runnable> later = new ArrayList<>();
    private final FailureLog failures =
            new FailureLog(LoggerFactory.getLogger("io.penstock.test"), now::get, later::add);

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
    void theStackIsThatOfWhatThePluginHasThrown() {
        try (var captured = Captured.log()) {
            failures.failed("transaction 1", failure("careless", "on purpose"));
            assertThat(captured.thrown())
                    .singleElement()
                    .asString()
                    .isEqualTo("java.lang.IllegalStateException: on purpose");
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

    @Test
    void whatWasCountedIsToldWithinAnIntervalThoughNoOtherFails() {
        try (var captured = Captured.log()) {
            for (int i = 0; i < 5; i++) failures.failed("transaction " + i, failure("careless", "number " + i));
            assertThat(later).as("however many there are").hasSize(1);
            later.removeFirst().run();
            assertThat(captured.lines()).last().asString().contains("4 more failures since the last line");
            failures.failed("transaction 5", failure("careless", "another"));
            assertThat(later).hasSize(1);
        }
    }

    @Test
    void whatAConnectionSaysIsTheKindAndNotTheLineItWasMadeIn() {
        var peer = new InetSocketAddress("127.0.0.1", 1);
        Function<Reason, PluginFailure> failing = reason -> new PluginFailure(
                "one", "its route /x", ConnectionException.of(reason, ConnectionException.Phase.READ, peer));
        assertThat(failing.apply(Reason.EOF).kind())
                .isEqualTo(failing.apply(Reason.EOF).kind())
                .isNotEqualTo(failing.apply(Reason.RESET).kind());
    }

    @Test
    void twoLinesOfAPluginThatFailInOneMethodOfAnotherAreTwoKinds() {
        var one = new IllegalStateException();
        var other = new IllegalStateException();
        var library = new StackTraceElement("java.util.Objects", "requireNonNull", "Objects.java", 1);
        one.setStackTrace(new StackTraceElement[] {library, new StackTraceElement("Mine", "at", "Mine.java", 7)});
        other.setStackTrace(new StackTraceElement[] {library, new StackTraceElement("Mine", "at", "Mine.java", 9)});
        assertThat(new PluginFailure("one", "here", one).kind())
                .endsWith("Mine.at(Mine.java:7)")
                .isNotEqualTo(new PluginFailure("one", "here", other).kind());
    }
}

package io.penstock.testkit.cosocket;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Loops;
import io.penstock.testkit.Cut;
import io.penstock.testkit.LeakCheck;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Upstream connections against OpenResty's cosockets: hand-written scripts, the same byte by byte, and random ones. */
class UpstreamDifferentialTest {
    @RegisterExtension
    static final LeakCheck LEAKS = LeakCheck.ofBuffers();

    private static final Loops LOOPS = Loops.open();
    private static Differential differential;

    static Stream<Script> written() {
        return Stream.of(
                        ReadingScripts.list(),
                        UntilScripts.list(),
                        EndingScripts.list(),
                        TimeoutScripts.list(),
                        BusyScripts.list(),
                        ConnectScripts.list(),
                        PoolScripts.list(),
                        DatagramScripts.list())
                .flatMap(scripts -> scripts.stream());
    }

    static Stream<Script> cut() {
        return UntilScripts.list().stream()
                .flatMap(script -> Stream.of(script.cut(Cut.BYTE_BY_BYTE), script.cut(Cut.random())));
    }

    static Stream<Script> random() {
        return RandomScripts.list(200).stream();
    }

    @BeforeAll
    static void open() throws Exception {
        LEAKS.watch(LOOPS);
        differential = Differential.open(LOOPS);
    }

    @AfterAll
    static void close() throws Exception {
        if (differential != null) differential.close();
        LOOPS.close();
    }

    @ParameterizedTest
    @MethodSource({"written", "cut", "random"})
    void weDoWhatThePeerDoesOrSayWhyNot(Script script) throws Exception {
        differential.check(script);
    }

    @Test
    void everyDifferenceThatIsListedShowsInSomeScript() {
        Stream<IntendedDifference> shown = written().flatMap(script -> script.differing().stream());
        assertThat(shown.distinct())
                .containsExactlyInAnyOrderElementsOf(Stream.of(IntendedDifference.values())
                        .filter(each -> !each.isDownstream())
                        .toList());
    }

    @Test
    void thereAreScriptsEnoughAndNoTwoOfOneName() {
        assertThat(written().map(Script::name)).hasSizeGreaterThan(150).doesNotHaveDuplicates();
    }
}

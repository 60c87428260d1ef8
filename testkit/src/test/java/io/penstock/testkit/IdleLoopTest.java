package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A connection whose peer is gone and whose owner has not looked yet is no work for its loop: the kernel tells of it once. */
@Timeout(60)
final class IdleLoopTest {
    private static final byte[] MUCH = new byte[16 << 20];

    /** What the peer does to a connection that has more to send than there is room for. */
    private enum Leaving {
        RESETS {
            @Override
            void by(Ends ends) throws Exception {
                ends.peer().reset();
            }
        },
        RESETS_HALF_CLOSED {
            @Override
            void by(Ends ends) throws Exception {
                ends.peer().halfClose();
                ends.peer().reset();
            }
        },
        CLOSES {
            @Override
            void by(Ends ends) throws Exception {
                ends.peer().send(new byte[10]);
                ends.peer().close();
            }
        };

        abstract void by(Ends ends) throws Exception;
    }

    static Stream<Object[]> cases() {
        return Stream.of(ConnectionKind.tcpAccepted(), ConnectionKind.unixAccepted())
                .flatMap(kind -> Arrays.stream(Leaving.values()).map(leaving -> new Object[] {kind, leaving}));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void isNotBusyWithAPeerThatIsGone(ConnectionKind kind, Leaving leaving) throws Exception {
        var options = LoopOptions.DEFAULT.withCount(1).withTransport(LoopOptions.Transport.EPOLL);
        try (var loops = Loops.open(options);
                Ends ends = kind.open(loops)) {
            var sending = ends.act(connection -> {
                connection.send(MUCH);
                connection.flush();
            });
            BackPressureContract.settled(() -> ends.connection().stats().sent());
            leaving.by(ends);
            Await.until("whoever sends is told", sending::isDone);
            long before = cpuOfLoops();
            long until = System.nanoTime() + Duration.ofMillis(400).toNanos();
            Await.until("a while has passed", () -> System.nanoTime() - until > 0);
            assertThat(Duration.ofNanos(cpuOfLoops() - before)).isLessThan(Duration.ofMillis(60));
        }
    }

    private static long cpuOfLoops() {
        var threads = ManagementFactory.getThreadMXBean();
        return Arrays.stream(threads.dumpAllThreads(false, false))
                .filter(each -> each.getThreadName().startsWith("penstock-loop"))
                .mapToLong(ThreadInfo::getThreadId)
                .map(threads::getThreadCpuTime)
                .sum();
    }
}

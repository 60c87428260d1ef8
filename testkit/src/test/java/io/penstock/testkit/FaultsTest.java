package io.penstock.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.net.Connection;
import io.penstock.net.ConnectionException.Reason;
import io.penstock.net.Connector;
import io.penstock.net.Listener;
import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault as the two sides see it, over both families, with an echoing server of ours. */
@Timeout(30)
final class FaultsTest {
    private final Loops loops = Loops.open(LoopOptions.DEFAULT.withCount(1));

    @AfterEach
    void end() {
        loops.close(Duration.ofSeconds(5));
    }

    private interface Script {
        void run(Faults faults, Connection client) throws Exception;
    }

    private void play(Family family, Script script) throws Exception {
        Listener.Handler echo = connection -> {
            while (true) connection.send(connection.receiveAny(10_000));
        };
        try (var listener = Listener.open(loops, family.unused(), echo);
                var faults = Faults.before(listener.address());
                var client = Connector.of(loops).connect(faults.address())) {
            client.timeouts(client.timeouts().withRead(Await.LIMIT));
            script.run(faults, client);
        }
    }

    private static Reason failing(Ends.Act act, Connection client) {
        return Call.onPlatformThread(() -> {
                    act.on(client);
                    return true;
                })
                .throwing(io.penstock.net.ConnectionException.class)
                .reason();
    }

    @ParameterizedTest
    @EnumSource
    void withoutAFaultEverythingPasses(Family family) throws Exception {
        play(family, (faults, client) -> {
            client.send("hello\n");
            assertThat(client.receiveLine()).isEqualTo("hello");
            for (var way : List.of(faults.toServer(), faults.toClient())) {
                Await.until("what has passed is counted", () -> way.passed() == 6);
            }
            assertThat(faults.connections()).isEqualTo(1);
            client.close();
            Await.until("the relayed connection has ended", () -> faults.connections() == 0);
        });
    }

    @ParameterizedTest
    @EnumSource
    void aStallLetsNothingPassUntilItEnds(Family family) throws Exception {
        play(family, (faults, client) -> {
            faults.toClient().stall();
            client.send("hello\n");
            client.timeouts(client.timeouts().withRead(Duration.ofMillis(200)));
            assertThat(failing(Connection::receiveLine, client)).isEqualTo(Reason.TIMEOUT);
            faults.toClient().resume();
            client.timeouts(client.timeouts().withRead(Await.LIMIT));
            assertThat(client.receiveLine()).isEqualTo("hello");
        });
    }

    @ParameterizedTest
    @EnumSource
    void aDelayHoldsEachPieceBack(Family family) throws Exception {
        play(family, (faults, client) -> {
            faults.toClient().pieces(2);
            faults.toClient().delay(Duration.ofMillis(100));
            long start = System.nanoTime();
            client.send("hello\n");
            assertThat(client.receiveLine()).isEqualTo("hello");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(300), Await.LIMIT);
            faults.toClient().clear();
            client.send("again\n");
            assertThat(client.receiveLine()).isEqualTo("again");
        });
    }

    @ParameterizedTest
    @EnumSource
    void theEndComesBehindTheLastByteThatPasses(Family family) throws Exception {
        play(family, (faults, client) -> {
            faults.toClient().endAfter(4);
            client.send("hello\n");
            assertThat(client.receiveAll()).isEqualTo(Payload.bytes("hell"));
        });
    }

    @ParameterizedTest
    @EnumSource
    void aResetComesBehindTheLastByteThatPasses(Family family) throws Exception {
        play(family, (faults, client) -> {
            faults.toServer().resetAfter(6);
            faults.toClient().stall();
            client.send("hello\nmore\n");
            // a UNIX socket knows no reset without unread input: the end will do
            assertThat(failing(Connection::receiveLine, client))
                    .isIn(family == Family.TCP ? new Reason[] {Reason.RESET} : new Reason[] {Reason.RESET, Reason.EOF});
            Await.until("the relayed connection has ended", () -> faults.connections() == 0);
        });
    }

    @ParameterizedTest
    @EnumSource
    void everyConnectionCanBeResetAtOnce(Family family) throws Exception {
        play(family, (faults, client) -> {
            client.send("hello\n");
            assertThat(client.receiveLine()).isEqualTo("hello");
            faults.reset();
            assertThat(failing(Connection::receiveLine, client))
                    .isIn(family == Family.TCP ? new Reason[] {Reason.RESET} : new Reason[] {Reason.RESET, Reason.EOF});
        });
    }
}

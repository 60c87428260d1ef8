package io.penstock.testkit;

import io.penstock.net.LoopOptions;
import io.penstock.net.Loops;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The conformance suite of connections: a kind is done when it passes.
 *
 * <p>{@snippet :
 * final class MyKindConformanceTest extends ConnectionContract {
 *     @Override
 *     public ConnectionKind kind() {
 *         return new MyKind();
 *     }
 * }
 * }
 *
 * <p>Its parts are the interfaces it implements. Each test opens connections of its own on the two loops of the class;
 * operations run on virtual threads of the connection's loop while the test's platform thread plays the peer. After each test
 * no connection may be left, after the last one no buffer may have leaked.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 60, unit = TimeUnit.SECONDS)
public abstract class ConnectionContract
        implements ReceivingContract,
                LinesContract,
                UntilContract,
                FramingContract,
                BufferingContract,
                TransferContract,
                SendingContract,
                FileContract,
                CorkContract,
                TimeoutContract,
                RulesContract,
                EndingContract,
                ConcurrencyContract,
                BackPressureContract,
                ConservationContract,
                IdentityContract,
                VioContract,
                VioEndingContract {
    private final List<Ends> opened = new ArrayList<>();

    @RegisterExtension
    final LeakCheck leaks = LeakCheck.ofBuffers();

    private final Loops loops = Loops.open(options());

    protected ConnectionContract() {
        leaks.watch(loops);
    }

    /** How to run the loops: two of them, everything else as by default. */
    protected LoopOptions options() {
        return LoopOptions.DEFAULT.withCount(2);
    }

    /** The loops of this class. */
    protected final Loops loops() {
        return loops;
    }

    @Override
    public final Ends open() throws Exception {
        Ends ends = kind().open(loops);
        opened.add(ends);
        return ends;
    }

    @AfterEach
    final void endConnections() throws IOException {
        for (Ends ends : opened) ends.close();
        opened.clear();
    }

    @AfterAll
    final void endLoops() {
        if (!loops.close(Duration.ofSeconds(5))) throw new AssertionError("something was left running on the loops");
    }
}

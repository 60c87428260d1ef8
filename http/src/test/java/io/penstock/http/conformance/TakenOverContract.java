package io.penstock.http.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.ConnectionContract;
import io.penstock.testkit.ConnectionKind;
import org.junit.jupiter.api.Test;

/** The conformance suite over connections that were taken over, on the scheduler that this run is for. */
abstract class TakenOverContract extends ConnectionContract {
    private final ConnectionKind kind;

    TakenOverContract(ConnectionKind kind) {
        this.kind = kind;
    }

    @Override
    public final ConnectionKind kind() {
        return kind;
    }

    @Test
    void theSchedulerIsTheOneThisRunIsFor() {
        String expected = System.getProperty("penstock.expectScheduler");
        assertThat(expected).as("-Dpenstock.expectScheduler").isIn("loop", "default");
        assertThat(loops().scheduler()).startsWith(expected);
    }
}

package io.penstock.testkit;

/** The conformance suite over in-memory pairs. */
final class PairConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.pair();
    }
}

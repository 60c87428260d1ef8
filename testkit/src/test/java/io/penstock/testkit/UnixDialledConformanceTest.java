package io.penstock.testkit;

/** The conformance suite over UNIX streams that a connector dialled. */
final class UnixDialledConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.unixDialled();
    }
}

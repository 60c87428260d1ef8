package io.penstock.testkit;

/** The conformance suite over UNIX streams that a listener accepted. */
final class UnixAcceptedConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.unixAccepted();
    }
}

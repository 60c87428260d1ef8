package io.penstock.testkit;

/** The conformance suite over TCP connections that a listener accepted. */
final class TcpAcceptedConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.tcpAccepted();
    }
}

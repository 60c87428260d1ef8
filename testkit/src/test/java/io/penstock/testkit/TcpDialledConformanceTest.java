package io.penstock.testkit;

/** The conformance suite over TCP connections that a connector dialled. */
final class TcpDialledConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.tcpDialled();
    }
}

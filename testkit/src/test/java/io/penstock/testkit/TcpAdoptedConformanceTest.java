package io.penstock.testkit;

import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The conformance suite over TCP connections that were adopted by their descriptors. */
@EnabledOnOs(OS.LINUX)
final class TcpAdoptedConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return ConnectionKind.tcpAdopted();
    }
}

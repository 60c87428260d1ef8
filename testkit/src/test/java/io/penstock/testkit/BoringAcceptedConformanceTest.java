package io.penstock.testkit;

import io.penstock.net.Connection.Origin;
import io.penstock.net.TlsEngine;

/** The conformance suite over accepted connections that BoringSSL has secured. */
final class BoringAcceptedConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return new TlsKind(Origin.ACCEPTED, TlsEngine.BORINGSSL);
    }
}

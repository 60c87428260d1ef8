package io.penstock.testkit;

import io.penstock.net.Connection.Origin;
import io.penstock.net.TlsEngine;

/** The conformance suite over dialled connections that BoringSSL has secured. */
final class BoringDialledConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return new TlsKind(Origin.DIALLED, TlsEngine.BORINGSSL);
    }
}

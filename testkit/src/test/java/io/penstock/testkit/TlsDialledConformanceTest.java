package io.penstock.testkit;

import io.penstock.net.Connection.Origin;
import io.penstock.net.TlsEngine;

/** The conformance suite over dialled connections that the JDK's engine has secured. */
final class TlsDialledConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return new TlsKind(Origin.DIALLED, TlsEngine.JDK);
    }
}

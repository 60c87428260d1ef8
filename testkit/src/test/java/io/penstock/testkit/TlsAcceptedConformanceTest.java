package io.penstock.testkit;

import io.penstock.net.Connection.Origin;
import io.penstock.net.TlsEngine;

/** The conformance suite over accepted connections that the JDK's engine has secured. */
final class TlsAcceptedConformanceTest extends ScheduledContract {
    @Override
    public ConnectionKind kind() {
        return new TlsKind(Origin.ACCEPTED, TlsEngine.JDK);
    }
}

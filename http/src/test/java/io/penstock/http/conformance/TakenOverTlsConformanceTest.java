package io.penstock.http.conformance;

import io.penstock.net.TlsEngine;

/** The conformance suite over connections secured by the JDK's engine that were taken over with more than the head of a request received. */
final class TakenOverTlsConformanceTest extends TakenOverContract {
    TakenOverTlsConformanceTest() {
        super(new TakenOverKind(TlsEngine.JDK, "early"));
    }
}

package io.penstock.http.conformance;

import io.penstock.net.TlsEngine;

/** The conformance suite over connections secured by the JDK's engine that a client has taken over, with more than the head of the answer received. */
final class TakenOverAsClientTlsConformanceTest extends TakenOverContract {
    TakenOverAsClientTlsConformanceTest() {
        super(new TakenOverAsClientKind(TlsEngine.JDK, "behind"));
    }
}

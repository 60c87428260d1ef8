package io.penstock.http.conformance;

import io.penstock.net.TlsEngine;

/** The conformance suite over connections secured by BoringSSL that were taken over with more than the head of a request received. */
final class TakenOverBoringConformanceTest extends TakenOverContract {
    TakenOverBoringConformanceTest() {
        super(new TakenOverKind(TlsEngine.BORINGSSL, "early"));
    }
}

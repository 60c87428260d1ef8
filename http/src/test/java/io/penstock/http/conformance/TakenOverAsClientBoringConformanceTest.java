package io.penstock.http.conformance;

import io.penstock.net.TlsEngine;

/** The conformance suite over connections secured by BoringSSL that a client has taken over. */
final class TakenOverAsClientBoringConformanceTest extends TakenOverContract {
    TakenOverAsClientBoringConformanceTest() {
        super(new TakenOverAsClientKind(TlsEngine.BORINGSSL, ""));
    }
}

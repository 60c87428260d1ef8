package io.penstock.http.conformance;

/** The conformance suite over TCP connections that were taken over. */
final class TakenOverTcpConformanceTest extends TakenOverContract {
    TakenOverTcpConformanceTest() {
        super(new TakenOverKind(null, ""));
    }
}

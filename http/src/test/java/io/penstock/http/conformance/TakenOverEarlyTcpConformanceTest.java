package io.penstock.http.conformance;

/** The conformance suite over TCP connections that were taken over with more than the head of a request received. */
final class TakenOverEarlyTcpConformanceTest extends TakenOverContract {
    TakenOverEarlyTcpConformanceTest() {
        super(new TakenOverKind(null, "early"));
    }
}

package io.penstock.http.conformance;

/** The conformance suite over TCP connections that a client has taken over, with more than the head of the answer received. */
final class TakenOverAsClientTcpConformanceTest extends TakenOverContract {
    TakenOverAsClientTcpConformanceTest() {
        super(new TakenOverAsClientKind(null, "behind"));
    }
}

/** The conformance suite every connection kind must pass, and faults to inject. */
module io.penstock.testkit {
    requires static org.jspecify;
    requires transitive io.penstock.net;
    requires transitive org.junit.jupiter.api;
    requires transitive org.junit.jupiter.params;
    requires transitive org.assertj.core;
    requires transitive awaitility;
    requires org.slf4j;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;

    exports io.penstock.testkit;
    exports io.penstock.testkit.cosocket;
}

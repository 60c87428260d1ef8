/** The program: command line, configuration, plugins, access log, metrics, administration. */
module io.penstock.server {
    requires static org.jspecify;
    requires transitive io.penstock.proxy;
    requires org.slf4j;
    requires ch.qos.logback.classic;
    requires ch.qos.logback.core;
    requires org.snakeyaml.engine;
    requires io.prometheus.metrics.core;
    requires io.prometheus.metrics.model;
    requires io.prometheus.writer.text;
    requires io.prometheus.metrics.instrumentation.jvm;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;
    requires java.compiler;
    requires java.logging;
    requires java.management;
    requires jdk.jfr;
    requires jdk.management;
    requires jdk.unsupported;

    exports io.penstock.server;

    provides ch.qos.logback.classic.spi.Configurator with
            io.penstock.server.LogSetup;
}

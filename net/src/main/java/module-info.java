/** Event loops that run virtual threads, and the connection contract over every kind of byte stream. */
@SuppressWarnings("module")
module io.penstock.net {
    requires static org.jspecify;
    requires org.slf4j;
    requires jdk.jfr;
    requires jdk.net;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.codec.dns;
    requires io.netty.handler;
    requires io.netty.tcnative.classes.openssl;
    requires io.netty.resolver;
    requires io.netty.resolver.dns;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires static io.netty.transport.classes.io_uring;

    exports io.penstock.net;
    exports io.penstock.net.client;
    exports io.penstock.net.event;
    exports io.penstock.net.internal to
            io.penstock.http,
            io.penstock.proxy,
            io.penstock.server,
            io.penstock.testkit;
}

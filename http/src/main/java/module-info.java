/** HTTP/1.1 servers and clients as straight-line code over connections. */
@SuppressWarnings("module")
module io.penstock.http {
    requires static org.jspecify;
    requires transitive io.penstock.net;
    requires org.slf4j;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;

    exports io.penstock.http;
    exports io.penstock.http.websocket;
    exports io.penstock.http.internal to
            io.penstock.proxy,
            io.penstock.server;
}

/** Transactions, hooks, routes and upstreams. */
module io.penstock.proxy {
    requires static org.jspecify;
    requires transitive io.penstock.http;
    requires org.slf4j;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;

    exports io.penstock.proxy;
}

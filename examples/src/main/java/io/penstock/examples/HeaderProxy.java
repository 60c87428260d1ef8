package io.penstock.examples;

import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import io.penstock.proxy.Hook;
import io.penstock.proxy.PluginContext;
import io.penstock.proxy.Proxy;
import io.penstock.proxy.Route;
import io.penstock.proxy.Upstream;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * A reverse proxy that gives every request a number, which the origin and the client both see.
 *
 * <p>Shows: a route to an upstream, hooks in blocking style, editing the heads of a request and of its answer.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/HeaderProxy.java 8080 9000
 * curl -i http://127.0.0.1:8080/
 * </pre>
 */
public final class HeaderProxy {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: HeaderProxy PORT ORIGIN_PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        var origin = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));
        try (var loops = Loops.open();
                var web = Upstream.of("web", loops, List.of(origin));
                var proxy = Proxy.of(loops, List.of(Route.to(null, "/", web)))) {
            proxy.start("numbers", HeaderProxy::number);
            try (var server = HttpServer.listen(loops, address, proxy)) {
                System.out.println("proxying on " + server.address());
                server.join();
            }
        }
    }

    /** This is a whole plugin: it registers what is to happen at two points of every transaction. */
    private static void number(PluginContext penstock) {
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            transaction.request().headers().set("X-Request-Number", Long.toString(transaction.id()));
        });
        penstock.on(Hook.SEND_RESPONSE_HEAD, transaction -> {
            transaction.response().headers().set("X-Request-Number", Long.toString(transaction.id()));
        });
    }

    private HeaderProxy() {}
}

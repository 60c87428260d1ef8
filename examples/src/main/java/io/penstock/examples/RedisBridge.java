package io.penstock.examples;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.Headers;
import io.penstock.http.HttpServer;
import io.penstock.http.ResponseHead;
import io.penstock.net.Connection;
import io.penstock.net.ConnectionException;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Relay;
import java.net.InetSocketAddress;

/**
 * A bridge from HTTP to Redis: a client that upgrades {@code GET /3} to {@code redis} talks to database 3, as if it had connected to Redis itself.
 *
 * <p>Shows: speaking the first lines of the other protocol while an HTTP answer is still possible; {@code upgrade}; a relay for the rest.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/RedisBridge.java 8080 6379
 * (printf 'GET /3 HTTP/1.1\r\nHost: bridge\r\nConnection: Upgrade\r\nUpgrade: redis\r\n\r\n'; cat) | curl -N telnet://127.0.0.1:8080
 * </pre>
 */
public record RedisBridge(Connector connector, InetSocketAddress redis) implements Handler {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: RedisBridge PORT REDIS_PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        var redis = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, address, new RedisBridge(Connector.of(loops), redis))) {
            System.out.println("bridging to Redis on " + server.address());
            server.join();
        }
    }

    @Override
    public void handle(Exchange exchange) throws ConnectionException {
        if (!exchange.request().offers("redis")) {
            exchange.respond(ResponseHead.of(426, Headers.of("Upgrade", "redis")), new byte[0]);
            return;
        }
        String database = exchange.request().path().substring(1);
        if (!database.matches("\\d{1,5}")) {
            exchange.respond(404, "the path is the number of a database\n");
            return;
        }
        Connection server;
        try {
            server = connector.connect(redis);
            server.send("SELECT " + database + "\r\n");
            String answer = server.receiveLine();
            if (!answer.equals("+OK")) {
                server.close();
                exchange.respond(404, answer + "\n");
                return;
            }
        } catch (ConnectionException e) {
            exchange.respond(502, e.text() + "\n");
            return;
        }
        Relay.between(exchange.upgrade("redis", Headers.of()), server);
    }
}

package io.penstock.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.Loops;
import io.penstock.net.Pool;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * An HTTP server that asks Redis over pooled connections: {@code GET /name} answers the value of the key {@code name}. Shows an
 * HTTP handler, a pool, a small protocol spoken by hand, and who ends a connection when something fails.
 *
 * <pre>
 * java @examples/java.args examples/src/main/java/io/penstock/examples/RedisHandler.java 8080 6379
 * redis-cli set greeting hello; curl http://127.0.0.1:8080/greeting
 * </pre>
 */
public record RedisHandler(Pool pool, InetSocketAddress redis) implements Handler {
    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: RedisHandler PORT REDIS_PORT");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        var redis = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[1]));
        try (var loops = Loops.open();
                var pool = Pool.of(Connector.of(loops));
                var server = HttpServer.listen(loops, address, new RedisHandler(pool, redis))) {
            System.out.println("answering from Redis on " + server.address());
            server.join();
        }
    }

    @Override
    public void handle(Exchange exchange) throws IOException {
        Optional<String> value = get(exchange.request().path().substring(1));
        exchange.respond(value.isPresent() ? 200 : 404, value.orElse("no such key") + "\n");
    }

    private Optional<String> get(String key) throws IOException {
        Connection connection = pool.connect(redis);
        try {
            connection.send("*2\r\n$3\r\nGET\r\n$" + key.getBytes(UTF_8).length + "\r\n" + key + "\r\n");
            String head = connection.receiveLine(); // "$5" before a value of 5 bytes, "$-1" when there is none
            if (!head.startsWith("$")) throw new IOException("Redis said: " + head);
            int size = Integer.parseInt(head.substring(1));
            byte[] value = connection.receive(size < 0 ? 0 : size + 2); // with its CR LF
            connection.release();
            return size < 0 ? Optional.empty() : Optional.of(new String(value, 0, size, UTF_8));
        } catch (IOException e) {
            connection.abort(); // where it is in the protocol is unknown: not for the pool
            throw e;
        }
    }
}

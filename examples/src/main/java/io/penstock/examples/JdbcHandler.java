package io.penstock.examples;

import io.penstock.http.Exchange;
import io.penstock.http.Handler;
import io.penstock.http.HttpServer;
import io.penstock.net.Loops;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;

/**
 * An HTTP server that asks a database through JDBC, in the handler: {@code GET /name} greets. The driver is unmodified; its sockets are
 * connections of the loop, so that a query parks the handler and nothing else. Shows {@code LoopSocketFactory}, and that a semaphore of the
 * JDK will do to bound the number of connections.
 *
 * <pre>{@code
 * java @examples/java.args -cp "server/target/dist/lib/*:postgresql.jar" examples/src/main/java/io/penstock/examples/JdbcHandler.java 8080 \
 *     "jdbc:postgresql://127.0.0.1/postgres?user=postgres&socketFactory=io.penstock.net.LoopSocketFactory"
 * curl http://127.0.0.1:8080/world
 * }</pre>
 */
public final class JdbcHandler implements Handler {
    private static final int MOST = 20;

    private final String url;
    private final Semaphore permits = new Semaphore(MOST);
    private final Queue<Connection> idle = new ConcurrentLinkedQueue<>();

    public JdbcHandler(String url) {
        this.url = url;
    }

    public static void main(String... arguments) throws Exception {
        if (arguments.length != 2) {
            System.err.println("usage: JdbcHandler PORT JDBC-URL");
            System.exit(2);
        }
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0]));
        try (var loops = Loops.open();
                var server = HttpServer.listen(loops, address, new JdbcHandler(arguments[1]))) {
            System.out.println("answering from a database on " + server.address());
            server.join();
        }
    }

    @Override
    public void handle(Exchange exchange) throws Exception {
        permits.acquire();
        try {
            exchange.respond(200, greeting(exchange.request().path().substring(1)) + "\n");
        } finally {
            permits.release();
        }
    }

    private String greeting(String name) throws SQLException {
        Connection kept = idle.poll();
        Connection database = kept != null ? kept : DriverManager.getConnection(url);
        try {
            String greeting = greeting(database, name);
            idle.add(database); // behind its statement, which the next user would find open
            return greeting;
        } catch (SQLException e) {
            database.close(); // where it is in the protocol is unknown
            throw e;
        }
    }

    private static String greeting(Connection database, String name) throws SQLException {
        try (var query = database.prepareStatement("select 'hello, ' || ?")) {
            query.setString(1, name);
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getString(1);
            }
        }
    }
}

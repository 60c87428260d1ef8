import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.net.PoolOptions;
import io.penstock.net.Timeouts;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A handler that asks Redis through a pooled connection, the exchange a Redis client makes for GET. */
public final class Redis implements Plugin {
    private static final SocketAddress ADDRESS = new InetSocketAddress("127.0.0.1", @REDIS@);
    private static final Duration SECOND = Duration.ofSeconds(1);

    private Pool pool;

    @Override
    public void start(PluginContext penstock) {
        Connector connector = Connector.of(penstock.loops(), Timeouts.of(SECOND, SECOND, SECOND));
        pool = Pool.of(connector, PoolOptions.DEFAULT.withIdle(128));
        penstock.route("/", exchange -> exchange.respond(200, get()));
    }

    @Override
    public void stop() {
        pool.close();
    }

    private String get() throws IOException {
        Connection redis = pool.connect(ADDRESS);
        try {
            redis.send("*2\r\n$3\r\nGET\r\n$8\r\ngreeting\r\n");
            String head = redis.receiveLine();
            if (!head.startsWith("$")) {
                throw new IOException("unexpected reply: " + head);
            }
            byte[] value = redis.receive(Integer.parseInt(head, 1, head.length(), 10));
            redis.receive(2);
            redis.release(KeepAlive.DEFAULT);
            return new String(value, StandardCharsets.UTF_8);
        } catch (IOException e) {
            redis.abort();
            throw e;
        }
    }
}

import io.penstock.net.Connection;
import io.penstock.net.Pool;
import io.penstock.proxy.Hook;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import io.penstock.proxy.Session;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * Refuses clients whose address is in the set {@code blocked} of a Redis on this machine ({@code redis-cli sadd blocked
 * 127.0.0.1}). Another port than 6379: {@code PENSTOCK_JAVA_OPTS=-Dredis.port=6380}.
 */
public final class RedisGuard implements Plugin {
    private final InetSocketAddress redis = new InetSocketAddress("127.0.0.1", Integer.getInteger("redis.port", 6379));

    @Override
    public void start(PluginContext penstock) {
        Pool pool = penstock.pool();
        penstock.on(Hook.READ_REQUEST_HEAD, transaction -> {
            if (isBlocked(pool, transaction.session())) transaction.respond(403, "you are blocked\n");
        });
    }

    /** Asks Redis on the way: only this client waits, the loop goes on. What fails here is answered 500. */
    private boolean isBlocked(Pool pool, Session session) throws IOException {
        if (!(session.remoteAddress() instanceof InetSocketAddress client)) return false;
        Connection connection = pool.connect(redis);
        try {
            connection.send("SISMEMBER blocked " + client.getAddress().getHostAddress() + "\r\n");
            String answer = connection.receiveLine();
            connection.release();
            return switch (answer) {
                case ":1" -> true;
                case ":0" -> false;
                default -> throw new IOException("Redis does not answer the question: " + answer);
            };
        } catch (IOException e) {
            connection.abort();
            throw e;
        }
    }
}

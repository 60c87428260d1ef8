import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** Takes a connection out of the pool and gives it back, @OPERATIONS@ times, without using it. */
public final class Cycle implements Plugin {
    private static final SocketAddress ADDRESS = new InetSocketAddress("127.0.0.1", @REDIS@);

    private Pool pool;

    @Override
    public void start(PluginContext penstock) {
        pool = Pool.of(Connector.of(penstock.loops()));
        penstock.route("/", exchange -> {
            for (int i = 0; i < @OPERATIONS@; i++) pool.connect(ADDRESS).release(KeepAlive.DEFAULT);
            exchange.respond(200, "done\n");
        });
    }

    @Override
    public void stop() {
        pool.close();
    }
}

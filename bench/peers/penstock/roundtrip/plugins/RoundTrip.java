import io.penstock.net.Connection;
import io.penstock.net.Connector;
import io.penstock.net.KeepAlive;
import io.penstock.net.Pool;
import io.penstock.proxy.Plugin;
import io.penstock.proxy.PluginContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Five bytes to the peer and seven back, @OPERATIONS@ times, on one pooled connection. */
public final class RoundTrip implements Plugin {
    private static final SocketAddress ADDRESS = new InetSocketAddress("127.0.0.1", @REDIS@);
    private static final byte[] PONG = "+PONG\r\n".getBytes(StandardCharsets.US_ASCII);

    private Pool pool;

    @Override
    public void start(PluginContext penstock) {
        pool = Pool.of(Connector.of(penstock.loops()));
        penstock.route("/", exchange -> {
            talk();
            exchange.respond(200, "done\n");
        });
    }

    @Override
    public void stop() {
        pool.close();
    }

    private void talk() throws IOException {
        Connection peer = pool.connect(ADDRESS);
        try {
            for (int i = 0; i < @OPERATIONS@; i++) {
                peer.send("PING\n");
                if (!Arrays.equals(peer.receive(7), PONG)) throw new IOException("not a pong");
            }
            peer.release(KeepAlive.DEFAULT);
        } catch (IOException e) {
            peer.abort();
            throw e;
        }
    }
}
